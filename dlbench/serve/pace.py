"""How often dashboards in browsers are drawn by themselves while a training on this machine needs the processor."""

from __future__ import annotations

import time
from collections.abc import Callable

from dlbench.plan.devices import cores
from dlbench.serve.outlet import Outlet

SHARE = 0.03
"""The part of all cores' time that all viewers together, and the reading, take from a training beside them."""
MOST_SAVED, MOST_OWED = 0.05, 0.25
"""Seconds of the processor that a quiet time may save for later, and that opening and keys may owe to it."""
ASKED_SECONDS = 1.5
"""Who has not asked for so long waits for no frame."""


class SharedBudget:
    """One budget for all; who has waited longest is next. Keys are answered whatever it costs.

    The clocks are seconds: `now` of the wall, `used` of this process on all its cores.
    """

    def __init__(
        self, now: Callable[[], float] = time.monotonic, used: Callable[[], float] = time.process_time
    ) -> None:
        self._now, self._used = now, used
        self._then, self._used_then = now(), used()
        self._left = MOST_SAVED
        self._asked: dict[ViewerPace, float] = {}

    def is_next(self, viewer: ViewerPace) -> bool:
        """Whether there is something left, and nobody who wants to draw has waited longer."""
        now, used = self._now(), self._used()
        earned = (now - self._then) * SHARE * cores()
        self._left = min(max(self._left + earned - (used - self._used_then), -MOST_OWED), MOST_SAVED)
        self._then, self._used_then = now, used
        self._asked[viewer] = now
        self._asked = {one: when for one, when in self._asked.items() if now - when <= ASKED_SECONDS}
        return self._left > 0 and viewer.drawn <= min(one.drawn for one in self._asked)

    def took(self, viewer: ViewerPace) -> float:
        """A viewer has drawn; it waits for nothing. Returns when that was."""
        self._asked.pop(viewer, None)
        return self._now()


class ViewerPace:
    """The share of one viewer; a browser that is behind gets nothing drawn."""

    def __init__(self, budget: SharedBudget, outlet: Outlet) -> None:
        self._budget, self._outlet = budget, outlet
        self.drawn = float("-inf")
        """When it last drew."""

    def is_due(self, *, beside_training: bool) -> bool:
        """Whether what has changed may be drawn now."""
        if self._outlet.is_behind:
            return False
        return not beside_training or self._budget.is_next(self)

    def drew(self) -> None:
        """A frame begins."""
        self.drawn = self._budget.took(self)
