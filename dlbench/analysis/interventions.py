"""What people changed in a run while it trained, in words and as data: such numbers must not pass for the recipe's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState

MOST_SEEDS = 8


@dataclass(frozen=True)
class ManualChange:
    """Why a trial's numbers are no longer what its recipe makes of its seed: it was changed, or dropped, at `step`."""

    what: str
    step: int


def first_manual_change(trial: TrialState, at_step: int | None = None) -> ManualChange | None:
    """The first thing done by hand that its number at a step (without one, at its end) depends on."""
    dropped = trial.dropped_at
    touches = [ManualChange("changed", step) for step in trial.changed_at]
    touches += [] if dropped is None else [ManualChange("dropped", dropped)]
    # What is done at a step takes effect before its training, and after its evaluation.
    return next((one for one in touches if at_step is None or one.step < at_step), None)


def reason(touches: Mapping[int, ManualChange]) -> str:
    """Why nothing can be said of seeds that were touched: `seeds 0, 1 were changed by hand at step 500`."""
    kinds = sorted({one.what for one in touches.values()})
    steps = {one.step for one in touches.values()}
    seeds = f"{which_seeds(touches)} {'was' if len(touches) == 1 else 'were'}"
    return f"{seeds} {' or '.join(kinds)} by hand{', the first' if len(steps) > 1 else ''} at step {min(steps):,}"


def search_reason(variant: str, candidates: Sequence[Iterable[TrialState]]) -> str:
    """Why a variant's search picked what it did for another reason than the recipe, if someone changed its trials by hand."""
    if len(candidates) > 1 and any(first_manual_change(trial) for trials in candidates for trial in trials):
        return f"trials that the search of '{variant}' chooses from were changed or dropped by hand"
    return ""


def which_seeds(seeds: Iterable[int], of: int | None = None) -> str:
    """Seeds in a row: `seed 3`, `seeds 0, 1`, `all 5 seeds` where there are no more; recorded ones as `2 without a seed`."""
    given = list(seeds)
    known = sorted(seed for seed in given if seed >= 0)
    if unseeded := len(given) - len(known):
        return f"{which_seeds(known)} and {unseeded} without a seed" if known else f"{unseeded} without a seed"
    if len(known) == of and len(known) > 1:
        return f"all {of} seeds"
    shown = ", ".join(map(str, known[:MOST_SEEDS]))
    more = "" if len(known) <= MOST_SEEDS else f" and {len(known) - MOST_SEEDS} more"
    return f"seed{'s' if len(known) > 1 else ''} {shown}{more}"


def as_data(state: RunState) -> dict[str, list[dict[str, Any]]]:
    """The same as plain data, an item a trial: `interventions`, `dropped` and `breakpoints`."""
    return {
        "interventions": [
            named(trial) | {"step": change.step, "lr": change.lr}
            for trial in state.trials
            for change in trial.interventions
        ],
        "dropped": [
            named(trial) | {"step": trial.dropped_at} for trial in state.trials if trial.dropped_at is not None
        ],
        "breakpoints": [
            named(state.trials[hit.trial])
            | {"step": hit.step, "layer": hit.layer, "when": hit.when, "value": hit.value, "paused": hit.paused}
            for hit in state.hits
        ],
    }


def named(trial: TrialState) -> dict[str, Any]:
    """Which trial something is told of, as data."""
    return {"variant": trial.plan.variant, "choice": dict(trial.plan.choice), "seed": trial.plan.told_seed}
