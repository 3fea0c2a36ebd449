"""Events that cannot be read: whose numbers have holes for it, in words and in numbers."""

from __future__ import annotations

from dlbench.run.event_arrays import ARRAYS
from dlbench.run.folder import writer_of
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState


def notes(state: RunState) -> list[str]:
    """One note for each damaged file of events: how many lines or arrays it lacks, and what that means for how many trials."""
    total = len(state.trials)
    return [
        f"{file} is damaged: {lost:,} of its {_parts(file)} cannot be read or are missing; what it tells of {_affected(state, file)} of "
        f"{total} trials may have holes, and their last numbers may be older or missing"
        for file, lost in sorted(state.unreadable.items())
    ]


def _parts(file: str) -> str:
    return "arrays" if file.endswith(ARRAYS) else "lines"


def unreadable_lines(state: RunState, trial: TrialState) -> int:
    """How many lines and arrays are lost of the files that tell of a trial."""
    return sum(lost for file, lost in state.unreadable.items() if trial.stack.index in _stacks(state, file))


def _affected(state: RunState, file: str) -> int:
    stacks = _stacks(state, file)
    return sum(trial.stack.index in stacks for trial in state.trials)


def _stacks(state: RunState, file: str) -> set[int]:
    """The stacks that a file may tell of: those of its worker, of any where that is lost too."""
    writer = writer_of(file)
    facts = None if writer is None else state.workers.get(writer)
    return set(range(len(state.stacks))) if facts is None else set(facts.stacks)
