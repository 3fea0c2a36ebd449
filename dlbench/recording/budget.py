"""When a recording probes: by what a probe costs, since nobody has said how many steps there will be."""

from __future__ import annotations

import time
from collections import deque
from statistics import median

FREE_STEPS = frozenset({0, 1, 2, 4, 8})
"""Steps that are probed whatever it costs: the beginning of a training is where most of it goes wrong."""

DENSITY = 256
"""After so many steps, probes keep a distance of this part of the steps so far: a picture has no more columns than that."""

BOOKED = 0.7
"""The part of the budget that probes may book. The rest is for what nobody can book: they push the net out of the caches, and
every step pays for the hooks that count it."""


class TimeBudget:
    """Decides which steps are probed, so that probes take no more than their share of the time the loop takes.

    The first probe pays for what is done once, so it is booked but does not set the price.
    """

    def __init__(self, share: float) -> None:
        """`share` is between 0, which probes nothing, and 1, which probes every step."""
        self._share = share
        self._started = time.perf_counter()
        self._recent: deque[float] = deque(maxlen=9)
        self._probes = 0
        self._last = 0
        self.spent = 0.0
        """Seconds that were booked."""
        self.idle = 0.0
        """Seconds in which the loop was paused."""
        self.is_watched = False
        """Whether someone asked to see the next step, whatever it costs."""

    @property
    def elapsed(self) -> float:
        """Seconds of the loop so far, pauses left out."""
        return time.perf_counter() - self._started - self.idle

    @property
    def trained(self) -> float:
        """Of these, those that were not booked."""
        return max(self.elapsed - self.spent, 0.0)

    @property
    def cost(self) -> float:
        """The share of the time that was booked."""
        return round(self.spent / max(self.elapsed, 1e-9), 4)

    def wants(self, step: int) -> bool:
        """Whether to probe this step."""
        if self._share <= 0:
            return False
        if self.is_watched or self._share >= 1 or step in FREE_STEPS:
            return True
        if not self._recent or step - self._last < step / DENSITY:
            return False
        return self.spent + median(self._recent) <= BOOKED * self._share * self.elapsed

    def probed(self, step: int, seconds: float) -> None:
        """Book a probe's time."""
        if self._probes:
            self._recent.append(seconds)
        self._probes += 1
        self._last = step
        self.spent += seconds

    def booked(self, seconds: float) -> None:
        """Book other work of the recording."""
        self.spent += seconds
