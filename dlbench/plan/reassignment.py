"""Assigning the stacks that are left when a run goes on: among the plan's workers, or others than those it was made for."""

from __future__ import annotations

from collections.abc import Collection

from dlbench.errors import DlbenchError
from dlbench.plan import Plan, WorkerPlan
from dlbench.plan.devices import choose, cores


def redistributed(plan: Plan, unfinished: Collection[int]) -> dict[int, list[int]]:
    """The `unfinished` stacks by cost among the plan's workers, the dearest first to whoever has least: worker -> stacks.

    A stack stays with workers of the same kind of device and the same threads as its own, because both may change the
    last bits of a sum, and a resumed run must end with the same table.
    """
    if not plan.workers:
        raise DlbenchError("its plan.json lists no workers, so nothing would be trained")
    likes = [(worker.device.partition(":")[0], worker.threads) for worker in plan.workers]
    home = {stack: index for index, worker in enumerate(plan.workers) for stack in worker.stacks}
    busy = [0.0] * len(plan.workers)
    shares: dict[int, list[int]] = {index: [] for index in range(len(plan.workers))}
    for stack in sorted(unfinished, key=lambda stack: (-plan.stacks[stack].cost, stack)):
        peers = [index for index, like in enumerate(likes) if like == likes[home[stack]]]
        least = min(peers, key=busy.__getitem__)
        busy[least] += plan.stacks[stack].cost
        shares[least].append(stack)
    return {index: sorted(mine) for index, mine in shares.items()}


def reassigned(
    plan: Plan,
    unfinished: Collection[int],
    *,
    device: str | None = None,
    threads: int | None = None,
    workers: int | None = None,
) -> list[WorkerPlan]:
    """The workers of a plan whose `unfinished` stacks are trained on another device, or by so many; stacks are not split.

    Without `device` the devices stay, without `workers` their number, each where there are stacks enough. The dearest stack
    goes to whoever has least; finished ones stand with the first. Raises `UsageError` on a device that is none.
    """
    devices, fallback = (
        choose(device)
        if device
        else (list(dict.fromkeys(one.device for one in plan.workers)), plan.workers[0].fallback)
    )
    count = max(1, min(workers or max(len(plan.workers), len(devices)), len(unfinished)))
    shares: list[list[int]] = [[] for _ in range(count)]
    busy = [0.0] * count
    for stack in sorted(unfinished, key=lambda stack: (-plan.stacks[stack].cost, stack)):
        least = busy.index(min(busy))
        shares[least].append(stack)
        busy[least] += plan.stacks[stack].cost
    shares[0] += [stack for stack in range(len(plan.stacks)) if stack not in unfinished]
    most = max(1, min(max(one.threads for one in plan.workers), cores() // count))
    return [
        WorkerPlan(devices[number % len(devices)], threads or most, sorted(share), fallback)
        for number, share in enumerate(shares)
    ]
