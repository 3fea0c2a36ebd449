"""A worker that Ray was asked for, as the driver knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from dlbench.launch.freight import Growth, Receiver
from dlbench.launch.on_ray.agent import Begun
from dlbench.launch.on_ray.order import WorkerShare
from dlbench.launch.on_ray.packing import Needs


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
    is_sharing: bool = False
    """Whether it was told to end because others shall have some of its stacks."""
    is_told_to_wait: bool = False
    """Whether people know that it waits for room."""
    hopeless: float | None = None
    """Since when it has fitted on no node of the cluster."""

    @property
    def left(self) -> list[int]:
        """The stacks that it has not trained to their end."""
        return [stack for stack in self.share.stacks if stack not in self.receiver.done]

    @property
    def name(self) -> str:
        """Who it is, for people."""
        return f"worker {self.share.worker}" + (f" on {self.place.host}" if self.place else "")

    def new_controls(self) -> bytes:
        """What is new of the controls, which its worker gets; where one lets it go on, it does not count as paused any more."""
        lines = self.controls.take(lines=True)
        for line in lines.splitlines():
            if b'"resume"' in line and orjson.loads(line).get("action") == "resume":
                self.receiver.is_paused = False
        return lines
