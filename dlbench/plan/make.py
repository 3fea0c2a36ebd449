"""Recipe -> plan: candidates times seeds, grouped into stacks and assigned to workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from dlbench.parts.datasets import describe
from dlbench.parts.outline import goes_alone, leaves, outline
from dlbench.parts.tasks import task_of
from dlbench.plan import Candidate, Plan, Stack, Trial, Way, WorkerPlan
from dlbench.plan.assignment import StackCost, assign, bounded, fitting, split_for, threads_for
from dlbench.plan.data import data_of
from dlbench.plan.duration import batch_size, total_steps
from dlbench.plan.machines import Machine, of_nodes, this_machine
from dlbench.plan.memory import memory_of
from dlbench.plan.native import why_torch
from dlbench.plan.placement import workers_on
from dlbench.plan.pretraining import before
from dlbench.plan.questions import Questions
from dlbench.plan.structure import structure
from dlbench.plugins import loaded


class Planned(Protocol):
    """What of a recipe is planned."""

    @property
    def name(self) -> str:
        """The recipe's name."""

    @property
    def candidates(self) -> Sequence[Candidate]:
        """What is compared."""

    @property
    def seeds(self) -> Sequence[int]:
        """The seeds of every candidate."""

    @property
    def breakpoints(self) -> Sequence[str]:
        """The conditions to pause at."""

    @property
    def questions(self) -> Questions:
        """What is asked of the run."""


def make_plan(
    recipe: Planned,
    *,
    device: str = "auto",
    threads: int | None = None,
    workers: int | None = None,
    nodes: Sequence[Machine] = (),
) -> Plan:
    """Everything that a run of `recipe` will do on this machine, or on the `nodes` of a cluster; `threads` are each worker's."""
    room = of_nodes(nodes, device) if nodes else this_machine(device)
    devices = room.devices
    candidates = list(recipe.candidates)
    trials = trials_of(candidates, recipe.seeds)
    costs = stack_costs(candidates, trials, on_cpu=devices == ["cpu"], memory=room.memory)
    count = len(devices) if devices != ["cpu"] else workers_on(costs, room.nodes, room.cores)
    count = workers or fitting(costs, count, room.memory)
    costs = split_for(costs, count)
    shares = [share for share in assign(costs, count) if share]
    spare = room.spare(len(shares))
    return Plan(
        recipe=recipe.name,
        candidates=candidates,
        trials=trials,
        stacks=list(map(stack_of, costs)),
        workers=[
            WorkerPlan(
                device=devices[number % len(devices)],
                threads=threads or threads_for(costs, share, spare),
                stacks=share,
                fallback=room.fallback,
            )
            for number, share in enumerate(shares)
        ],
        breakpoints=list(recipe.breakpoints),
        questions=recipe.questions,
        parts=loaded(),
    )


def trial_id(settings: dict[str, Any], seed: int) -> str:
    """Ten hexadecimal digits of SHA-256 over the resolved settings and the seed."""
    text = json.dumps([settings, seed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def trials_of(candidates: Sequence[Candidate], seeds: Sequence[int]) -> list[Trial]:
    """Every candidate with every seed."""
    return [
        Trial(trial_id(candidate.settings, seed), candidate.variant, candidate.choice, seed, index)
        for index, candidate in enumerate(candidates)
        for seed in seeds
    ]


def stack_of(cost: StackCost) -> Stack:
    """A stack as the plan has it."""
    before = len(cost.trials) * cost.before.flops
    return Stack(cost.trials, cost.steps, cost.parameters, cost.operations, before, cost.way)


def stack_costs(
    candidates: Sequence[Candidate], trials: Sequence[Trial], *, on_cpu: bool, memory: int | None = None
) -> list[StackCost]:
    """The cost of one stack per structure and data, its trials ordered so that equal numbers of the update stand side by side.

    Stacks that would not fit in so many bytes of memory are split.
    """
    members: dict[str, list[int]] = {}
    for index, trial in enumerate(trials):
        settings = candidates[trial.candidate].settings
        members.setdefault(structure({**settings, "data": data_of(settings, trial.seed)}), []).append(index)

    def numbers(index: int) -> str:
        return json.dumps(candidates[trials[index].candidate].settings["train"], sort_keys=True)

    return bounded(
        [
            _cost(candidates[trials[own[0]].candidate].settings, sorted(own, key=numbers), on_cpu=on_cpu)
            for own in members.values()
        ],
        memory,
    )


def seconds_of(plan: Plan) -> list[float]:
    """An estimate of how long each worker of a plan takes on one core, without its start."""
    on_cpu = all(worker.device == "cpu" for worker in plan.workers)

    def seconds(stack: Stack) -> float:
        settings = plan.candidates[plan.trials[stack.trials[0]].candidate].settings
        return _cost(settings, stack.trials, on_cpu=on_cpu).seconds

    return [sum(seconds(plan.stacks[stack]) for stack in worker.stacks) for worker in plan.workers]


def _cost(settings: dict[str, Any], trials: list[int], *, on_cpu: bool) -> StackCost:
    source = describe(settings["data"])
    blocks = outline(settings["model"], source.shape, task_of(source, settings).outputs)
    batch = batch_size(settings["train"], source.train)
    steps = total_steps(settings["train"], source.train)
    parameters = sum(block.parameters for block in blocks)
    every = list(leaves(blocks))
    # A product costs 2 operations, forward once, backward twice.
    flops = 6.0 * batch * sum(block.products for block in every)
    launches = sum(block.launches for block in every)
    alone = on_cpu and goes_alone(blocks)
    way: Way = "native" if on_cpu and why_torch(settings, blocks, source) is None else "torch"
    one, two = (memory_of(settings, count, on_cpu=on_cpu, way=way).total for count in (1, 2))
    own = (2 * one - two, two - one)
    earlier = before(settings["train"], blocks, source)
    return StackCost(trials, steps, launches, parameters, flops, earlier, alone, way, own)
