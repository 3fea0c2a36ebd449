"""Recordings of one name, read as one run: which of them count, their plans as one, their events with places of their own.

A recording is a run's folder with one trial, `results/NAME/STAMP`. In the group the i-th that counts has stack i and worker i; its
sessions are its own. Folders that are no recordings are passed over; recordings that cannot be read are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from dlbench.errors import DlbenchError, UsageError
from dlbench.files import is_file, is_folder
from dlbench.plan import Candidate, Plan, Trial
from dlbench.plan.questions import Questions
from dlbench.run.folder import RunFolder, age, find_run, find_runs, folder_name, runs_of_name
from dlbench.run.glance import glance
from dlbench.run.group_settings import told_settings
from dlbench.run.repeats import place_of, repeats, to_come

Slot: TypeAlias = tuple[str, int] | str
"""What one trial of a group is: a variant with a seed, or a recording without a seed, by its folder's name."""


@dataclass(frozen=True)
class GroupMember:
    """One folder with the plan that it has."""

    folder: RunFolder
    plan: Plan

    @property
    def trial(self) -> Trial:
        """Its one trial."""
        return self.plan.trials[0]

    @property
    def slot(self) -> Slot:
        """Its place in the group, which a later one of the same variant and seed shares."""
        return (self.trial.variant, self.trial.seed) if self.trial.is_seeded else self.folder.path.name

    @property
    def is_done(self) -> bool:
        """Whether it has told that it came to its end."""
        try:
            return any(glance(path).stack_ends.get(0) == "done" for _, _, path in self.folder.events_files())
        except DlbenchError:
            return False


@dataclass(frozen=True)
class RecordingGroup(RunFolder):
    """All recordings of a name: `path` is the folder that holds theirs. Those in `members` count, a stack each."""

    members: tuple[GroupMember, ...] = ()
    notes: tuple[str, ...] = ()
    """What must be said of the others."""
    recordings: tuple[str, ...] = ()
    """The names of all their folders."""
    found: tuple[str, ...] = ()
    """The names of all folders that were looked at: where they are others, the group is to be made anew."""

    @property
    def recipe(self) -> str:
        """The name that the recordings share."""
        return self.path.resolve().name

    @property
    def name(self) -> str:
        """The group as people name it."""
        return self.recipe

    @property
    def env_file(self) -> Path:
        """What the newest recording ran on."""
        return max((one.folder for one in self.members), key=age).env_file

    def read_plan(self) -> Plan:
        """The plans of the members as one: their variants are the candidates, the newest's questions are asked."""
        candidates = self._candidates()
        places = {variant: place for place, variant in enumerate(candidates)}
        trials: list[Trial] = []
        for one in self.members:
            trials.append(self._trial(one.trial, places[one.trial.variant], trials))
        stacks = [replace(one.plan.stacks[0], trials=[index]) for index, one in enumerate(self.members)]
        return Plan(
            self.recipe, list(candidates.values()), trials, stacks, [], questions=self._questions, recorded=True
        )

    def _candidates(self) -> dict[str, Candidate]:
        """The variants in the order in which they were begun; of those that a repeat began at once, in its own order."""
        first: dict[str, GroupMember] = {}
        for one in self.members:
            first.setdefault(one.trial.variant, one)
        places = {variant: place_of(one.folder) for variant, one in first.items()} if len(first) > 1 else {}
        told = {variant: place for variant, place in places.items() if place is not None}
        order = sorted(first, key=told.__getitem__) if len(told) == len(first) else first
        return {variant: first[variant].plan.candidates[0] for variant in order}

    @staticmethod
    def _trial(trial: Trial, candidate: int, before: list[Trial]) -> Trial:
        """The trial in its place; of those without a seed each has a negative number of its own."""
        if trial.is_seeded:
            return replace(trial, candidate=candidate)
        number = 1 + sum(not one.is_seeded for one in before)
        return replace(trial, id=f"{trial.id}-{number}", seed=-number, candidate=candidate)

    @property
    def _questions(self) -> Questions:
        newest = max(self.members, key=lambda one: age(one.folder))
        return newest.plan.questions or Questions()

    def events_files(self) -> list[tuple[int, int, Path]]:
        """The event files of all members, each under the worker that it is in the group."""
        return [
            (session, index, path)
            for index, one in enumerate(self.members)
            for session, _, path in one.folder.events_files()
        ]


# --- which recordings there are -------------------------------------------------------------------------------------


def is_recorded(folder: RunFolder) -> bool:
    """Whether a run is a recording; one whose plan cannot be read is none. A recipe's run is told without reading its plan."""
    if is_file(folder.recipe_file):
        return False
    try:
        return folder.read_plan().recorded
    except DlbenchError:
        return False


def group_in(path: Path) -> RecordingGroup | None:
    """The group of the recordings in a folder such as `results/mine`; `None` where none of its folders is one."""
    folders = runs_of_name(path)
    recordings, damaged, others = _read(folders)
    if not recordings:
        return None
    slots: dict[Slot, list[GroupMember]] = {}
    for one in recordings:
        slots.setdefault(one.slot, []).append(one)
    members = tuple(map(_counting, slots.values()))
    notes = (
        *_told_twice(slots, members),
        *told_settings((one.trial.variant, one.plan.candidates[0].settings) for one in members),
        *damaged,
        *_told_others(path.name, others),
    )
    names = [tuple(one.path.name for one in own) for own in ([one.folder for one in recordings], folders)]
    return RecordingGroup(path, members, notes, *names)


def _read(folders: Iterable[RunFolder]) -> tuple[list[GroupMember], list[str], list[RunFolder]]:
    """The recordings among runs, what is said of those that are damaged, and the runs of recipes."""
    recordings, damaged, others = [], [], []
    for folder in folders:
        if is_file(folder.recipe_file):
            others.append(folder)
            continue
        try:
            plan = folder.read_plan()
        except DlbenchError as error:
            damaged.append(f"{folder.path.name} is left out: {error}")
            continue
        if not plan.recorded:
            others.append(folder)
        elif len(plan.trials) == len(plan.stacks) == len(plan.candidates) == 1 and plan.stacks[0].trials == [0]:
            recordings.append(GroupMember(folder, plan))
        else:
            damaged.append(
                f"{folder.path.name} is left out: a recording has one trial, and this has {len(plan.trials)}"
            )
    return recordings, damaged, others


def _counting(recordings: list[GroupMember]) -> GroupMember:
    """Of the recordings of one trial the newest that has come to its end, else the newest."""
    if len(recordings) == 1:
        return recordings[0]
    return next((one for one in reversed(recordings) if one.is_done), recordings[-1])


def _told_twice(slots: dict[Slot, list[GroupMember]], members: Iterable[GroupMember]) -> Iterator[str]:
    for own, counts in zip(slots.values(), members, strict=True):
        if len(own) > 1:
            others = [one.folder.path.name for one in own if one is not counts]
            why = "the newest that is finished" if counts.is_done else "the newest"
            yield (
                f"{counts.trial.variant}, seed {counts.trial.seed} was recorded {len(own)} times: "
                f"{counts.folder.path.name}, {why}, counts, and {', '.join(others)} "
                f"{'does' if len(others) == 1 else 'do'} not"
            )


def _told_others(name: str, others: list[RunFolder]) -> Iterator[str]:
    if others:
        these = f"{len(others)} runs" if len(others) > 1 else "a run"
        yield f"{these} of a recipe called {name} stand beside these recordings: {', '.join(one.name for one in others[-3:])}"


def notes_of_group(group: RecordingGroup) -> Iterator[str]:
    """What must be said of a group's recordings, and of those that are still to come."""
    yield from group.notes
    if coming := to_come(group.path):
        yield f"`dlbench repeat` is at work on this: {coming} more trial{' is' if coming == 1 else 's are'} to come"


def recordings_in(folder: RunFolder | None) -> tuple[str, ...]:
    """The name of the folder of each stack's recording, in a group; none in any other run."""
    return tuple(one.folder.path.name for one in folder.members) if isinstance(folder, RecordingGroup) else ()


def regrouped(group: RecordingGroup) -> RecordingGroup | None:
    """The group as it is now, if its members are others than they were: one has joined it, or is the newest that is finished."""
    folders = {one.path.name for one in runs_of_name(group.path)}
    if folders == set(group.found) and len(group.members) == len(group.recordings):
        return None
    now = group_in(group.path)
    return None if now is None or recordings_in(now) == recordings_in(group) else now


# --- finding ----------------------------------------------------------------------------------------------------------


def find_shown(base: Path, text: str) -> RunFolder:
    """The run that `text` names, as `find_run` has it; a name whose newest run is a recording, or its folder, is the whole group.

    `NAME/STAMP` is one recording. Raises UsageError where nothing, or more than one run, is meant.
    """
    if text and is_folder(Path(text)) and isinstance(group := shown_in(Path(text)), RecordingGroup):
        return group
    try:
        found = find_run(base, text)
    except UsageError:
        _refuse_too_early(base, text)
        raise
    return whole(found) if text in ("latest", found.recipe) else found


def _refuse_too_early(base: Path, text: str) -> None:
    """Raise UsageError where a repeat has begun what is looked for, and nothing of it is recorded yet."""
    place = Path(text) if is_folder(Path(text)) else base / folder_name(text)
    if text and (begun := repeats(place)):
        raise UsageError(
            f"{place.name}: `dlbench repeat` has begun {sum(one.trials for one in begun):,} trials, and none of them has "
            "recorded anything yet; look again in a moment"
        )


def shown_in(path: Path) -> RunFolder:
    """The run, or the group of recordings, whose folder this is."""
    return RunFolder(path) if is_file(path / "plan.json") else group_in(path) or RunFolder(path)


def whole(run: RunFolder) -> RunFolder:
    """The group that a recording belongs to, or that a damaged folder stands among; any other run is itself."""
    if is_file(run.recipe_file):
        return run
    try:
        if not run.read_plan().recorded:
            return run
    except DlbenchError:
        pass  # the group tells of it
    return group_in(run.path.parent) or run


def shown_runs(base: Path) -> list[RunFolder]:
    """Every run under `base`, newest first, the recordings of a name as one entry where its newest stands."""
    result: list[RunFolder] = []
    groups: set[Path] = set()
    for run in find_runs(base):
        if not is_recorded(run):
            result.append(run)
        elif run.path.parent not in groups and (group := group_in(run.path.parent)) is not None:
            groups.add(run.path.parent)
            result.append(group)
    return result
