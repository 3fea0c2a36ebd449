"""Metrics that a recorded loop has logged under names of its own: nobody here knows which way is better, unless that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Literal, cast

from dlbench.metrics import several
from dlbench.metrics.catalog import last_of
from dlbench.metrics.metric import LOGGED, METRICS, Metric
from dlbench.metrics.names import BATCH_LOSS, CLIPPED_FRACTION, LEARNING_RATE

OURS = frozenset({BATCH_LOSS, CLIPPED_FRACTION, LEARNING_RATE, "difference", "epoch", "seconds"})
"""Fields beside the curves of which dlbench knows what they are, or whose names its tables need."""

DIRECTIONS = ("higher", "lower")


def logged_metric(name: str, better: str | None = None) -> Metric:
    """The metric that is the last number which was logged under this name."""
    direction = cast("Literal['higher', 'lower'] | None", better if better in DIRECTIONS else None)
    return Metric(
        name,
        f"{name}, as the recorded loop logged it last.",
        partial(last_of, name),
        direction,
        ".4g",
        "",
        several=partial(several.last_of, name),
    )


def know_logged(names: Iterable[str], better: Mapping[str, str]) -> list[str]:
    """Make what was logged known in place of what an earlier report did; returns the names that are no metric of ours, in order."""
    own = [name for name in dict.fromkeys(names) if name not in METRICS.keys() | OURS]
    LOGGED.clear()
    LOGGED.update({name: logged_metric(name, better.get(name)) for name in own})
    return own
