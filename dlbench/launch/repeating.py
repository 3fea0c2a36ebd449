"""Trials of somebody's own command as processes, so many at once; what they recorded says which of them are done."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from dlbench.errors import DlbenchError, SetupError
from dlbench.files import is_file, names_of
from dlbench.launch.children import Child, end
from dlbench.launch.local import child_environment
from dlbench.launch.status import State, is_under_way, last_lines, status
from dlbench.plan.devices import cores, find_devices
from dlbench.plan.recorded import VARIABLES
from dlbench.plan.repeated import RepeatedTrial
from dlbench.run.atomic import writing
from dlbench.run.folder import RunFolder, folder_name, read_json, runs_of_name
from dlbench.run.group import group_in
from dlbench.run.repeats import RepeatFile

GRACE_SECONDS = 5.0
"""How long a trial may take to end after SIGINT."""

LAST_LINES = 8
"""Of a failed trial's log that are told."""

UNFIT = re.compile(r"[^\w.+=,() -]")
"""What the name of a log does not have."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
GPUS = "CUDA_VISIBLE_DEVICES"
TRIAL = f"{VARIABLES}TRIAL"
"""The variable with a trial's id, which a recording keeps in its env.json as it does all of dlbench's."""


class TrialEnding(StrEnum):
    """How the process of a trial ended."""

    DONE = "done"
    FAILED = "failed"
    """With another exit code than 0, or by a signal."""
    SILENT = "silent"
    """With exit code 0, and without a recording."""
    UNFINISHED = "unfinished"
    """With exit code 0, and a recording that did not come to its end."""


@dataclass(frozen=True)
class Ended:
    """A trial whose process has ended."""

    trial: RepeatedTrial
    ending: TrialEnding
    exit_code: int
    seconds: float
    log: Path
    state: State | None
    """How its recording stands, if there is one."""
    error: str | None
    """Why that failed, as it says itself."""

    def last_lines(self) -> list[str]:
        """The end of what it printed."""
        return last_lines(self.log, 0, LAST_LINES)


@dataclass(frozen=True)
class Crew:
    """How many processes at once, with how many threads each; `gpus` are those that they share, none where there are none."""

    workers: int
    threads: int
    gpus: tuple[str, ...] = ()


def crew_for(trials: int, workers: int | None = None) -> Crew:
    """As many as this machine takes.

    That is one a GPU, since nobody knows what a trial needs of its memory; else one for as many cores as OMP_NUM_THREADS says,
    which is one where it is not set.
    """
    gpus = _gpus()
    told = os.environ.get(THREADS[0], "")
    own = int(told) if told.isascii() and told.isdigit() and int(told) else None
    count = min(workers or len(gpus) or max(1, cores() // (own or 1)), max(trials, 1))
    return Crew(count, own or max(1, cores() // count), gpus)


def _gpus() -> tuple[str, ...]:
    found = [device for device in find_devices() if device.startswith("cuda")]
    visible = [one.strip() for one in os.environ.get(GPUS, "").split(",") if one.strip()]
    return tuple(visible[: len(found)] or [device.partition(":")[2] for device in found])


# --- what was recorded before ---------------------------------------------------------------------------------------


class TrialRecordings:
    """The recordings in a group's folder by the ids of their trials; those of no trial have none."""

    def __init__(self, group: Path) -> None:
        self._group = group
        self._ids: dict[str, str | None] = {}

    def by_id(self) -> list[tuple[RunFolder, str | None]]:
        """Every recording that is there with the id of its trial."""
        for recording in runs_of_name(self._group):
            if recording.path.name not in self._ids:
                self._ids[recording.path.name] = trial_of(recording)
        return [(RunFolder(self._group / name), identity) for name, identity in self._ids.items()]

    def of(self, trial: RepeatedTrial) -> list[RunFolder]:
        """The recordings of a trial."""
        return [recording for recording, identity in self.by_id() if identity == trial.id]


def group_folder(out: Path, name: str) -> Path:
    """The folder of a group's recordings."""
    return out / folder_name(name)


def trial_of(recording: RunFolder) -> str | None:
    """The id of the trial whose process wrote a recording."""
    try:
        variables = read_json(recording.env_file).get("variables", {})
        return str(variables[TRIAL])
    except (DlbenchError, AttributeError, KeyError, TypeError):
        return None


def finished(group: Path, trials: Iterable[RepeatedTrial]) -> dict[str, RunFolder]:
    """The recordings by the ids of trials that need not run again: those that came to their end, and count in the group."""
    found = group_in(group)
    members = found.members if found is not None else ()
    done = {trial_of(one.folder): one.folder for one in members if one.is_done}
    return {trial.id: done[trial.id] for trial in trials if trial.id in done}


def under_way(group: Path, trials: Iterable[RepeatedTrial]) -> set[str]:
    """The ids of trials that some process is recording now."""
    wanted = {trial.id for trial in trials}
    return {own for recording, own in TrialRecordings(group).by_id() if own in wanted and is_under_way(recording)}


def changed_since(words: Iterable[str], recordings: Iterable[RunFolder]) -> list[str]:
    """The files among the words of a command that were changed after one of these recordings began."""
    began = min((recording.plan_file.stat().st_mtime for recording in recordings), default=float("inf"))
    return [word for word in dict.fromkeys(words) if is_file(Path(word)) and Path(word).stat().st_mtime > began]


# --- running ----------------------------------------------------------------------------------------------------------


class Repetition:
    """Runs trials in their order, so many at once; leaving its `with` block ends all that still run, and what they started."""

    def __init__(
        self, out: Path, name: str, trials: Sequence[RepeatedTrial], crew: Crew, questions: Path | None = None
    ) -> None:
        """`out` holds the group called `name`, whose folder is made; raises UnwritableError where it cannot be.

        `questions` is a TOML file of what is asked of the group.
        """
        self._crew = crew
        self._told = {"NAME": name, "OUT": str(out.absolute())}
        if questions is not None:
            self._told["QUESTIONS"] = str(questions.absolute())
        group = group_folder(out, name)
        self.logs = group / "logs"
        with writing(self.logs):
            self.logs.mkdir(parents=True, exist_ok=True)
        variants = list(dict.fromkeys(trial.variant for trial in trials))
        now = datetime.now(UTC)
        self._places = {variant: f"{now:%Y%m%d-%H%M%S.%f}-{place:06}" for place, variant in enumerate(variants)}
        self._names = dict(zip(variants, names_of(variants, UNFIT, "variant"), strict=True))
        self._file = RepeatFile(group, len(trials))
        self._waiting = deque(trials)
        self._running: dict[int, tuple[RepeatedTrial, Child, set[str]]] = {}
        self._recordings = TrialRecordings(group)

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self._running and not self._waiting

    @property
    def unstarted(self) -> int:
        """How many trials wait."""
        return len(self._waiting)

    def start_no_more(self) -> None:
        """Let those that run come to their end, and begin no others."""
        self._waiting.clear()

    def poll(self) -> list[Ended]:
        """The trials whose processes have ended; others take their places. Raises SetupError where one cannot be started."""
        ended = [self._ended(place, code) for place in [*self._running] if (code := self._code(place)) is not None]
        for place in range(self._crew.workers):
            if self._waiting and place not in self._running:
                self._start(place, self._waiting.popleft())
        self._file.tell(len(self._waiting))
        return ended

    def stop(self, is_hurried: Callable[[], bool] = lambda: False) -> list[Ended]:
        """End those that run, at once as soon as `is_hurried`; they are given back, and what waits is not begun."""
        self._waiting.clear()
        end([child for _, child, _ in self._running.values()], GRACE_SECONDS, is_hurried)
        return self.poll()

    def _code(self, place: int) -> int | None:
        return self._running[place][1].exit_code

    def _start(self, place: int, trial: RepeatedTrial) -> None:
        before = {recording.path.name for recording in self._recordings.of(trial)}
        try:
            log = self.logs / f"{self._names[trial.variant]}-seed{trial.seed}.log"
            child = Child(trial.words, log, self._environment(place, trial))
        except OSError as error:
            what = error.filename or trial.words[0]
            raise SetupError(f"{trial.label} cannot be started: {what}: {error.strerror}") from error
        self._running[place] = trial, child, before

    def _ended(self, place: int, code: int) -> Ended:
        trial, child, before = self._running.pop(place)
        new = [_standing(recording) for recording in self._recordings.of(trial) if recording.path.name not in before]
        state, error = next((one for one in new if one[0] == "done"), new[-1] if new else (None, None))
        ending = (
            TrialEnding.SILENT if state is None else TrialEnding.DONE if state == "done" else TrialEnding.UNFINISHED
        )
        return Ended(trial, TrialEnding.FAILED if code else ending, code, child.seconds, child.log, state, error)

    def _environment(self, place: int, trial: RepeatedTrial) -> dict[str, str]:
        own = {name: os.environ[name] for name in THREADS if os.environ.get(name)}
        gpus = self._crew.gpus
        seen = {GPUS: gpus[place % len(gpus)]} if len(gpus) > 1 else {}
        told = self._told | {
            "VARIANT": trial.variant,
            "SEED": str(trial.seed),
            "SETTINGS": orjson.dumps(trial.settings).decode(),
            "TRIAL": trial.id,
            "PLACE": self._places[trial.variant],
        }
        recorded = {f"{VARIABLES}{name}": value for name, value in told.items()}
        return child_environment(self._crew.threads) | own | seen | recorded

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._file.__exit__(kind, error, trace)


def _standing(recording: RunFolder) -> tuple[State | None, str | None]:
    """How a recording stands, and why it failed."""
    try:
        now = status(recording)
    except DlbenchError as error:
        return "failed", str(error)
    return now.state, next((worker.error for worker in now.workers if worker.error), None)
