"""The machines that a run is planned for: this one, or the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.plan.devices import choose, cores, free_memory


@dataclass(frozen=True)
class Machine:
    """One machine: its name, the cores and GPUs that workers may have, bytes of memory, versions of what computes."""

    name: str
    cores: int
    gpus: int = 0
    memory: int = 0
    versions: dict[str, str] | None = None
    """Of Python and of packages, by their names; `None` where they are not known."""
    speed: float | None = None
    """Floating point operations a second of one of its cores, as measured; `None` where nobody has."""
    id: str | None = None
    """The cluster's own name of it, of which no two are the same."""


@dataclass(frozen=True)
class Room:
    """What a plan may count on: cores in all, cores that a worker has to itself if there are so many, devices."""

    cores: int
    devices: list[str]
    fallback: bool
    """Whether the CPU may stand in for a device."""
    nodes: tuple[Machine, ...] = ()
    """The nodes of a cluster; empty where the run stays on this machine."""
    memory: int | None = None
    """Bytes that are free for the workers, where they train on a CPU of this machine."""

    def spare(self, workers: int) -> int:
        """The cores of each of so many workers."""
        if not self.nodes:
            return self.cores // workers
        each = -(-workers // len(self.nodes))
        return max(1, min(node.cores for node in self.nodes) // each)


def this_machine(device: str) -> Room:
    """The room on this machine, for a word of `--device`; raises UsageError where that is no device."""
    devices, fallback = choose(device)
    return Room(cores(), devices, fallback, memory=free_memory() if devices == ["cpu"] else None)


def of_nodes(nodes: Sequence[Machine], device: str) -> Room:
    """The room on the nodes of a cluster, where every worker is shown its own GPU as the first; raises UsageError likewise."""
    gpus = sum(node.gpus for node in nodes)
    if device == "auto":
        devices, fallback = (["cuda:0"] * gpus if gpus else ["cpu"]), True
    else:
        chosen, fallback = choose(device)
        devices = ["cuda:0"] * max(gpus, 1) if chosen[0].startswith("cuda") else chosen
    # Nodes without a core to spare, such as a head that only serves, train nothing.
    usable = tuple(node for node in nodes if node.cores) or tuple(nodes)
    return Room(max(1, sum(node.cores for node in nodes)), devices, fallback, usable)
