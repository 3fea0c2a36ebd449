"""The loss and a score over the training: of every variant, as mean and range over its seeds."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.aligned import Aligned
from dlbench.errors import UsageError
from dlbench.export.plots.axes import entitle, figure, image_of, lettered
from dlbench.export.plots.base import PLOTS, Asked
from dlbench.metrics.names import LOSS
from dlbench.plan import choice_text
from dlbench.state.selection import chosen_trials
from dlbench.state.trial_state import score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from PIL.Image import Image

    from dlbench.state.trial_state import TrialState

TITLES = {"rmse": "RMSE"}
SPLITS = {"train": "-", "test": "--"}
"""How each is drawn."""
MOST = 20
"""Curves that can be told apart at all."""


@PLOTS.add()
def curves(asked: Asked) -> Image:
    """Loss and score (accuracy or RMSE) over the steps, train solid, test dashed: each variant's mean and its seeds' range."""
    trials = [
        one for one in chosen_trials(asked.state, asked.choice.variant) if asked.choice.seed in {None, one.plan.seed}
    ]
    groups = [list(own) for _, own in groupby(sorted(trials, key=_candidate), key=_candidate)]
    if len(groups) > MOST:
        raise UsageError(
            f"there are {len(groups)} candidates, too many curves to tell apart; choose one with --variant"
        )
    drawn = figure(10, 4.6)
    score = score_of(trials)
    both = dict(zip((LOSS, score), drawn.subplots(1, 2), strict=True))
    found = [
        _draw(axes, own, f"{split}_{measure}", number, split)
        for measure, axes in both.items()
        for number, own in enumerate(groups)
        for split in SPLITS
    ]
    if not any(found):
        raise UsageError("nothing has been evaluated in this run, so there are no curves to draw")
    for measure, axes in both.items():
        axes.set(xlabel="step", ylabel=measure)
        axes.grid(alpha=0.3)
    _draw_decades(both[LOSS])
    _draw_legend(both[score], groups)
    title = f"Loss and {TITLES.get(score, score)} of {asked.state.plan.recipe}"
    entitle(drawn, both[LOSS], title, "train solid, test dashed; mean and range of the seeds")
    return image_of(drawn, title)


def _candidate(trial: TrialState) -> int:
    return trial.plan.candidate


def _draw_decades(axes: Axes) -> None:
    """A logarithmic axis with plain numbers."""
    from matplotlib.ticker import LogFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))


def _draw(axes: Axes, trials: Sequence[TrialState], name: str, number: int, split: str) -> bool:
    """One curve; whether there is any of it."""
    points = []
    for trial in trials:
        values = trial.curve(name)
        known = np.isfinite(values)
        points.append((np.array(trial.steps, np.int64)[known], values[known]))
    found = Aligned.of(points)
    if len(found.steps):
        color = f"C{number}"
        axes.plot(found.steps, found.mean, SPLITS[split], color=color, linewidth=1.4)
        if len(trials) > 1:
            axes.fill_between(found.steps, found.low, found.high, color=color, alpha=0.15, linewidth=0)
    return bool(len(found.steps))


def _draw_legend(axes: Axes, groups: Sequence[Sequence[TrialState]]) -> None:
    """Each variant with its colour, and how many of its seeds diverged."""
    from matplotlib.lines import Line2D

    texts = [lettered(_name(own)) for own in groups]
    lines = [Line2D([], [], color=f"C{number}") for number in range(len(groups))]
    legend = axes.legend(lines, [" "] * len(lines), fontsize=8, loc="best")
    # Its own texts would take a name that begins with _ for none at all.
    for shown, text in zip(legend.get_texts(), texts, strict=True):
        shown.set(text=text["t"], fontfamily=text.get("fontfamily"))


def _name(trials: Sequence[TrialState]) -> str:
    plan, lost = trials[0].plan, sum(trial.diverged_at is not None for trial in trials)
    name = ", ".join(filter(None, (plan.variant, choice_text(plan.choice))))
    return f"{name} ({lost} of {len(trials)} diverged)" if lost else name
