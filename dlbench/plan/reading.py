"""A plan from its file: every field has its type, every index leads to something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dlbench.errors import UsageError
from dlbench.plan import Plan
from dlbench.plan.typed import typed

MOST_STEPS = 10**12
MOST_THREADS = 10_000


def plan_from(data: Any) -> Plan:
    """The plan that plain data says; raises `ValueError` with what is wrong first, and where."""
    plan = typed(Plan, data)
    if wrong := next(_mistakes(plan), None):
        raise ValueError(wrong)
    return plan if plan.questions is None else replace(plan, questions=plan.questions.by_newest_names())


def _mistakes(plan: Plan) -> Iterator[str]:
    """What no field can know alone."""
    for index, trial in enumerate(plan.trials):
        yield from _astray([trial.candidate], len(plan.candidates), f"trials.{index}.candidate")
        if not 0 <= trial.seed < 2**63:
            yield f"trials.{index}.seed: is {trial.seed}"
    yield from _mistakes_of_stacks(plan)
    yield from _mistakes_of_workers(plan)
    if plan.breakpoints:
        yield from _mistakes_of_breakpoints(plan)


def _mistakes_of_breakpoints(plan: Plan) -> Iterator[str]:
    from dlbench.plan.breakpoints import parse

    for index, condition in enumerate(plan.breakpoints):
        try:
            parse(condition)
        except UsageError as error:
            yield f"breakpoints.{index}: {error}"


def _mistakes_of_stacks(plan: Plan) -> Iterator[str]:
    for index, stack in enumerate(plan.stacks):
        # How a run stands can be told of stacks alone: a plan without trials leads nowhere, but is no damage.
        yield from _astray(stack.trials, len(plan.trials) or len(stack.trials), f"stacks.{index}.trials")
        if not 0 <= stack.steps <= MOST_STEPS or stack.parameters < 0:
            yield f"stacks.{index}: has {stack.steps} steps, {stack.parameters} parameters"
    if plan.trials:
        yield from _repeated([trial for stack in plan.stacks for trial in stack.trials], "stacks")


def _mistakes_of_workers(plan: Plan) -> Iterator[str]:
    for index, worker in enumerate(plan.workers):
        yield from _astray(worker.stacks, len(plan.stacks), f"workers.{index}.stacks")
        if not 1 <= worker.threads <= MOST_THREADS:
            yield f"workers.{index}.threads: is {worker.threads}"
    shared = [stack for worker in plan.workers for stack in worker.stacks]
    yield from _repeated(shared, "workers")
    if plan.workers and len(shared) != len(plan.stacks):
        yield f"workers: they have {len(shared)} of {len(plan.stacks)} stacks"


def _astray(indices: list[int], count: int, place: str) -> Iterator[str]:
    for index in indices:
        if not 0 <= index < count:
            yield f"{place}: there is no number {index}, they go from 0 to {count - 1}"


def _repeated(indices: list[int], place: str) -> Iterator[str]:
    if len(set(indices)) < len(indices):
        yield f"{place}: name something twice"
