"""What the command line says of a cluster's nodes: where a run would go, how long, and what is not alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlbench.cli.messages import counted
from dlbench.plan.machines import Machine
from dlbench.plan.make import seconds_of
from dlbench.plan.placement import placed

if TYPE_CHECKING:
    from dlbench.plan import Plan


def where_text(plan: Plan, nodes: Sequence[Machine]) -> str:
    """Which node would get which workers, and about how long the run takes; the scheduler decides when the time comes."""
    placings = placed(seconds_of(plan), [worker.threads for worker in plan.workers], nodes)
    lines = []
    for index, node in enumerate(nodes):
        mine = [one for one in placings if one.node == index]
        speed = "" if node.speed is None else f", {node.speed / 1e9:.0f} GFLOP/s a core"
        gpus = f", {counted(node.gpus, 'GPU')}" if node.gpus else ""
        work = ", ".join(str(one.worker) for one in mine)
        until = f"workers {work}; about {duration(max(one.end for one in mine))}" if mine else "nothing"
        lines.append(f"  {node.name} ({counted(node.cores, 'core')}{gpus}{speed}): {until}")
    whole = duration(max((one.end for one in placings), default=0.0))
    return "\n".join(
        [
            f"  on {counted(len(nodes), 'node')}, about {whole} in all, if each worker gets the core that is free first:",
            *lines,
        ]
    )


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `2.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def odd_versions(nodes: Sequence[Machine], here: dict[str, str]) -> list[str]:
    """Which versions of nodes are not those of this machine, in words."""
    return [
        f"{node.name} has {name} {found}, this machine {here[name]}; last digits may differ"
        for node in nodes
        for name, found in (node.versions or {}).items()
        if here.get(name) not in {None, found}
    ]
