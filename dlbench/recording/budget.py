"""When a recording probes: by what a probe costs, since nobody has said how many steps there will be."""

from __future__ import annotations

import math
import time
from collections import deque
from statistics import median

FREE_STEPS = frozenset({0, 1, 2, 4, 8})
"""Steps that are probed whatever it costs: the beginning of a training is where most of it goes wrong."""

DENSITY = 256
"""After so many steps, probes keep a distance of this part of the steps so far: a picture has no more columns than that."""

BOOKED = 0.6
"""The part of the budget that may be booked. The rest is for what nobody can book: probes push the net out of the caches, and
every step pays for the hook that counts it."""

SOON = 0.02
"""Seconds until probes that only wait for their distance in steps are thought of again."""

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
        self.origin = self._started
        """What the clock would have said when the loop began, had nothing been booked since."""
        self._recent: deque[float] = deque(maxlen=9)
        self._probes = 0
        self._last = 0
        self._spent = 0.0
        self.rest = 0.0
        """For so many seconds from the last answer on no step will be wanted."""
        self.is_watched = False
        """Whether someone asked to see the next step, whatever it costs."""

    @property
    def elapsed(self) -> float:
        """Seconds of the loop so far, pauses left out."""
        return time.perf_counter() - self._started

    @property
    def trained(self) -> float:
        """Of these, those that were not booked."""
        return max(time.perf_counter() - self.origin, 0.0)

    @property
    def cost(self) -> float:
        """The share of the time that was booked."""
        return round(self._spent / max(self.elapsed, 1e-9), 4)

    def wants(self, step: int) -> bool:
        """Whether to probe this step; if not, `rest` says how long not to ask again."""
        self.rest = 0.0
        if self._share <= 0:
            self.rest = math.inf
            return False
        if self.is_watched or self._share >= 1 or step in FREE_STEPS:
            return True
        wanted = bool(self._recent) and self._has_room()
        if wanted and step - self._last < step / DENSITY:
            wanted, self.rest = False, SOON
        if step < max(FREE_STEPS):
            self.rest = 0.0
        return wanted

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
        self.origin += seconds

    def skip(self, seconds: float, processor_seconds: float = 0.0) -> None:
        """Leave out a time in which the loop stood still."""
        self._started += seconds
        self.origin += seconds
        self._processor_started += processor_seconds

    def _has_room(self) -> bool:
        """Whether the loop has taken long enough for one probe more."""
        needed = (self._spent + median(self._recent)) / (BOOKED * self._share)
        self.rest = needed - self.elapsed
        if self.rest <= 0:
            missing = needed - (time.process_time() - self._processor_started)
            self.rest = missing / MOST_THREADS
        return self.rest <= 0
