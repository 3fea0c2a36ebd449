"""The pace: how often the screen is drawn by itself while a training on this machine needs the processor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from dlbench.plan.devices import cores

SHARE = 0.02
"""The part of all cores' time that a dashboard may take from a training beside it; keys are answered whatever it costs."""


LONGEST = 3.0
"""Seconds after which a frame is due whatever the last one cost: one that opens a large run may cost seconds."""


class FramePace(Protocol):
    """When a dashboard draws by itself."""

    def is_due(self, *, beside_training: bool) -> bool:
        """Whether what has changed may be drawn now; `beside_training`: workers train on this machine."""

    def drew(self) -> None:
        """A frame begins."""


class FrameLimiter:
    """Says when the next frame is due: once the time of the processor since the last one lies within `SHARE`, or `LONGEST` is over.

    The clocks are seconds: `now` of the wall, `used` of this process on all its cores.
    """

    def __init__(
        self, now: Callable[[], float] = time.monotonic, used: Callable[[], float] = time.process_time
    ) -> None:
        self._now, self._used = now, used
        self._share = SHARE * cores()
        self.drew()

    def is_due(self, *, beside_training: bool) -> bool:
        """Whether enough time has passed for what the last frame, and reading since, have cost; without a training it has."""
        if not beside_training:
            return True
        waited = self._now() - self._then
        return waited >= LONGEST or self._used() - self._used_then <= self._share * waited

    def drew(self) -> None:
        """A frame begins."""
        self._then, self._used_then = self._now(), self._used()
