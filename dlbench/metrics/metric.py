"""What a metric is, and the register of them. Imports nothing heavy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from dlbench.metrics.quantity import NUMBER, Quantity

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    from dlbench.metrics.trial_view import TrialsView, TrialView

Value: TypeAlias = Callable[["TrialView", int | None], float | None]
Several: TypeAlias = Callable[["TrialsView", int | None], "NDArray[float64]"]


@dataclass(frozen=True)
class Metric:
    """One number per trial: how it is computed, which way is better, and how it is printed."""

    name: str
    summary: str
    function: Value
    better: Literal["higher", "lower"] | None
    format: str
    unit: str
    quantity: Quantity = NUMBER
    """What kind of number it is, which decides how seeds are averaged."""
    is_shared: bool = False
    """Whether trials that are trained together have one number in common, whatever their seeds."""
    may_never: bool = False
    """Whether a trial that trained to its end without a value never got there: it stays above every upper bound."""
    task: str | None = None
    """The only task whose trials have it, if it is one alone."""
    several: Several | None = None
    """The same function of several trials of one stack, `[trials]`, NaN where there is no number: faster, and to the same bits."""

    @property
    def is_share(self) -> bool:
        """Whether a trial's value is 0 or 1, so that the mean over trials is a share."""
        return self.quantity.is_share

    def value(self, trial: TrialView, at_step: int | None = None) -> float | None:
        """The metric of one trial at its end, or at its last record up to `at_step`.

        `None` where there is no number, NaN included: no such split, not reached yet, failed; nor is there a loss of a diverged
        trial at or after the step at which it diverged, or any number of a dropped one after the step at which it was dropped.
        """
        value = self.function(trial, at_step)
        return None if value is None or math.isnan(value) else value

    def values(self, trials: TrialsView, at_step: int | None = None) -> list[float | None]:
        """The same of several trials of one stack, one number each."""
        if self.several is None:
            return [self.value(trial, at_step) for trial in trials.trials]
        found: list[float] = self.several(trials, at_step).tolist()
        return [None if math.isnan(value) else value for value in found]


DEFAULT_METRIC = "test_accuracy"
"""What decides where a recipe names no metric to compare."""

CLASS_METRICS: dict[str, Callable[[str], Metric]] = {}
"""What makes the metric of one class, such as `recall@cat`, by what stands before the `@`."""


LOGGED: dict[str, Metric] = {}
"""What the recordings that are looked at have logged beside the metrics known here, by name; a report puts its own in."""


class _Metrics(dict[str, Metric]):
    """Those of one class are made when they are asked for, and stand in no list."""

    def __missing__(self, name: str) -> Metric:
        if name in LOGGED:
            return LOGGED[name]
        family, _, of_class = name.partition("@")
        if family not in CLASS_METRICS or not of_class:
            raise KeyError(name)
        return CLASS_METRICS[family](of_class)


METRICS: dict[str, Metric] = _Metrics()
"""Every metric by its name; asked for `recall@NAME`, that of the class, or for what was logged, that."""


def is_known(name: str) -> bool:
    """Whether there is such a metric here; one of a file of parts is there only where that is loaded."""
    family, _, of_class = name.partition("@")
    return name in METRICS or name in LOGGED or bool(family in CLASS_METRICS and of_class)


def split_step(column: str) -> tuple[str, str | None]:
    """The metric that a column names, and what stands behind its `@` as a step, if anything does.

    What was logged under a whole name, `map@50`, is that metric.
    After a metric of one class only whole numbers are a step: `recall@cat@500` is ("recall@cat", "500"), `recall@cat` and
    `recall@3` are metrics. (For the end of a class that is called `a@5`, write its last step too.)
    """
    if column in LOGGED:
        return column, None
    name, at, rest = column.partition("@")
    if name not in CLASS_METRICS:
        return name, rest if at else None
    of_class, _, step = rest.rpartition("@")
    return (f"{name}@{of_class}", step) if of_class and step.isascii() and step.isdigit() else (column, None)


def metric(
    *,
    better: Literal["higher", "lower"] | None,
    format: str = ".4g",  # noqa: A002 - the field's own word
    unit: str = "",
    quantity: Quantity = NUMBER,
    is_shared: bool = False,
    may_never: bool = False,
    task: str | None = None,
) -> Callable[[Value], Value]:
    """Register the decorated function as a metric; the first line of its docstring is the summary."""

    def register(function: Value) -> Value:
        summary = (function.__doc__ or "").partition("\n")[0]
        name = function.__name__
        METRICS[name] = Metric(name, summary, function, better, format, unit, quantity, is_shared, may_never, task)
        return function

    return register
