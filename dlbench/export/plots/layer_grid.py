"""One measure of a trial's layers over its steps as a grid of cells: what was measured, what broke, what was never trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.aligned import Floats
from dlbench.measures.base import Measure
from dlbench.measures.names import TIME
from dlbench.state.trial_state import TrialState

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class LayerGrid:
    """`values` `[probes, layers]`, NaN where there is none; each probe's cells last from `edges[i]` to `edges[i + 1]`."""

    names: list[str]
    """Of the layers that have such a measure, from the input up."""
    edges: Floats
    values: Floats
    broken: Marks
    """What was NaN or infinite, and all from the step on at which the trial diverged."""
    has_diverged: bool = False

    @property
    def zero(self) -> Marks:
        """What is exactly zero."""
        found: Marks = self.values == 0
        return found

    @classmethod
    def of(cls, trial: TrialState, measure: Measure) -> LayerGrid | None:
        """The grid of a trial; `None` where it was not probed, or no layer has such a measure."""
        values, witness = (_probed(trial, name) for name in (measure.name, measure.witness))
        if values is None or not len(values):
            return None
        witness = values if witness is None else witness
        has = np.array([measure.of == "weights" and layer.weight is not None for layer in trial.layers], np.bool_)
        has |= np.isfinite(witness).any(axis=0) & np.isfinite(values).any(axis=0)
        if not has.any():
            return None
        steps, idle = np.array(trial.probe_steps, np.float64), trial.idle_from
        is_trained = steps < (np.inf if idle is None else idle)
        # What a layer has only sometimes, as an update of weights that are all zero, is no fault: its witness tells that.
        broken = (~np.isfinite(witness) | np.isinf(values)) & is_trained[:, np.newaxis]
        names = [_name(trial, place) for place in np.flatnonzero(has).tolist()]
        grid = cls(names, np.append(steps, _last_edge(steps, trial.stack.steps)), values[:, has], broken[:, has])
        return grid if trial.diverged_at is None else grid.diverged(trial.diverged_at, trial.stack.steps)

    def diverged(self, step: int, until: int) -> LayerGrid:
        """The same, broken from a step on to the end of the training, which nothing else tells of."""
        starts = self.edges[:-1]
        kept = int((starts < step).sum())
        edges = np.array([*starts[:kept], step, max(until, step + 1)], np.float64)
        values = np.vstack([self.values[:kept], np.full((1, len(self.names)), np.nan)])
        broken = np.vstack([self.broken[:kept], np.ones((1, len(self.names)), np.bool_)])
        return LayerGrid(self.names, edges, values, broken, has_diverged=True)


def ends_of(grids: Sequence[LayerGrid], measure: Measure) -> tuple[float, float] | None:
    """The lowest and the highest value that colours tell apart, over several grids; `None` where there is no such value.

    What explodes before it is no number any more would leave all others one colour, so that it counts only where all diverged.
    """
    if measure.bounds is not None:
        return measure.bounds
    telling = [grid for grid in grids if not grid.has_diverged] or grids
    values = np.concatenate([grid.values[np.isfinite(grid.values)] for grid in telling] or [np.empty(0)])
    values = values[values > 0] if measure.is_logarithmic else values
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if low < high:
        return low, high
    return (low / 2, high * 2) if measure.is_logarithmic else (low - 0.5, high + 0.5)


def _probed(trial: TrialState, name: str) -> Floats | None:
    found = trial.probe(name)
    return None if found is None or found.shape[1:] != (len(trial.layers),) else found.astype(np.float64)


def _last_edge(steps: Floats, most: int) -> float:
    """Where the last probe's cells end: as far on as probes usually are apart, within the training."""
    apart = float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0
    return max(min(float(steps[-1]) + apart, most), float(steps[-1]) + 1)


def _name(trial: TrialState, place: int) -> str:
    """`t=5` in place of `rnn1 t=5` where there is no other recurrent layer."""
    layers = trial.layers
    owners = {layer.name.partition(" ")[0] for layer in layers if layer.kind == TIME}
    name = layers[place].name
    return name.partition(" ")[2] if layers[place].kind == TIME and len(owners) == 1 else name
