"""What a report asks of recordings: no recipe says what is compared, so it follows from what was logged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.comparison import SHOWN
from dlbench.metrics.logged import know_logged
from dlbench.metrics.metric import METRICS
from dlbench.metrics.names import CURVES, ENSEMBLE

if TYPE_CHECKING:
    from dlbench.plan.questions import Compare, Questions
    from dlbench.state.run_state import RunState

DECIDING = (
    "test_accuracy",
    "test_rmse",
    "test_loss",
    "validation_accuracy",
    "validation_rmse",
    "validation_loss",
    "train_accuracy",
    "train_rmse",
    "train_loss",
)
"""What is compared where nobody has said: the first of these that was logged."""

_SOLVING, _TRAIN = ("solved", "steps_to_solve"), SHOWN.index("train_accuracy")
COLUMNS = (*SHOWN[:_TRAIN], "validation_accuracy", "validation_rmse", "validation_loss", *SHOWN[_TRAIN:])
"""The columns of a recorded table: validation data are as good as any where nobody selects by them."""


def logged_names(state: RunState) -> list[str]:
    """The names under which any recording has logged numbers, in the order of their first times."""
    named = [
        name
        for stack in state.stacks
        for name in stack.metrics.fields
        if (series := stack.metrics.series(name)) is not None and series.ndim == 2
    ]
    return list(dict.fromkeys(named))


def asked_of_recordings(state: RunState, questions: Questions) -> Compare:
    """The comparison with its metric, its baseline (the first of several variants) and its columns filled in, ours before others.

    What was logged under other names, or is asked for, is known as a metric from now on: it may be logged later.
    """
    compare, names = questions.compare, logged_names(state)
    asked = [compare.metric, compare.select, *(column.partition("@")[0] for column in compare.columns or [])]
    asked += [claim.metric for claim in questions.claims if not claim.is_of_findings]
    own = know_logged([name for name in (*names, *filter(None, asked)) if name not in ENSEMBLE], questions.better)
    variants = list(dict.fromkeys(candidate.variant for candidate in state.plan.candidates))
    first = next((name for name in (*DECIDING, *own) if name in names), None)
    return replace(
        compare,
        metric=compare.metric or first,
        baseline=compare.baseline or (variants[0] if len(variants) > 1 else None),
        columns=compare.columns or [*(name for name in COLUMNS if compare.solved or name not in _SOLVING), *own],
    )


def notes_on_recordings(state: RunState, compare: Compare) -> Iterator[str]:
    """What must be said of recordings: that some cannot be paired, and numbers that cannot be what their name says."""
    unseeded = sum(not trial.plan.is_seeded for trial in state.trials)
    if unseeded and compare.baseline is not None:
        have = "has" if unseeded == 1 else "have"
        which = "the recordings have" if unseeded == len(state.trials) else f"{unseeded} of the recordings {have}"
        yield (
            f"{which} no seed, so differences of their variants are between the means of independent runs (Welch's interval), "
            "which is mostly wider than that of pairs; record with seed= to pair them"
        )
    for name in CURVES:
        high = METRICS[name].quantity.bounds.high
        found = [trial.curve(name) for trial in state.trials if name in trial.stack.metrics.fields]
        if high == 1.0 and any(np.nanmax(curve, initial=0.0) > high for curve in found):
            yield f"{name} was logged with numbers above 1, but is a share: its intervals end at 1, so log 0.98 and not 98"
