"""What the charts draw, out of a view: heat maps' grids, curves, one step's layers, histograms; reduced, never in full."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import MISSING
from dlbench.state.trial_state import TrialState
from dlbench.tui.charts.heat_map import Grid
from dlbench.tui.model.buckets import Buckets, Floats
from dlbench.tui.model.curves import curve_series
from dlbench.tui.model.view import View

__all__ = [
    "broken_layers",
    "curve_series",
    "grid",
    "histogram_at",
    "lacks_gradient",
    "layer_values",
    "probe_step",
    "probe_steps",
]


def grid(view: View, trial: int, measure: str) -> Grid:
    """One measure of all layers over the whole run so far.

    Broken is what was NaN or infinite in a layer that has such a measure, and everything from the step on at which the trial
    diverged. From the step on at which a trial was dropped, or had stopped early, nothing was measured.
    """
    state = view.state.trials[trial]
    diverged = state.diverged_at
    until = 0 if diverged is None else max(diverged, state.step)
    buckets, witness = (
        view.layers.of(state.stack.probes, name, state.position, until, log_steps=view.focus.log_steps)
        for name in (measure, MEASURES[measure].witness)
    )
    layers = len(state.layers)
    if buckets.high.ndim != 2 or buckets.high.shape[1] != layers:
        return _empty(layers)
    values = buckets.mean if MEASURES[measure].reduce == "mean" else buckets.high
    broken = _broken(state, measure, buckets, witness)
    if MISSING in state.stack.probes.fields and broken.any():
        absent = view.layers.of(state.stack.probes, MISSING, state.position, until, log_steps=view.focus.log_steps)
        broken = _broken(state, measure, buckets, witness, np.nan_to_num(absent.mean) * absent.numbers)
    return _marked(state, until, buckets, values, broken)


def _empty(layers: int) -> Grid:
    nothing = np.empty((0, layers))
    return Grid(np.empty(0, np.int64), np.empty(0, np.int64), nothing, nothing.astype(np.bool_), np.empty(0, np.bool_))


def _broken(
    state: TrialState, measure: str, buckets: Buckets, witness: Buckets, absent: Floats | float = 0.0
) -> NDArray[np.bool_]:
    """Where NaN was measured, `[columns, layers]`; `absent` counts records in which there was nothing to measure."""
    seen = witness if witness.numbers.shape == buckets.numbers.shape else buckets
    has = np.array([MEASURES[measure].of == "weights" and layer.weight is not None for layer in state.layers], np.bool_)
    has |= (seen.numbers > 0).any(axis=0)
    broken: NDArray[np.bool_] = (seen.numbers + absent < buckets.records[:, np.newaxis]) & has
    return broken


def _marked(state: TrialState, until: int, buckets: Buckets, values: Floats, broken: NDArray[np.bool_]) -> Grid:
    """The grid with what comes after a divergence, and without what comes after the trial trained no more."""
    filled, diverged = buckets.records > 0, state.diverged_at
    if diverged is not None:
        more = max(int(buckets.places(np.array([until]))[0]) + 1 - len(filled), 0)
        values = np.pad(values, ((0, more), (0, 0)), constant_values=np.nan)
        broken = np.pad(broken, ((0, more), (0, 0)))
        filled = np.pad(filled, (0, more))
    edges = buckets.edges(len(filled))
    starts, ends = edges[:-1], edges[1:]
    if diverged is not None:
        after = ends > diverged
        filled |= after
        broken |= after[:, np.newaxis]
    idle = state.idle_from
    if idle is not None:
        after = starts >= idle
        filled &= ~after
        broken &= (ends <= idle)[:, np.newaxis]
    return Grid(starts, ends, values, broken, filled)


def probe_steps(view: View, trial: int) -> list[int]:
    """The steps at which a trial was probed, ascending; what its stack goes on to write once it is idle is no probe of it."""
    state = view.state.trials[trial]
    idle = state.idle_from
    return state.probe_steps if idle is None else state.probe_steps[: bisect_left(state.probe_steps, idle)]


def probe_step(view: View, trial: int) -> int | None:
    """The step of the probe nearest to the cursor, the newest where the cursor follows; `None` before the first."""
    steps, step = probe_steps(view, trial), view.focus.step
    if not steps:
        return None
    return steps[-1] if step is None else steps[_nearest(steps, step)]


def layer_values(view: View, trial: int, measure: str, step: int) -> Floats:
    """One measure of every layer, `[layers]`, at the probe nearest to a step; NaN where there is none."""
    state = view.state.trials[trial]
    series = state.probe(measure)
    if series is None or not len(series) or series.shape[1:] != (len(state.layers),):
        return np.full(len(state.layers), np.nan)
    values: Floats = series[_nearest(state.probe_steps, step)].astype(np.float64)
    return values


def broken_layers(view: View, trial: int, measure: str, step: int) -> NDArray[np.bool_]:
    """The layers whose measure was NaN or infinite about a step, `[layers]`; that a layer has no such measure is no harm."""
    found = grid(view, trial, measure)
    column = int(np.searchsorted(found.starts, step, side="right")) - 1
    if not 0 <= column < len(found.broken):
        return np.zeros(found.broken.shape[1], np.bool_)
    broken: NDArray[np.bool_] = found.broken[column]
    return broken


def lacks_gradient(view: View, trial: int, step: int, layer: int) -> bool:
    """Whether the weights of a layer of a recorded loop had no gradient at all at the probe nearest to a step."""
    state = view.state.trials[trial]
    missing = state.probe(MISSING)
    if missing is None or not len(missing):
        return False
    return bool(missing[_nearest(state.probe_steps, step)][layer] == 1)


def histogram_at(view: View, trial: int, step: int, layer: int) -> tuple[NDArray[np.int64], int] | None:
    """A layer's gradients counted by powers of two, `[bins]`, and how many are exactly zero.

    Of the last histogram kept at or before a step; `None` where there is none, or the layer has no weights.
    """
    state = view.state.trials[trial]
    found = state.histogram(step)
    has_weights = layer < len(state.layers) and state.layers[layer].weight is not None
    if found is None or not has_weights or len(found.counts) != len(state.layers):
        return None
    return found.counts[layer].astype(np.int64), int(found.zeros[layer])


def _nearest(steps: list[int], step: int) -> int:
    """The place of the step nearest to one, of the earlier of two."""
    after = bisect_left(steps, step)
    if after in {0, len(steps)}:
        return min(after, len(steps) - 1)
    return after - 1 if step - steps[after - 1] <= steps[after] - step else after
