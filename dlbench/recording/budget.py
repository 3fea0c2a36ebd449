"""When a recording probes: by what a probe costs, since nobody has said how many steps there will be."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

FREE_STEPS = frozenset({0, 1, 2, 4, 8})
"""Steps that are probed while that fits into what a loop of `LONG_ENOUGH` may spend: the beginning of a training is where most of
it goes wrong. The first of them is probed whatever it costs."""

LONG_ENOUGH = 10.0
"""Seconds of a loop from which on its recording keeps to its share, unless beginning and first probe alone take more."""

DENSITY = 256
"""After so many steps, probes keep a distance of this part of the steps so far: a picture has no more columns than that."""

BOOKED_BY_CLOCK, BOOKED_OF_PROCESSOR = 0.6, 0.85
"""The parts of the budget that may be booked. The rest is for what nobody can book: the end, and that every step pays for the hook
that counts it; by the clock also that calls with hooks take longer and that probes push the net out of the caches."""

SLICE = 0.0005
"""Seconds: a call of `log` that takes longer by the clock was stopped for other programs."""

SOON = 0.02
"""Seconds until probes that only wait for their distance in steps are thought of again."""

RECENT = 9
"""Probes whose prices tell what the next one will cost."""

MOST_THREADS = 4
"""How many times faster the processor's time may pass than the clock's; where it is more, a probe comes a little later."""


class Stopwatch:
    """Adds up the seconds of its `with` blocks, by the clock and of the processor's time."""

    def __init__(self) -> None:
        self._took = self._begun = 0.0
        self._worked = self._begun_of_processor = 0.0

    def __enter__(self) -> None:
        self._begun, self._begun_of_processor = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self._took += time.perf_counter() - self._begun
        self._worked += time.process_time() - self._begun_of_processor

    def reset(self) -> tuple[float, float]:
        """The seconds so far by both; it begins anew."""
        took = self._took, self._worked
        self._took = self._worked = 0.0
        return took


class Account:
    """What has passed by one clock since the loop began, and what of it the recording has spent, in seconds."""

    def __init__(self, clock: Callable[[], float], part: float) -> None:
        """`part` of the budget may be booked."""
        self._clock, self._part = clock, part
        self.started = clock()
        self.spent = self.owed = 0.0
        """Seconds since the loop began, and before it."""
        self._first: float | None = None
        self._prices: deque[float] = deque(maxlen=RECENT)

    @property
    def elapsed(self) -> float:
        """Seconds since the loop began, pauses left out."""
        return self._clock() - self.started

    def probed(self, seconds: float) -> None:
        """Spend them on a probe; the first one pays for what is done once, so it sets the price only until there are others."""
        self.spent += seconds
        if self._first is None:
            self._first = seconds
        else:
            self._prices.append(seconds)

    def missing(self, share: float) -> float:
        """For how long the loop has to go on before it may spend one probe more.

        What is owed from before the loop is paid in even parts until it is long enough, so that its beginning has probes too.
        """
        rate, due = self._part * share, self.spent + self._price()
        left = rate - self.owed / LONG_ENOUGH
        at = due / left if left > 0 else math.inf
        return (at if at <= LONG_ENOUGH else (due + self.owed) / rate) - self.elapsed

    def affords_early(self, share: float) -> bool:
        """Whether a loop that is just long enough may spend one probe more; what is owed is paid later."""
        return self.spent + self._price() <= self._part * share * LONG_ENOUGH

    def _price(self) -> float:
        return median(self._prices) if self._prices else self._first or 0.0


class ProcessorCosts:
    """What probes cost the processor: their steps take longer than others, for everything that is slower because of a probe."""

    def __init__(self) -> None:
        self._ordinary: deque[float] = deque(maxlen=RECENT)
        """Of stretches between two probes, seconds a step."""
        self._stopwatches: deque[float] = deque(maxlen=RECENT)
        self._begun: float | None = None
        self._ended, self._ended_step = 0.0, -1

    def begin(self, step: int) -> None:
        """A step that is probed begins."""
        self._begun = time.process_time()
        others = step - self._ended_step - 1
        if others > 0 and self._ended_step >= 0:
            self._ordinary.append((self._begun - self._ended) / others)

    def end(self, step: int, seconds: float) -> float:
        """It is over, and the probe's own work has taken so many seconds of the processor's time."""
        if self._begun is None:
            return seconds
        self._ended, self._ended_step = time.process_time(), step
        whole, self._begun = self._ended - self._begun, None
        self._stopwatches.append(seconds)
        if not self._ordinary:
            return seconds
        # Evaluations between steps make ordinary ones look long: no probe costs less than its own work takes undisturbed.
        return min(max(whole - median(self._ordinary), min(self._stopwatches)), whole)


class TimeBudget:
    """Decides which steps are probed, so that the recording takes no more than its share of the time the loop takes.

    The share is one of the time by the clock and of the processor's, each with its own account: on a machine that many share, a
    loop is stopped more often than a probe, which is short, and takes longer than it costs; with many threads a probe costs more
    than it takes.
    """

    def __init__(self, share: float) -> None:
        """`share` is between 0, which probes nothing, and 1, which probes every step."""
        self._share = share
        self._clock = Account(lambda: time.perf_counter(), BOOKED_BY_CLOCK)  # noqa: PLW0108  # as it is then
        self._processor = Account(lambda: time.process_time(), BOOKED_OF_PROCESSOR)  # noqa: PLW0108  # likewise
        self._costs = ProcessorCosts()
        self.origin = self._clock.started
        """What the clock would have said when the loop began, had nothing been booked since."""
        self._last: int | None = None
        self.rest = 0.0
        """For so many seconds from the last answer on no step will be wanted."""
        self.is_watched = False
        """Whether someone asked to see the next step, whatever it costs."""

    @property
    def elapsed(self) -> float:
        """Seconds of the loop so far, pauses left out."""
        return self._clock.elapsed

    @property
    def trained(self) -> float:
        """Of these, those that were not booked."""
        return max(time.perf_counter() - self.origin, 0.0)

    @property
    def cost(self) -> float:
        """The share of the time that was booked."""
        return round(self._clock.spent / max(self.elapsed, 1e-9), 4)

    def wants(self, step: int) -> bool:
        """Whether to probe this step; if not, `rest` says how long not to ask again."""
        self.rest = 0.0
        if self._share <= 0:
            self.rest = math.inf
            return False
        is_free = step in FREE_STEPS and (self._last is None or self._processor.affords_early(self._share))
        if self.is_watched or self._share >= 1 or is_free:
            return True
        if self._last is None or not self._has_room():
            wanted = False
        elif step - self._last < step / DENSITY:
            wanted, self.rest = False, SOON
        else:
            wanted = True
        if step < max(FREE_STEPS):
            self.rest = 0.0
        return wanted

    def begin_probe(self, step: int) -> None:
        """A step that is probed begins."""
        self._costs.begin(step)

    def probed(self, step: int, seconds: float, of_processor: float) -> None:
        """Book a probe, whose own work has taken so many seconds by the clock, in which the program may have been stopped."""
        self._clock.probed(seconds)
        self._processor.probed(self._costs.end(step, of_processor))
        self.origin += seconds
        self._last = step

    def booked(self, seconds: float, of_processor: float) -> None:
        """Book other work of the recording."""
        self._clock.spent += seconds
        self._processor.spent += of_processor
        self.origin += seconds

    def owes(self, seconds: float, of_processor: float) -> None:
        """Book what was done before the loop began, and is no part of its time."""
        self._clock.owed += seconds
        self._processor.owed += of_processor

    def logged(self, seconds: float) -> None:
        """Book a call of `log`, by the clock alone: asking for the processor's time would take longer than the call."""
        self.booked(seconds, min(seconds, SLICE))

    @contextmanager
    def booking(self) -> Iterator[None]:
        """Book what is done in the block."""
        started, of_processor = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.booked(time.perf_counter() - started, time.process_time() - of_processor)

    def skip(self, seconds: float, processor_seconds: float = 0.0) -> None:
        """Leave out a time in which the loop stood still."""
        self._clock.started += seconds
        self._processor.started += processor_seconds
        self.origin += seconds

    def _has_room(self) -> bool:
        """Whether the loop has taken long enough for one probe more."""
        self.rest = self._clock.missing(self._share)
        if self.rest <= 0:
            self.rest = self._processor.missing(self._share) / MOST_THREADS
        return self.rest <= 0
