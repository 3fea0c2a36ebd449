"""The machine in words: what it does now beside a run's workers, or on what a run was that is not trained here and now."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dlbench.metrics.trial_view import Status
from dlbench.words.number_format import memory_size, percent

if TYPE_CHECKING:
    from dlbench.launch.machine import GpuUsage, MachineUsage
    from dlbench.state.event_records import WorkerFacts
    from dlbench.tui.model.view import Reading, View

MOST_GPUS = 4
MOST_NODES = 6


def machine_lines(view: View) -> list[str]:
    """A line each of cores and memory, of the workers, and of GPUs; of a run that trains elsewhere, or no more, where it did.

    `machine   1.9 of 2 cores busy, load 4.2 · 5.2 GB of 16 GB free`
    """
    workers = newest(view)
    if not workers:
        return []
    told = [f"{'workers':<10}{_devices(workers)}"]
    nodes = _nodes(workers)
    here, hosts = socket.gethostname(), {worker.host for worker in workers if worker.host}
    where = ", ".join(sorted(hosts))
    if view.playback is not None or view.status != "running":
        return [f"{'machine':<10}trained on {where or 'an unknown machine'}", *told]
    if hosts and here not in hosts:
        return [f"{'machine':<10}trains on {where}; this is {here}, which has no part in it", *told, *nodes]
    usage = view.machine
    if usage is None:
        return [f"{'machine':<10}being looked at ...", *told, *nodes]
    used = [f"{'machine':<10}{_machine(usage)}", f"{told[0]}{_of_workers(usage)}"]
    return [*used, *nodes, *map(_gpu, usage.gpus[:MOST_GPUS])]


def newest(view: View | Reading) -> list[WorkerFacts]:
    """The workers of the newest session, and those whose stacks nobody has followed in, as they introduced themselves.

    On a cluster one that was lost is followed by one of a session of its own, while the others go on.
    """
    found = [worker for _, worker in sorted(view.state.workers.items())]
    last = {stack: worker.session for worker in found for stack in worker.stacks}
    newest_session = max((worker.session for worker in found), default=None)
    undone = {index for index, stack in enumerate(view.state.stacks) if stack.status is not Status.OK}
    return [
        worker
        for worker in found
        if worker.session == newest_session
        or any(stack in undone and last[stack] == worker.session for stack in worker.stacks)
    ]


def has_gpu(view: View | Reading) -> bool:
    """Whether a worker of the newest session trains on one of NVIDIA's."""
    return any((worker.device or "").startswith("cuda") for worker in newest(view))


def _devices(workers: list[WorkerFacts]) -> str:
    """`2 on cpu (AMD EPYC), 1 on cuda:0 (NVIDIA H200)`."""
    counts: dict[tuple[str, str], int] = {}
    for worker in workers:
        named = (worker.device or "an unknown device", worker.device_name or "")
        counts[named] = counts.get(named, 0) + 1
    return ", ".join(
        f"{count} on {device}{f' ({name})' if name and name != device else ''}"
        for (device, name), count in counts.items()
    )


def _nodes(workers: list[WorkerFacts]) -> list[str]:
    """Who is where, if that is not one machine: `nodes     anna: worker 0 · bert: workers 1, 2`."""
    there: dict[str, list[str]] = {}
    for worker in workers:
        there.setdefault(worker.host or "an unknown machine", []).append(str(worker.worker))
    if len(there) < 2:
        return []
    named = [f"{host}: worker{'s'[: len(own) > 1]} {', '.join(own)}" for host, own in list(there.items())[:MOST_NODES]]
    more = [f"and {len(there) - MOST_NODES} more"] if len(there) > MOST_NODES else []
    return [f"{'nodes':<10}{' · '.join([*named, *more])}"]


def _machine(usage: MachineUsage) -> str:
    busy = f"{usage.cores} core{'' if usage.cores == 1 else 's'}"
    if usage.busy is not None:
        busy = f"{usage.busy:.1f} of {busy} busy"
    load = "" if usage.load is None else f", load {usage.load:.1f}"
    return f"{busy}{load} · {memory_size(usage.free)} of {memory_size(usage.total)} free"


def _of_workers(usage: MachineUsage) -> str:
    if not usage.workers:
        return ""
    cores = "" if usage.worker_cores is None else f" · {usage.worker_cores:.1f} cores"
    return f"{cores} · {memory_size(usage.worker_memory)}"


def _gpu(gpu: GpuUsage) -> str:
    busy = "" if gpu.busy is None else f" · {percent(gpu.busy)} busy"
    return f"{'GPU':<10}{gpu.name}{busy} · {memory_size(gpu.used)} of {memory_size(gpu.total)} in use"
