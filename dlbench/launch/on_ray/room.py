"""What the nodes of a Ray have, what of it is free, and what is said of a worker that finds no room there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dlbench.launch.on_ray.packing import GIB, Needs

MOST_NAMED = 6
"""Nodes that a message names; of a large cluster the others are counted."""


@dataclass(frozen=True)
class NodeRoom:
    """A node that is there: what it has in all, and what of it nobody has taken."""

    id: str
    name: str
    has: Needs
    free: Needs

    def could_hold(self, needs: Needs) -> bool:
        """Whether a worker would fit if nothing else were there."""
        return _fits(needs, self.has)

    def holds_now(self, needs: Needs) -> bool:
        """Whether it fits beside what is there."""
        return _fits(needs, self.free)

    def with_back(self, given: Iterable[Needs]) -> NodeRoom:
        """The node as it will be once these have ended."""
        free = self.free
        for one in given:
            free = Needs(free.cores + one.cores, free.gpu + one.gpu, free.memory + one.memory)
        return NodeRoom(self.id, self.name, self.has, free)


def _fits(needs: Needs, room: Needs) -> bool:
    return needs.cores <= room.cores and needs.gpu <= room.gpu and needs.memory <= room.memory


def described(needs: Needs) -> str:
    """`2 cores, 1 GPU and 1.5 GiB of memory`."""
    words = [f"{needs.cores} core{'' if needs.cores == 1 else 's'}"]
    words += [f"{needs.gpu:g} GPU"] if needs.gpu else []
    return f"{', '.join(words)} and {needs.memory / GIB:.1f} GiB of memory"


def waits(who: str, needs: Needs, nodes: Sequence[NodeRoom]) -> str:
    """That a worker waits until others end."""
    return f"{who} waits for room on the cluster, others have it: it needs {described(needs)}; {_listed(nodes)}"


def fits_nowhere(who: str, needs: Needs, nodes: Sequence[NodeRoom]) -> str:
    """That a worker fits on no node, whatever ends there, and what can be done."""
    less = " or ".join(["`--threads`", *(["`--cluster gpu=...`"] if needs.gpu else []), "`--cluster memory=...`"])
    return (
        f"{who} fits on no node of the cluster: it needs {described(needs)}; {_listed(nodes)}. "
        f"Add a node, or ask for less with {less}"
    )


def _listed(nodes: Sequence[NodeRoom]) -> str:
    if not nodes:
        return "the cluster has no node"
    named = [f"{node.name} has {described(node.has)}, free {_free(node)}" for node in nodes[:MOST_NAMED]]
    more = [f"and {len(nodes) - MOST_NAMED} more nodes"] if len(nodes) > MOST_NAMED else []
    return "; ".join([*named, *more])


def _free(node: NodeRoom) -> str:
    gpus = [f"{node.free.gpu:g}"] if node.has.gpu else []
    return ", ".join([f"{node.free.cores}", *gpus, f"{node.free.memory / GIB:.1f} GiB"])
