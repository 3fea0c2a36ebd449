"""Breakpoints: the conditions that a stack's trials are held against after each probe and each evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlbench.measures.gradient_ratio import first_over_last
from dlbench.measures.names import first_times
from dlbench.metrics.names import GRADIENT_RATIO, TIME_GRADIENT_RATIO
from dlbench.plan.breakpoints import RATIOS, Breakpoint, parse

if TYPE_CHECKING:
    from dlbench.engine.early_stopping import Losses
    from dlbench.engine.pausing import Pausing
    from dlbench.engine.stack_metrics import Sink

Values = NDArray[np.float64]
Marks = NDArray[np.bool_]

RESOLUTION = 2.0**-21
"""Relative to the larger of two numbers, what of their difference may be rounding: four steps of a float32."""


class Progress:
    """How far a condition has come in each trial: whether it came true once, and how many evaluations run its way."""

    def __init__(self, trials: int) -> None:
        self.fired = np.zeros(trials, dtype=bool)
        self.runs = np.zeros(trials, dtype=np.int64)
        self.last = np.full(trials, np.nan)

    def follow(self, values: Values, *, rises: bool) -> None:
        """Take note of one more evaluation, `[trials]`; what is missing breaks a run."""
        onward = values > self.last if rises else values < self.last
        self.runs = np.where(onward, self.runs + 1, 0)
        self.last = values


class WatchedLayer(NamedTuple):
    """A row of the probes that are looked at."""

    name: str
    kind: str
    has_weight: bool


class BreakpointWatch:
    """Holds the trials of a stack against conditions, and tells of each once a trial that it has come true.

    The conditions are those of a `Pausing`, which may change at any time; it is told when one that pauses has come true. While
    there are none nothing is looked at.
    """

    def __init__(
        self, stack: int, steps: float, variants: Sequence[str], layers: Sequence[WatchedLayer], write: Sink
    ) -> None:
        """`variants` are those of the trials in the order of the stack."""
        self._stack, self._steps, self._variants, self._write = stack, steps, list(variants), write
        self._layers = [layer.name for layer in layers]
        weighted = [index for index, layer in enumerate(layers) if layer.has_weight]
        self._ends = {GRADIENT_RATIO: weighted, TIME_GRADIENT_RATIO: first_times([layer.kind for layer in layers])}
        self._progress: dict[Breakpoint, Progress] = {}

    def probed(self, step: int, measures: Mapping[str, Any], pausing: Pausing) -> None:
        """Look at the measures `[trials, layers]` of a probed step."""
        for condition, pauses in list(pausing.conditions.items()):
            if condition.is_probed:
                name = condition.measure
                values = self._ratio(name, measures["gradient_norm"]) if name in RATIOS else measures[name]
                # The step is done when its probe is known: at the last one there is nothing left to pause.
                is_last = step + 1 >= self._steps
                pausing.is_hit |= self._judge(condition, values, step, pauses=pauses and not is_last)

    def evaluated(self, step: int, metrics: Mapping[str, Losses | None], pausing: Pausing) -> None:
        """Look at the metrics `[trials]` of an evaluation; what is not there meets no condition."""
        for condition, pauses in list(pausing.conditions.items()):
            if not condition.is_probed and (values := metrics.get(condition.measure)) is not None:
                pausing.is_hit |= self._judge(condition, values, step, pauses=pauses and step < self._steps)

    def forget(self, condition: Breakpoint) -> None:
        """Watch for a condition as if it had never come true."""
        self._progress.pop(condition, None)

    def _ratio(self, name: str, norms: Losses) -> Values:
        """The first over the last of the gradient norms that a ratio is about, `[trials]`; NaN where that is 0, or without any."""
        found: Values = first_over_last(norms[:, self._ends[name]])
        return found

    def _judge(self, condition: Breakpoint, measured: NDArray[Any], step: int, *, pauses: bool) -> bool:
        """Tell of the trials in which a condition has come true now; whether there were any, and it pauses."""
        values = measured.astype(np.float64)
        progress = self._progress.setdefault(condition, Progress(len(values)))
        if condition.is_trend:
            progress.follow(values, rises=condition.comparison == "rises")
            met = progress.runs >= condition.value
        else:
            met = meets(values, condition)
        watched = np.array([condition.variant in {None, variant} for variant in self._variants])
        found = np.flatnonzero(met.reshape(len(values), -1).any(axis=1) & watched & ~progress.fired)
        for trial in found:
            progress.fired[trial] = True
            layer = None if values.ndim == 1 else _farthest(values[trial], met[trial], condition)
            self._write(
                "breakpoint",
                stack=self._stack,
                step=step,
                trial=int(trial),
                layer=None if layer is None else self._layers[layer],
                when=str(condition),
                value=float(f"{values[trial] if layer is None else values[trial, layer]:.6g}"),
                paused=pauses,
            )
        return pauses and len(found) > 0

    # --- surviving ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, dict[str, list[Any]]]:
        """How far every condition has come, as plain data."""
        return {
            str(condition): {name: values.tolist() for name, values in vars(progress).items()}
            for condition, progress in self._progress.items()
        }

    def restore(self, saved: Mapping[str, Mapping[str, list[Any]]], conditions: Iterable[Breakpoint]) -> None:
        """Go on with the `conditions` that are still watched where `state` left them."""
        known = {str(parse(text)): progress for text, progress in saved.items()}
        for condition in conditions:
            for name, values in known.get(str(condition), {}).items():
                progress = self._progress.setdefault(condition, Progress(len(values)))
                setattr(progress, name, np.array(values, dtype=getattr(progress, name).dtype))


def meets(values: Values, condition: Breakpoint) -> Marks:
    """Where values meet a condition that is no trend; what rounding to single precision decides is equal, NaN is nothing."""
    limit = condition.value
    with np.errstate(invalid="ignore"):
        near = np.abs(values - limit) < RESOLUTION * np.maximum(np.abs(values), abs(limit))
    side = values < limit if condition.comparison.startswith("<") else values > limit
    equal = near | (values == limit)
    found: Marks = side | equal if condition.comparison.endswith("=") else side & ~equal
    return found


def _farthest(values: Values, met: Marks, condition: Breakpoint) -> int:
    """The layer that meets a condition by most."""
    signed = values if condition.comparison.startswith(">") else -values
    return int(np.argmax(np.where(met, signed, -np.inf)))
