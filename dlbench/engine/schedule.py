"""When to probe and when to evaluate."""

from __future__ import annotations

from collections import deque
from math import ceil
from statistics import median

import numpy as np

SHARE = 0.03
"""The part of the training time that probes may book. They also push the net out of the caches, which nobody books: with 0.05
booked, trainings with probes took 1.06 to 1.09 times as long as without, and the promise is 1.05."""

FREE = 5
"""Probes that are taken whatever they cost."""


def probe_steps(steps: int, points: int) -> list[int]:
    """About `points` steps from the first to the last, half of them geometric (dense at first), half evenly spaced."""
    if points <= 0 or steps <= 0:
        return []
    half = max(points // 2, 1)
    geometric = np.rint(np.geomspace(1, steps, half)) - 1
    even = np.rint(np.linspace(0, steps - 1, max(points - half, 2)))
    return sorted({int(step) for step in (*geometric, *even)})


def evaluation_steps(every: str | int, *, steps: int, steps_per_epoch: int, by_epochs: bool) -> list[int]:
    """The steps before which trials are evaluated, 0 and the last (`steps`, after the end) always among them."""
    if every == "auto":
        interval = steps_per_epoch if by_epochs else max(1, steps // 100)
    elif every == "epoch":
        interval = steps_per_epoch
    else:
        interval = int(every)
    return sorted({*range(0, steps, interval), steps})


class ProbeBudget:
    """Thins the probes out when they would cost more than their share of the training time.

    Times are seconds. The first and the last point are always taken, so that what tables say of them never depends on the
    machine's speed. The first few are not judged by: they pay for what is done once.
    """

    def __init__(self, planned: list[int], steps: int) -> None:
        self._planned = {step: index for index, step in enumerate(planned)}
        self._last = planned[-1] if planned else -1
        self._steps = steps
        self._recent: deque[float] = deque(maxlen=9)
        self._taken = 0
        self.spent = 0.0

    def wants(self, step: int, trained: float) -> bool:
        """Whether to probe at `step`, when the steps before it have taken `trained` seconds without probes."""
        index = self._planned.get(step)
        if index is None:
            return False
        if step in (0, self._last) or self._taken < FREE or trained <= 0:
            return True
        price = median(self._recent)
        allowed = SHARE * trained / step * self._steps - price * (self._taken - FREE)
        needed = price * (len(self._planned) - index)
        stride = ceil(needed / allowed) if allowed > 0 else len(self._planned)
        return index % max(stride, 1) == 0

    def took(self, seconds: float) -> None:
        """Book one probe's time."""
        self._taken += 1
        self._recent.append(seconds)
        self.spent += seconds
