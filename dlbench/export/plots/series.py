"""Which series a picture of curves shows, by the names that people give them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlbench.errors import UsageError, hint
from dlbench.export.plots.entries import Entry
from dlbench.metrics.metric import LOGGED
from dlbench.metrics.names import BATCH_LOSS, EVALUATED, SPLITS
from dlbench.state.trial_state import loss_of, score_of

TITLES = {"rmse": "RMSE", "mae": "MAE", "r2": "R²"}
"""How a metric is written where not by its name."""


def title_of(metric: str) -> str:
    """`loss`, `accuracy`, `RMSE`."""
    return TITLES.get(metric, metric)


def metric_of(series: str) -> str:
    """What a series is of: `loss` of `test_loss`; what a recorded loop logs under a name of its own is itself."""
    return series if series in LOGGED else series.rpartition("_")[2]


def split_of(series: str) -> str:
    """What data it is about: `test` of `test_loss`, `batch` of `batch_loss`; of a name of one's own nobody knows."""
    return "" if series in LOGGED else series.rpartition("_")[0]


def shown_series(entries: Sequence[Entry], asked: Sequence[str]) -> list[list[str]]:
    """The series of each metric that were asked for, without any those of loss and score; a metric alone means all its splits.

    Raises UsageError where one is not known, or the run has none of it.
    """
    there = [name for name in _known() if _is_there(entries, name)]
    if not there:
        raise UsageError("nothing has been evaluated in this run, so there are no curves to draw")
    trials = [trial for entry in entries for trial in entry.trials]
    found: dict[str, list[str]] = {}
    for name in asked or (loss_of(trials), score_of(trials)):
        for series in _series(name, there):
            found.setdefault(metric_of(series), []).append(series)
    return [list(dict.fromkeys(own)) for own in found.values()]


def _known() -> list[str]:
    return [*(f"{split}_{metric}" for metric in EVALUATED for split in SPLITS), BATCH_LOSS, *LOGGED]


def _series(name: str, there: Sequence[str]) -> list[str]:
    own = [one for one in there if one == name or (metric_of(one) == name and split_of(one) in SPLITS)]
    if not own:
        names = list(dict.fromkeys([*map(metric_of, there), *there]))
        others = hint(name, names, f"there are {', '.join(names)}")
        raise UsageError(f"this run has no curve of '{name}'{others}")
    return own


def _is_there(entries: Sequence[Entry], series: str) -> bool:
    return any(np.isfinite(trial.curve(series)).any() for entry in entries for trial in entry.trials)
