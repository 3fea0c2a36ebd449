"""Several trials of one stack as metrics see them together: arrays with a column a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dlbench.measures.names import first_times
from dlbench.metrics.catalog import end_of, has_end
from dlbench.metrics.trial_view import Status, index_at
from dlbench.state.event_fields import as_written
from dlbench.state.trial_state import TrialState, before


class TrialColumns:
    """Trials of one stack as they stand; it satisfies `dlbench.metrics.trial_view.TrialsView`.

    What is told once is kept: a state that goes on needs new ones.
    """

    def __init__(self, trials: Sequence[TrialState]) -> None:
        self.trials, self._stack = trials, trials[0].stack
        self._places = np.array([trial.position for trial in trials], np.int64)
        self._curves: dict[str, NDArray[np.float64] | None] = {}
        self._ends: dict[int | None, NDArray[np.int64]] = {}
        self._norms: dict[tuple[tuple[int, ...], int | None], NDArray[np.float64] | None] = {}

    @cached_property
    def marked(self) -> frozenset[int]:
        """The places of those that may have diverged, been dropped or stopped early; all others stand as their stack does."""
        return frozenset(place for place, trial in enumerate(self.trials) if self._stack.is_marked(trial.position))

    @property
    def statuses(self) -> list[Status]:
        """Where each stands."""
        whole = self._stack.status
        return [trial.status if place in self.marked else whole for place, trial in enumerate(self.trials)]

    @property
    def steps(self) -> list[int]:
        """The steps of their evaluations, ascending."""
        return self._stack.metrics.steps

    def ends(self, at_step: int | None) -> NDArray[np.int64]:
        """The index of each trial's last evaluation, or the last up to `at_step`, `[trials]`; -1 where it has no numbers there."""
        if at_step not in self._ends:
            self._ends[at_step] = self.told(lambda trial: end_of(trial, at_step) if has_end(trial, at_step) else None)
        return self._ends[at_step]

    def told(self, tell: Callable[[TrialState], int | None]) -> NDArray[np.int64]:
        """A whole number of each trial, `[trials]`, -1 for `None`: those that stand as their stack does have the same."""
        plain = next((trial for place, trial in enumerate(self.trials) if place not in self.marked), None)
        like_all = None if plain is None else tell(plain)
        found = np.full(len(self.trials), -1 if like_all is None else like_all)
        for place in self.marked:
            own = tell(self.trials[place])
            found[place] = -1 if own is None else own
        return found

    def curve(self, name: str) -> NDArray[np.float64] | None:
        """A series `[evaluations, trials]`, NaN where there is no number; `None` where there is no such series."""
        if name not in self._curves:
            self._curves[name] = self._curve(name)
        return self._curves[name]

    def _curve(self, name: str) -> NDArray[np.float64] | None:
        series = self._stack.metrics.series(name)
        if series is None or series.ndim != 2:
            return None
        values = series[:, self._places].astype(np.float64, copy=False)
        if not self._stack.drops:
            return values
        dropped = [np.inf if (step := trial.dropped_at) is None else step for trial in self.trials]
        return np.where(np.array(self.steps)[:, np.newaxis] <= np.array(dropped), values, np.nan)

    def gradient_norms(self, at_step: int | None = None) -> NDArray[np.float64] | None:
        """Gradient norms `[trials, layers]`, NaN of trials that have none there; `None` where none has any."""
        return self._kept_norms([row for row, one in enumerate(self._stack.layers) if one.weight is not None], at_step)

    def time_gradient_norms(self, at_step: int | None = None) -> NDArray[np.float64] | None:
        """The same of the first recurrent layer's state, `[trials, times]`."""
        return self._kept_norms(first_times([layer.kind for layer in self._stack.layers]), at_step)

    def _kept_norms(self, rows: Sequence[int], at_step: int | None) -> NDArray[np.float64] | None:
        key = tuple(rows), at_step
        if key not in self._norms:
            self._norms[key] = self._gradient_norms(rows, at_step)
        return self._norms[key]

    def _gradient_norms(self, rows: Sequence[int], at_step: int | None) -> NDArray[np.float64] | None:
        series, steps = self._stack.probes.series("gradient_norm"), self._stack.probes.steps
        if series is None or series.shape[2] != len(self._stack.layers) or not rows:
            return None
        reached = self._stack.step
        at = self.told(
            lambda one: index_at(steps, before(one.idle_from, at_step), reached) if has_end(one, at_step) else None
        )
        found = np.full((len(self.trials), len(rows)), np.nan)
        for index in np.unique(at[at >= 0]).tolist():
            places = np.flatnonzero(at == index)
            found[places] = as_written(series[index][self._places[places]][:, list(rows)])
        return found


def by_stack(trials: Iterable[TrialState]) -> list[TrialColumns]:
    """Trials in columns, in their order: those of one stack that follow each other together."""
    return [TrialColumns(list(own)) for _, own in groupby(trials, key=lambda trial: trial.stack.index)]


def statuses_of(trials: Iterable[TrialState]) -> list[Status]:
    """Where trials stand, in their order: most stand as their stack does, which is asked once."""
    whole: dict[int, Status] = {}
    found = []
    for trial in trials:
        index = trial.stack.index
        if trial.stack.is_marked(trial.position):
            found.append(trial.status)
        else:
            if index not in whole:
                whole[index] = trial.stack.status
            found.append(whole[index])
    return found
