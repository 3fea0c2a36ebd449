"""The members of a run's ensembles: finished trials with their predictions for the test data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.candidate_results import CandidateResults, candidate_results, selected, selection_metric
from dlbench.analysis.ensembles.ensemble import Combined, EnsembleGroup, Ensembles, Wanted, combine
from dlbench.analysis.interventions import search_reason
from dlbench.errors import DlbenchError
from dlbench.metrics.trial_view import Status
from dlbench.run import predictions
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from dlbench.plan.questions import Compare, Ensemble

KEPT = 64
"""Variants whose ensembles a process remembers: a dashboard asks for them again and again."""


@dataclass(frozen=True)
class PredictionRow:
    """Where a trial's predictions stand: a row of a file, with the ids of all its rows and when it was written."""

    file: Path
    written: int
    trials: tuple[str, ...]
    row: int


def ensembles(state: RunState, compare: Compare, asked: Ensemble, folder: RunFolder) -> Ensembles:
    """The ensembles of a run as it stands, of each variant's best candidate.

    Trials that diverged, failed, were dropped or are under way are no members, and are told in the notes; so are predictions
    that are missing or damaged, which hide no table.
    """
    wanted = Wanted.of(asked, len({trial.seed for trial in state.plan.trials}))
    notes: list[str] = []
    groups = [
        _group(candidates, state, compare, folder, wanted, notes) for candidates in candidate_results(state).values()
    ]
    on_disk = sum(size for stack in state.stacks for _, size in sorted(stack.predictions.items())[-1:])
    return Ensembles(wanted, groups, [*_explained(groups), *notes], on_disk)


def _group(
    candidates: list[CandidateResults],
    state: RunState,
    compare: Compare,
    folder: RunFolder,
    wanted: Wanted,
    notes: list[str],
) -> EnsembleGroup:
    entry = selected(candidates, selection_metric(compare))
    members = [trial for trial in entry.trials if _is_member(trial)]
    found: tuple[Combined, ...] = ()
    trouble = ""
    try:
        found = _combined(tuple(_place(state, folder, trial) for trial in members), wanted)
    except DlbenchError as error:
        trouble = str(error)
    search = search_reason(entry.variant, [one.trials for one in candidates])
    group = EnsembleGroup(entry, members, found, search, len(candidates))
    notes += _absent(group, wanted)
    if trouble:
        notes.append(f"{group.name}: no ensembles: {trouble}")
    return group


def _is_member(trial: TrialState) -> bool:
    """Whether it came to its end, and its stack with it, which is when predictions are written."""
    return trial.status is Status.OK and trial.stack.status is Status.OK


def _place(state: RunState, folder: RunFolder, trial: TrialState) -> PredictionRow:
    file = folder.predictions_file(trial.stack.index)
    try:
        written = file.stat().st_mtime_ns
    except OSError:
        written = 0
    return PredictionRow(
        file, written, tuple(state.plan.trials[index].id for index in trial.stack.plan.trials), trial.position
    )


@lru_cache(maxsize=KEPT)
def _combined(places: tuple[PredictionRow, ...], wanted: Wanted) -> tuple[Combined, ...]:
    if not places:
        return ()
    rows = {place.file: place.trials for place in places}
    files = {file: predictions.read(file, trials) for file, trials in rows.items()}
    labels = [found.labels for found in files.values()]
    if any(not np.array_equal(labels[0], other) for other in labels[1:]):
        raise DlbenchError("its stacks were tested on different data")
    logits = np.stack([files[place.file].logits[place.row] for place in places])
    if not np.isfinite(logits).all():
        raise DlbenchError("a member's predictions are not finite")
    return tuple(combine(logits, labels[0], wanted))


def _absent(group: EnsembleGroup, wanted: Wanted) -> Iterator[str]:
    """Which trials are no members, and why, once some have ended; which sizes are beyond those that are."""
    others = [trial for trial in group.entry.trials if not _is_member(trial)]
    if others and any(trial.status.final for trial in group.entry.trials):
        counts = Counter(
            "in a stack that is still training" if one.status is Status.OK else str(one.status) for one in others
        )
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items())
        total = len(group.entry.trials)
        yield f"{group.name}: {len(others)} of {total} seeds are not members of its ensembles: {reasons}"
    missing = [size for size in wanted.sizes if size > len(group.members)] if group.members else []
    if missing:
        sizes = ", ".join(map(str, missing))
        yield f"{group.name}: no ensembles of {sizes}: it has {len(group.members)} members"


def _explained(groups: Iterable[EnsembleGroup]) -> Iterator[str]:
    """What the numbers mean, where there are some."""
    made = [one for group in groups for one in group.combined]
    if made:
        yield (
            "ensembles: for each size, the mean over all subsets of the seeds (or over those that were drawn), and the gain "
            "over the mean of the same members; 95 % intervals are for other seeds on the same test data, from leaving out "
            "one member at a time"
        )
    if any(one.size == one.members > 1 for one in made):
        yield "there is only one ensemble of all members, so it has no interval; use more seeds than members"
