"""Events that cannot be read: whose numbers have holes for it, in words and in numbers."""

from __future__ import annotations

import re

from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState

_EVENTS_FILE = re.compile(r"s(\d+)-w(\d+)\.jsonl")


def notes(state: RunState) -> list[str]:
    """One note for each damaged file of events: how many lines it lacks, and what that means for how many trials."""
    total = len(state.trials)
    return [
        f"{file} is damaged: {lines:,} of its lines cannot be read or are missing; what it tells of {_affected(state, file)} of {total} "
        "trials may have holes, and their last numbers may be older or missing"
        for file, lines in sorted(state.unreadable.items())
    ]


def unreadable_lines(state: RunState, trial: TrialState) -> int:
    """How many lines are lost of the files that tell of a trial."""
    return sum(lines for file, lines in state.unreadable.items() if trial.stack.index in _stacks(state, file))


def _affected(state: RunState, file: str) -> int:
    stacks = _stacks(state, file)
    return sum(trial.stack.index in stacks for trial in state.trials)


def _stacks(state: RunState, file: str) -> set[int]:
    """The stacks that a file may tell of: those of its worker, of any where that is lost too."""
    found = _EVENTS_FILE.fullmatch(file)
    facts = state.workers.get((int(found[1]), int(found[2]))) if found else None
    return set(range(len(state.stacks))) if facts is None else set(facts.stacks)
