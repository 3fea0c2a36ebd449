"""Notes on what people changed in a run while it trained, and on the breakpoints that were hit."""

from __future__ import annotations

from collections.abc import Mapping

from dlbench.analysis.interventions import which_seeds
from dlbench.plan import candidate_text
from dlbench.state.event_records import Hit
from dlbench.state.run_state import RunState
from dlbench.text.cells import CHANGED

MOST_CHANGES = 4
"""How many changes of one candidate are told one by one."""


def changes(state: RunState) -> list[str]:
    """A note for every learning rate that someone set; of one candidate only the first few, and how many more."""
    found: dict[int, dict[tuple[int, float], list[int]]] = {}
    for trial in state.trials:
        for change in trial.interventions:
            own = found.setdefault(trial.plan.candidate, {})
            own.setdefault((change.step, change.lr), []).append(trial.plan.seed)
    return [note for candidate, own in sorted(found.items()) for note in _changes(state, candidate, own)]


def _changes(state: RunState, candidate: int, own: Mapping[tuple[int, float], list[int]]) -> list[str]:
    name, total = _candidate(state, candidate)
    told = sorted(own.items())
    notes = [
        f"{CHANGED} lr of {name} ({which_seeds(seeds, total)}) set to {lr:g} by hand at step {step:,}"
        for (step, lr), seeds in told[:MOST_CHANGES]
    ]
    if len(told) > MOST_CHANGES:
        (last, _), _ = told[-1]
        notes.append(
            f"{CHANGED} lr of {name} set by hand {len(told) - MOST_CHANGES} more times, the last at step {last:,}"
        )
    return notes


def breakpoints(state: RunState) -> list[str]:
    """A note for every breakpoint and candidate that hit it: which seeds, and where first."""
    found: dict[tuple[str, int], list[Hit]] = {}
    for hit in state.hits:
        found.setdefault((hit.when, state.plan.trials[hit.trial].candidate), []).append(hit)
    return [_breakpoint(state, when, candidate, hits) for (when, candidate), hits in sorted(found.items())]


def _breakpoint(state: RunState, when: str, candidate: int, hits: list[Hit]) -> str:
    name, total = _candidate(state, candidate)
    seeds = {state.plan.trials[hit.trial].seed for hit in hits}
    first = min(hits, key=lambda hit: hit.step)
    place = "" if first.layer is None else f" in {first.layer}"
    value = "" if first.value is None else f" ({first.value:.3g})"
    begin = "first at step" if len(hits) > 1 else "at step"
    return f"breakpoint '{when}' hit by {name} ({which_seeds(seeds, total)}), {begin} {first.step:,}{place}{value}"


def _candidate(state: RunState, index: int) -> tuple[str, int]:
    """What a candidate is called, and how many trials it has."""
    return candidate_text(state.plan.candidates[index]), sum(trial.candidate == index for trial in state.plan.trials)
