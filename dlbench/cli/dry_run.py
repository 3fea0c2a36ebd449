"""`dlbench run --dry-run`: what would be trained, where and from what data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from dlbench.cli.data_lines import as_data, data_lines
from dlbench.cli.memory_lines import memory_line
from dlbench.cli.messages import plan_line, weights_text
from dlbench.cli.output import emit, emit_json
from dlbench.display.words import label

if TYPE_CHECKING:
    from dlbench.plan import Plan, Stack
    from dlbench.plan.machines import Machine

BYTES_OF_WEIGHT = 4


def show_plans(plans: list[Plan], *, as_json: bool, nodes: Sequence[Machine] = ()) -> None:
    """Print what would be done, and on which nodes of a cluster."""
    if as_json:
        emit_json([{**asdict(plan), "data": as_data(plan.candidates)} for plan in plans])
        return
    if not nodes:
        emit("\n\n".join(f"{summary(plan)}\n  {memory_line(plan)}" for plan in plans))
        return
    from dlbench.cli.cluster import where_text

    emit("\n\n".join(f"{summary(plan)}\n{where_text(plan, nodes)}" for plan in plans))


def summary(plan: Plan) -> str:
    """A plan in lines: its data, its stacks, its workers."""
    stacks = [
        f"  stack {index}: {label(plan, stack)}, {stack.steps:,} steps, {stack.parameters:,} parameters a trial, {way(plan, stack)}"
        for index, stack in enumerate(plan.stacks)
    ]
    workers = [
        f"  worker {index}: {worker.device}, threads: {worker.threads}, stacks: {', '.join(map(str, worker.stacks))}"
        for index, worker in enumerate(plan.workers)
    ]
    data = [f"  {line}" for line in data_lines(plan.candidates)]
    kept = [f"  weights: {text}" for text in filter(None, [weights_text(bytes_of_weights(plan))])]
    return "\n".join([f"{plan.recipe}: {plan_line(plan)}", *data, *stacks, *workers, *kept])


def way(plan: Plan, stack: Stack) -> str:
    """How a stack will be trained, and on a CPU why it is not by the native loop."""
    from dlbench.plan.native import why_torch_trains

    if stack.way == "native":
        return "by the native loop"
    on_cpu = all(worker.device == "cpu" for worker in plan.workers)
    settings = plan.candidates[plan.trials[stack.trials[0]].candidate].settings
    reason = why_torch_trains(settings) if on_cpu else None
    precision = settings["train"].get("precision", "float32")
    told = "by torch" if precision == "float32" or (precision == "tf32" and on_cpu) else f"by torch in {precision}"
    return f"{told} ({reason})" if reason else told


def bytes_of_weights(plan: Plan) -> int:
    """What the weights will take on disk that the run keeps, but for a few hundred bytes a trial."""
    return sum(
        stack.parameters * BYTES_OF_WEIGHT
        for stack in plan.stacks
        for trial in stack.trials
        if plan.candidates[plan.trials[trial].candidate].settings["evaluate"].get("weights")
    )
