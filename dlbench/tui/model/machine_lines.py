"""The machine in words: what it does now beside a run's workers, or on what a run was that is not trained here and now."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from dlbench.words.number_format import memory_size, percent

if TYPE_CHECKING:
    from dlbench.launch.machine import GpuUsage, MachineUsage
    from dlbench.state.event_records import WorkerFacts
    from dlbench.tui.model.view import Reading, View

MOST_GPUS = 4


def machine_lines(view: View) -> list[str]:
    """A line each of cores and memory, of the workers, and of GPUs; of a run that trains elsewhere, or no more, where it did.

    `machine   1.9 of 2 cores busy, load 4.2 · 5.2 GB of 16 GB free`
    """
    workers = newest(view)
    if not workers:
        return []
    told = [f"{'workers':<10}{_devices(workers)}"]
    here, hosts = socket.gethostname(), {worker.host for worker in workers if worker.host}
    where = ", ".join(sorted(hosts))
    if view.playback is not None or view.status != "running":
        return [f"{'machine':<10}trained on {where or 'an unknown machine'}", *told]
    if hosts and here not in hosts:
        return [f"{'machine':<10}trains on {where}; this is {here}, which has no part in it", *told]
    usage = view.machine
    if usage is None:
        return [f"{'machine':<10}being looked at ...", *told]
    return [f"{'machine':<10}{_machine(usage)}", f"{told[0]}{_of_workers(usage)}", *map(_gpu, usage.gpus[:MOST_GPUS])]


def newest(view: View | Reading) -> list[WorkerFacts]:
    """The workers of the newest session, as they introduced themselves."""
    found = view.state.workers
    last = max((session for session, _ in found), default=None)
    return [worker for (session, _), worker in sorted(found.items()) if session == last]


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
