"""A worker that Ray was asked for, as the driver knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from dlbench.launch.freight import Growth, Receiver
from dlbench.launch.on_ray.agent import Begun
from dlbench.launch.on_ray.order import WorkerShare
from dlbench.launch.on_ray.packing import Needs
from dlbench.launch.on_ray.takeover import Opening, Work
from dlbench.plan import Plan

Key: TypeAlias = tuple[int, int]
"""A worker among all of a run: its session and its number."""


@dataclass
class Unit:
    """A worker of a session: its share, its agent, the answer that is awaited, and how often its stacks were lost."""

    session: int
    share: WorkerShare
    needs: Needs
    agent: Any
    awaited: Any
    receiver: Receiver
    controls: Growth
    losses: int
    asked: float
    """When Ray was asked for it, by this process's clock."""
    place: Begun | None = None
    """Where it runs; `None` while it waits for room."""
    due: float = 0.0
    began: float = 0.0
    """When it was told to begin."""
    move: tuple[Work, Sequence[Opening]] | None = None
    """What it had left and where else that shall go on, once it was told to end for that."""
    is_told_to_wait: bool = False
    """Whether people know that it waits for room."""
    hopeless: float | None = None
    """Since when it has fitted on no node of the cluster."""

    @property
    def key(self) -> Key:
        """Which it is."""
        return self.session, self.share.worker

    @property
    def left(self) -> list[int]:
        """The stacks that it has not trained to their end."""
        return [stack for stack in self.share.stacks if stack not in self.receiver.done]

    @property
    def name(self) -> str:
        """Who it is, for people."""
        return f"worker {self.share.worker}" + (f" on {self.place.host}" if self.place else "")

    def costs_left(self, plan: Plan) -> dict[int, float]:
        """What is left of each of its stacks, by the plan's costs and its last signs of life."""
        return {stack: plan.stacks[stack].cost * (1.0 - self._part(plan, stack)) for stack in self.left}

    def _part(self, plan: Plan, stack: int) -> float:
        steps = plan.stacks[stack].steps
        # Never all of it: what is not told to be done still has to end.
        return min(self.receiver.steps.get(stack, 0) / steps, 0.999) if steps else 0.0

    def new_controls(self) -> bytes:
        """What is new of the controls, which its worker gets; where one lets it go on, it does not count as paused any more."""
        lines = self.controls.take(lines=True)
        for line in lines.splitlines():
            if b'"resume"' in line and orjson.loads(line).get("action") == "resume":
                self.receiver.is_paused = False
        return lines
