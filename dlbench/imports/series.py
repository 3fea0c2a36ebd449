"""One number of a log over its steps, however long the log is: bounded memory, and of every step what was written last."""

from __future__ import annotations

from bisect import bisect_left
from typing import Generic, TypeVar

MOST = 5_000
"""Values of a series up to which all are kept; of longer ones that many to twice as many, evenly thinned out, and the last."""

Value = TypeVar("Value")


class LogSeries(Generic[Value]):
    """Values at ascending steps, collected in the order of a file.

    Where steps go back, as in the log of a run that went on from a checkpoint, what was at later steps is void; of a step that
    is told twice the later value stays.
    """

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._values: list[Value] = []
        self._newest: tuple[int, Value] | None = None
        self._passed = 0  # of the values before the newest; those whose number the stride divides are kept
        self.stride = 1
        """Every how many-th value is kept."""
        self.went_back = 0
        """How often steps went back."""
        self.replaced = 0
        """How many values were of a step that had one already."""

    def add(self, step: int, value: Value) -> None:
        """Take the next value of the file."""
        if self._newest is not None and step == self._newest[0]:
            self.replaced += 1
        elif self._newest is not None and step < self._newest[0]:
            self.went_back += 1
            self._void_from(step)
        elif self._newest is not None:
            self._keep(*self._newest)
        self._newest = step, value

    def items(self) -> list[tuple[int, Value]]:
        """Steps with values, ascending."""
        kept = list(zip(self._steps, self._values, strict=True))
        return kept if self._newest is None else [*kept, self._newest]

    @property
    def last_step(self) -> int:
        """The step of the newest value; -1 before the first."""
        return -1 if self._newest is None else self._newest[0]

    def _keep(self, step: int, value: Value) -> None:
        if self._passed % self.stride == 0:
            self._steps.append(step)
            self._values.append(value)
        self._passed += 1
        if len(self._steps) > 2 * MOST:
            self.stride *= 2
            self._steps, self._values = self._steps[::2], self._values[::2]

    def _void_from(self, step: int) -> None:
        index = bisect_left(self._steps, step)
        del self._steps[index:], self._values[index:]
        self._passed = index * self.stride
