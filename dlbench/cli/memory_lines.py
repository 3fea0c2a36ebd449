"""What memory a run needs, in words, and whether there is as much."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from dlbench.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlbench.plan import Plan
    from dlbench.plan.memory import Memory

GIB = 2**30


def need_line(plan: Plan) -> str:
    """`memory: some 0.8 GiB (process 0.6, data 0.1)`; of all workers on this machine together."""
    needed = on_host(plan)
    return f"memory: some {gib(needed.total)} GiB ({shares(needed)})"


def memory_line(plan: Plan) -> str:
    """The same, and what is free."""
    from dlbench.plan.devices import free_memory

    return f"{need_line(plan)}, of {gib(free_memory())} GiB free here"


def require_memory(plans: Sequence[Plan]) -> None:
    """Raise SetupError where a run surely does not fit into this machine's memory, before a folder is made for it."""
    from dlbench.plan.devices import free_memory

    for plan in plans:
        needed, free = on_host(plan), free_memory()
        if needed.total > free:
            raise SetupError(
                f"{plan.recipe} needs some {gib(needed.total)} GiB of memory ({shares(needed)}), but {gib(free)} GiB are "
                f"free here; {'; or '.join(remedies(plan, needed))}"
            )


def on_host(plan: Plan) -> Memory:
    """What the workers of a plan take of this machine together; of those on a GPU, what they load and what they are."""
    from dlbench.plan.memory import Memory, memory_of_worker

    found = Memory(0, 0, 0, 0, 0, 0)
    for worker in plan.workers:
        own = memory_of_worker(plan, worker)
        if worker.device != "cpu":
            own = replace(own, weights=0, optimizer=0, batch=0, evaluation=0)
        found = Memory(*(getattr(found, one.name) + getattr(own, one.name) for one in fields(own)))
    return found


def shares(needed: Memory) -> str:
    """What takes it, in GiB, without what takes next to nothing."""
    named = [(one.name, getattr(needed, one.name)) for one in fields(needed)]
    return ", ".join(f"{name} {gib(size)}" for name, size in named if size >= GIB / 20)


def remedies(plan: Plan, needed: Memory) -> list[str]:
    """What would make it smaller, the most first."""
    told = {
        "data": 'leave data on disk (held = "disk" of npz and image_folder), or take less of it by limit',
        "weights": "train fewer seeds or variants at once, or a smaller net",
        "optimizer": "train fewer seeds or variants at once, or take an optimizer that remembers less",
        "batch": "lower batch_size",
        "evaluation": "lower evaluate.train_samples, or leave out evaluate.predictions",
        "process": "close other programs",
    }
    largest = sorted(told, key=lambda name: -getattr(needed, name))[:2]
    fewer = [f"take fewer --workers than {len(plan.workers)}"] if len(plan.workers) > 1 else []
    return [*fewer, *(told[name] for name in largest)]


def gib(size: int) -> str:
    """Bytes in GiB."""
    return f"{size / GIB:,.1f}"
