"""When to probe and when to evaluate."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from math import ceil
from statistics import median

import numpy as np

SHARE = 0.03
"""The part of the training time that probes may book. They also push the net out of the caches, which nobody books: with 0.05
booked, trainings with probes took 1.06 to 1.09 times as long as without, and the promise is 1.05."""

NATIVE_FACTOR, NATIVE_SECONDS = 10.0, 0.3
"""So many times that part, and so many seconds of a stack at least, where the native loop trains: it takes a tenth of the time that
the part was made for, or a hundredth, and a picture of two columns is nothing to look at."""

FREE = 5
"""Probes that are taken whatever they cost."""


CHUNK_SECONDS = 0.2
"""Controls, heartbeats and divergence are looked at about this often."""


def probe_steps(steps: int, points: int) -> list[int]:
    """About `points` steps from the first to the last, half of them geometric (dense at first), half evenly spaced."""
    return sorted({*early_steps(steps, points), *even_steps(steps, points)})


def early_steps(steps: int, points: int) -> list[int]:
    """The geometric half of `probe_steps`."""
    if points <= 0 or steps <= 0:
        return []
    return sorted({int(step) for step in np.rint(np.geomspace(1, steps, max(points // 2, 1))) - 1})


def even_steps(steps: int, points: int) -> list[int]:
    """The evenly spaced half of `probe_steps`, the first and the last step among them."""
    if points <= 0 or steps <= 0:
        return []
    count = max(points - max(points // 2, 1), 2)
    return sorted({int(step) for step in np.rint(np.linspace(0, steps - 1, count))})


def evaluation_steps(every: str | int, *, steps: int, steps_per_epoch: int, by_epochs: bool) -> list[int]:
    """The steps before which trials are evaluated, 0 and the last (`steps`, after the end) always among them."""
    if every == "auto":
        interval = steps_per_epoch if by_epochs else max(1, steps // 100)
    elif every == "epoch":
        interval = steps_per_epoch
    else:
        interval = int(every)
    return sorted({*range(0, steps, interval), steps})


class Pace:
    """How many steps are taken in one go, between two looks at controls, heartbeats and divergence."""

    def __init__(self) -> None:
        self.chunk = 1

    def took(self, steps: int, seconds: float) -> float | None:
        """So many steps took so long; the rate, steps a second, where it tells of those to come."""
        rate = steps / max(seconds, 1e-9)
        self.chunk = max(1, min(2 * self.chunk, int(CHUNK_SECONDS * rate)))
        # The first step pays for what is done once; its rate would promise too long a wait.
        return rate if steps > 1 else None


class ProbeBudget:
    """Thins the probes out when they would cost more than their share of the training time.

    Times are seconds. The first and the last point are always taken, so that what tables say of them never depends on the
    machine's speed. The first few are not judged by: they pay for what is done once. The dense beginning gets half of the
    share at most, so that a picture of the run has columns until its end, however dear a probe is.
    """

    def __init__(self, steps: int, points: int) -> None:
        even, early = even_steps(steps, points), early_steps(steps, points)
        self._even = {step: index for index, step in enumerate(even)}
        self._early = {step: index for index, step in enumerate(early) if step not in self._even}
        self._points = sorted({*even, *early})
        self._last = steps - 1
        self._steps = steps
        self._recent: deque[float] = deque(maxlen=9)
        self._taken_even = self._taken_early = 0
        self._start = (0, 0.0)
        self.spent = 0.0
        self.is_native = False
        """Whether the native loop takes the steps."""

    def wants(self, step: int, trained: float) -> bool:
        """Whether to probe at `step`, when the steps before it have taken `trained` seconds without probes."""
        is_even = step in self._even
        if not is_even and step not in self._early:
            return False
        is_free = step in (0, self._last) or self._taken_even + self._taken_early < FREE
        if is_free and step != self._last:
            self._start = (step, trained)
        wanted = is_free or (self._is_even_due if is_even else self._is_early_due)(step, trained)
        self._taken_even += wanted and is_even
        self._taken_early += wanted and not is_even
        return wanted

    def next_point(self, step: int, until: int) -> int:
        """The first step after `step` at which a probe may be wanted, `until` where there is none before."""
        at = bisect_right(self._points, step)
        return min(until, self._points[at]) if at < len(self._points) else until

    def took(self, seconds: float) -> None:
        """Book one probe's time."""
        self._recent.append(seconds)
        self.spent += seconds

    def share(self, trained: float) -> float:
        """What was booked, of that and `trained` seconds without probes."""
        total = trained + self.spent
        return round(self.spent / total, 4) if total > 0 else 0.0

    def _is_early_due(self, step: int, trained: float) -> bool:
        allowed = self._allowed(step, trained) / 2 - self._price * (self._taken_early - FREE)
        return self._is_due(self._early[step], len(self._early), allowed)

    def _is_even_due(self, step: int, trained: float) -> bool:
        allowed = self._allowed(step, trained)
        share = max(allowed / 2, allowed - self._price * self._taken_early)
        return self._is_due(self._even[step], len(self._even), share - self._price * self._taken_even)

    def _is_due(self, index: int, count: int, allowed: float) -> bool:
        """Whether this point is one of those that so many seconds allow, of the points from `index` to `count`."""
        stride = ceil(self._price * (count - index) / allowed) if allowed > 0 else count
        return index % max(stride, 1) == 0

    @property
    def _price(self) -> float:
        return median(self._recent)

    def _allowed(self, step: int, trained: float) -> float:
        """Seconds for all probes, by how long the training will take; that is told from the steps after the first few."""
        first, before = self._start
        allowed = SHARE * (trained - before) / (step - first) * self._steps
        return max(NATIVE_FACTOR * allowed, NATIVE_SECONDS) if self.is_native else allowed
