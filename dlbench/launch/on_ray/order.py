"""What a driver is told by whoever starts it, as JSON on its standard input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from dlbench.plan.reading import typed
from dlbench.plugins import PartsFile

STORE = 200
"""MiB that a Ray which is started here has for objects on their way; what does not fit goes to disk."""
PATIENCE = 60.0
"""Seconds that a worker which fits on no node waits for one to join; clusters that grow by themselves take minutes."""


@dataclass(frozen=True)
class WorkerShare:
    """A worker by its number in the plan: the stacks that it trains, its threads."""

    worker: int
    stacks: list[int]
    threads: int


@dataclass(frozen=True)
class Order:
    """A session of a run: where its folder is, whose Ray trains it, and who trains what."""

    run: str
    address: str | None
    session: int
    shares: list[WorkerShare]
    attended: bool = False
    looking: bool = False
    parts: list[PartsFile] = field(default_factory=list)
    gpu: float = 1.0
    """Of a GPU what each worker takes that trains on one."""
    memory: float | None = None
    """GiB that Ray sets aside for each worker; estimated if left out."""
    store: int = STORE
    patience: float = PATIENCE
    """Seconds in which a node may join that a worker fits on which fits on none."""
    speeds: dict[str, float] = field(default_factory=dict)
    """Operations a second of nodes by their ids, as far as they were measured."""

    def encoded(self) -> bytes:
        """The order as JSON."""
        return orjson.dumps(self)


def decoded(content: bytes) -> Order:
    """An order from JSON; raises ValueError where it is none."""
    data: Any = orjson.loads(content)
    return typed(Order, data)
