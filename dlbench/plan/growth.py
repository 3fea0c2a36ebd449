"""Plans that grow: seeds are added, a batch at a time, until the claims of a run are decided.

A plan names the seeds that were asked for so far and no others, so that whatever reads the run sees an ordinary one. What is added
stands behind what is there: trials, stacks and workers keep their numbers, by which events, checkpoints and controls name them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count, islice

from dlbench.plan import FIRST_LOOK, Plan, UntilDecided
from dlbench.plan.assignment import assign, split_for
from dlbench.plan.make import stack_costs, stack_of, trials_of

MOST_SEEDS = 100
"""Seeds after which what is open stays undecided, where nobody says how many."""
FEWEST_ADDED = 2
ADDED = 1 / 2
"""The part of the seeds so far that comes at once: a stack of several seeds takes little longer than one, and every batch begins
with an import of torch of seconds. What is trained beyond the seed that decides was not needed."""


def seeds_of(wish: UntilDecided, number: int) -> list[int]:
    """The first so many seeds, in order: those that were given, then the numbers after the largest of them."""
    given = sorted(wish.given)
    after = count(given[-1] + 1 if given else 0)
    return [*given[:number], *islice(after, max(number - len(given), 0))]


def next_number(number: int, most: int) -> int:
    """How many seeds the run has after the next batch, from how many it has now."""
    return min(most, max(FIRST_LOOK, number + max(FEWEST_ADDED, int(number * ADDED))))


def planned_seeds(plan: Plan) -> list[int]:
    """The seeds that a plan has, in order."""
    return sorted({trial.seed for trial in plan.trials})


def grown(plan: Plan, seeds: Iterable[int]) -> Plan:
    """The plan with further seeds of every candidate, in stacks of their own, which its workers train as they did the others."""
    added = trials_of(plan.candidates, list(seeds))
    trials, before = [*plan.trials, *added], len(plan.stacks)
    costs = stack_costs(plan.candidates, added, on_cpu=all(worker.device == "cpu" for worker in plan.workers))
    costs = [
        replace(cost, trials=[len(plan.trials) + one for one in cost.trials])
        for cost in split_for(costs, len(plan.workers))
    ]
    shares = assign(costs, len(plan.workers))
    workers = [
        replace(worker, stacks=[*worker.stacks, *(before + one for one in share)])
        for worker, share in zip(plan.workers, shares, strict=True)
    ]
    return replace(plan, trials=trials, stacks=[*plan.stacks, *map(stack_of, costs)], workers=workers)
