"""When a recorded loop is looked at between two steps: controls that somebody has written, and a sign of life."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_SECONDS = 0.2
"""Controls are looked at about this often."""

HEARTBEAT_SECONDS = 1.0

LOOK_SHARE = 0.005
"""The part of the processor's time that looks may take. They come by the clock, so that on a crowded machine, where a loop advances
little between two of them, they would take any part of it."""

AGAIN = 0.05
"""Seconds until a look that is too dear yet is thought of again."""


class LookPace:
    """Knows when the next look is due: with a sign of life at the latest, since without one a recording seems to have ended."""

    def __init__(self) -> None:
        self._looked = self._heard = time.monotonic()
        self._heard_step = 0
        self._ended, self._price = time.process_time(), 0.0
        """When the last look was over, and what it took, both of the processor's time."""

    def wait(self) -> float:
        """Seconds until the next look; 0 where it is due."""
        passed = time.monotonic() - self._looked
        if passed < LOOK_SECONDS:
            return LOOK_SECONDS - passed
        is_dear = time.process_time() - self._ended < self._price / LOOK_SHARE
        return AGAIN if is_dear and passed < HEARTBEAT_SECONDS else 0.0

    @contextmanager
    def looking(self) -> Iterator[None]:
        """A look is what happens in the block."""
        self._looked, started = time.monotonic(), time.process_time()
        try:
            yield
        finally:
            self._ended = time.process_time()
            if time.monotonic() - self._looked < LOOK_SECONDS:  # else somebody had it wait
                self._price = self._ended - started

    def beat(self, step: int) -> float | None:
        """The steps a second since the last sign of life, where the next one is due, which it is then."""
        seconds = self._looked - self._heard
        if seconds < HEARTBEAT_SECONDS:
            return None
        rate = (step - self._heard_step) / seconds
        self._heard, self._heard_step = self._looked, step
        return rate
