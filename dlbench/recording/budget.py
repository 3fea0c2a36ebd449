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


MOST_THREADS = 4
"""How many times faster the processor's time may pass than the clock's; where it is more, a probe comes a little later."""


class Stopwatch:
    """Adds up the seconds of its `with` blocks."""

    def __init__(self) -> None:
        self._took = self._begun = 0.0

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._took += time.perf_counter() - self._begun

    def reset(self) -> float:
        """The seconds so far; it begins anew."""
        took, self._took = self._took, 0.0
        return took


class TimeBudget:
    """Decides which steps are probed, so that probes take no more than their share of the time the loop takes.

    The share is one of the time by the clock and of the processor's, in seconds: on a machine that many share, a loop is stopped
    more often than a probe, which is short, and takes longer than it costs. The first probe pays for what is done once, so it is
    booked but does not set the price.
    """

    def __init__(self, share: float) -> None:
        """`share` is between 0, which probes nothing, and 1, which probes every step."""
        self._share = share
        self._started, self._processor_started = time.perf_counter(), time.process_time()
        self._recent: deque[float] = deque(maxlen=9)
        self._probes = 0
        self._last = 0
        self._not_before = 0.0
        self._spent = 0.0
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
        return max(self.elapsed - self._spent, 0.0)

    @property
    def cost(self) -> float:
        """The share of the time that was booked."""
        return round(self._spent / max(self.elapsed, 1e-9), 4)

    def wants(self, step: int) -> bool:
        """Whether to probe this step."""
        if self._share <= 0:
            return False
        if self.is_watched or self._share >= 1 or step in FREE_STEPS:
            return True
        return bool(self._recent) and step - self._last >= step / DENSITY and self._has_room()

    def probed(self, step: int, seconds: float) -> None:
        """Book a probe's time."""
        if self._probes:
            self._recent.append(seconds)
        self._probes += 1
        self._last = step
        self.booked(seconds)

    def booked(self, seconds: float) -> None:
        """Book other work of the recording."""
        self._spent += seconds

    def _has_room(self) -> bool:
        """Whether the loop has taken long enough for one probe more."""
        needed = (self._spent + median(self._recent)) / (BOOKED * self._share)
        elapsed = self.elapsed
        if elapsed < max(needed, self._not_before):
            return False
        missing = needed - (time.process_time() - self._processor_started)
        # Asking for the processor's time costs more than a look at the clock: not again before there may be enough of it.
        self._not_before = elapsed + missing / MOST_THREADS
        return missing <= 0
