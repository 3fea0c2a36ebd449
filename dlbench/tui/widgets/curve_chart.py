"""Curves over steps: the loss or a score, of a trial, of its seeds, or of every variant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlbench.plan import choice_text
from dlbench.tui.charts.curves import DrawnCurves as Drawn
from dlbench.tui.charts.curves import curves
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.trace import Series
from dlbench.tui.model.curves import curve_series, metric_of, pair_names
from dlbench.tui.model.focus import Curves
from dlbench.tui.model.trials import name_of
from dlbench.tui.widgets.chart import Chart, ChartPoint, entitle
from dlbench.tui.widgets.lookup import is_moving, marked_steps
from dlbench.tui.widgets.notices import missing_curves

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

WORDS = {"loss": "Loss", "accuracy": "Accuracy", "rmse": "RMSE"}


class CurveChart(Chart):
    """One of the two sets of curves; `beneath` pictures of probes it has their axis of steps.

    Beneath those, and where the trial alone is wanted, it has the curves of the trial beside it as well.
    """

    def __init__(self, what: Curves, *, beneath: bool = False) -> None:
        super().__init__(classes=f"frame {what}")
        self.what = what
        self._is_beneath = beneath
        self._drawn: Drawn | None = None
        self._series: list[Series] = []
        self._scale: ValueScale | None = None
        self._subject: tuple[object, ...] = ()

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The curves, with a hair line where the cursor is held; in words why there are none yet."""
        logarithmic = view.focus.log and self.what == "loss"
        metric = metric_of(self.what, view.state.trials[view.focus.trial])
        head = f"{WORDS.get(metric, metric)}{' (log)' if logarithmic else ''}"
        log_steps = view.focus.log_steps if self._is_beneath else view.focus.log_curve_steps
        is_pair = (self._is_beneath or view.focus.spread == "trial") and len(pair_names(view)) > 1
        self._series = curve_series(view, self.what, log_steps=log_steps, pair=is_pair)
        of = " and ".join(pair_names(view).values()) if is_pair else whose(view, self._series)
        entitle(self, f"{head} · {of}", head, below="log steps" if log_steps else "")
        self._drawn = None
        empty = missing_curves(view, view.focus.trial)
        if empty is not None:
            return self.say(empty, width, height)
        subject = (logarithmic, view.focus.spread, view.focus.trial, view.focus.beside if is_pair else None)
        self._drawn = curves(
            self._series,
            width,
            height,
            self.glyphs,
            logarithmic=logarithmic,
            title="",
            cursor=view.focus.step,
            marks=marked_steps(view, view.focus.trial),
            before=self._scale if subject == self._subject and is_moving(view) else None,
            log_steps=log_steps,
        )
        self._subject, self._scale = subject, self._drawn.scale
        return self._drawn.picture

    def place(self, column: int, row: int) -> ChartPoint | None:
        """The step of a column."""
        step = self._drawn.at(column, row) if self._drawn else None
        return None if step is None else ChartPoint(step=step)

    def columns(self) -> list[int]:
        """The evaluations, the first of each column."""
        if self._drawn is None:
            return []
        steps = sorted({int(step) for series in self._series for step in series.steps}, reverse=True)
        return sorted({self._drawn.frame.cell(step): step for step in steps}.values())


def whose(view: View, series: Sequence[Series]) -> str:
    """Whose curves are drawn, in words."""
    trial = view.info.plan.trials[view.focus.trial]
    if view.focus.spread == "band":
        return "every variant, mean and band" if all(one.is_band for one in series) else "every variant's mean"
    if view.focus.spread == "trial":
        return name_of(trial)
    return ", ".join(filter(None, (trial.variant, choice_text(trial.choice), "every seed")))
