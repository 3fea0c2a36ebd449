"""A state whose run gets further seeds: what is known of those that it had stays where it is."""

from __future__ import annotations

from dlbench.metrics.trial_view import SolvedRule
from dlbench.plan import Plan
from dlbench.state.histograms import Histograms
from dlbench.state.run_state import RunState
from dlbench.state.stack_state import StackState
from dlbench.state.trial_state import trials_of


def grow(state: RunState, plan: Plan, *, solved: SolvedRule | None = None) -> None:
    """Take up a plan that has the state's own stacks and trials and further ones behind them (`dlbench.plan.growth`).

    `solved` is the recipe's rule that the state was begun with.
    """
    known = len(state.stacks)
    kept = state.stacks[0].histograms.most if known else 0
    added = [
        StackState(index, plan.stacks[index], histograms=Histograms(kept)) for index in range(known, len(plan.stacks))
    ]
    state.plan = plan
    state.stacks += added
    state.trials += trials_of(plan, added, solved, state.data)
    state.version += 1
