"""Schedules that follow evaluations: how each trial of a stack stands under its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.engine.early_stopping import NEVER, Losses
from dlbench.parts.schedules import adaptive
from dlbench.parts.schedules.base import Standing


class Plateaus:
    """Holds a stack's trials against their adaptive schedules, evaluation by evaluation; nothing where no schedule is one.

    `factors` are those on the learning rates, `[trials]`. A trial's depends on its own evaluations alone.
    """

    def __init__(self, trains: Sequence[Mapping[str, Any]]) -> None:
        """`trains` are the `[train]` settings of the trials."""
        self._schedules = [adaptive(train["schedule"]) for train in trains]
        self._standings = [Standing() for _ in trains]
        self._judged = NEVER

    @property
    def factors(self) -> list[float]:
        """What the evaluations so far have made of each learning rate, as a factor."""
        return [standing.factor for standing in self._standings]

    def judge(
        self, step: int, metrics: Mapping[str, Losses | None], rates: Sequence[float], is_idle: NDArray[np.bool_]
    ) -> bool:
        """Take note of the evaluation before `step`; returns whether any factor has changed by it.

        `metrics` are `[trials]` each, `rates` the learning rates without factors; `is_idle` `[trials]` train no more.
        """
        if step <= self._judged:  # a stack that is taken up again at step 0 is evaluated there once more
            return False
        self._judged = step
        before = self.factors
        for trial, schedule in enumerate(self._schedules):
            if schedule is not None and not is_idle[trial]:
                values = metrics[schedule.metric]
                assert values is not None, "the recipe's check asks for validation data"
                standing = self._standings[trial]
                self._standings[trial] = schedule.after(standing, float(values[trial]), rates[trial])
        return self.factors != before

    # --- surviving ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """How far every trial has come, as plain data; empty where no schedule follows evaluations."""
        if not any(self._schedules):
            return {}
        rows = [asdict(standing) for standing in self._standings]
        return {"judged": self._judged, **{one.name: [row[one.name] for row in rows] for one in fields(Standing)}}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `state` left it."""
        if saved:
            self._judged = saved["judged"]
            columns = (saved[one.name] for one in fields(Standing))
            self._standings = [Standing(*row) for row in zip(*columns, strict=True)]
