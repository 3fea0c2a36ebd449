"""Gradients: layers by steps, the whole run in one picture, with the curves of the same steps beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.containers import Horizontal

from dlbench.measures.catalog import MEASURES
from dlbench.tui.app_base import dashboard
from dlbench.tui.charts.heat_map import Grid
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.model.rows import shown_grid
from dlbench.tui.model.trials import listed
from dlbench.tui.panes.base import Pane
from dlbench.tui.panes.cursor import ChartCursor
from dlbench.tui.widgets.chart import entitle
from dlbench.tui.widgets.curve_chart import CurveChart
from dlbench.tui.widgets.grad_histogram import GradHistogram
from dlbench.tui.widgets.layer_bars import LayerBars
from dlbench.tui.widgets.layer_heat_map import ColorScale, LayerHeatMap, has_same_rows
from dlbench.tui.widgets.lookup import headline, is_moving, trial_name
from dlbench.tui.widgets.notices import missing_probes

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class GradientsPane(Pane):
    """One measure of every layer over the whole training; a second trial beside it on the same scale."""

    NAME: ClassVar[str] = "gradients"
    TITLE: ClassVar[str] = "Gradients"
    HELP: ClassVar[str] = """\
Every row is a layer, the output on top and the input at the bottom. Every column is a stretch of steps, the whole training
from left to right, on a logarithmic axis: most happens in the first steps. `z` makes it even. The colour is one number, at first
the **gradient norm**: the length of the vector of all derivatives of the loss by this layer's weights. Bright is
large, dark is small, and the scale at the right says how large: each number on it is a power of ten.
Back-propagation goes down this picture, from the output to the input.

- **Rows that darken downwards**: the gradient vanishes. Each layer multiplies it by its weights and by the slope of its
  activation; the sigmoid's slope is at most 1/4, so ten layers can shrink it a million times, and the first ones learn
  nothing.
- **Rows of one colour**: the signal gets through. This is what ReLU, a good initialization and batch norm are for.
- **Everything brightens with time**: the gradient explodes. Next come NaN or infinity, marked by a cross: the trial has
  diverged.
- **Exact zeros** have a mark of their own. A gradient of exactly 0 in every row but the last ones is a net whose units are
  all off, or whose weights were all zero: nothing will ever change there.
- **Everything darkens slowly**: often no failure, the net has learned and little is left to correct. Look at the loss
  below before you judge.
- `m` shows other measures. **Update/weight** is how far a step moved the weights, as a share of their norm: about 1e-3 is
  usual, 1e-6 is standing still, 1e-1 is wild. **Deviation** of the activations tells whether the signal survives on its
  way forward. **Zeros** are units that are off, **saturated** ones sit at the flat ends of tanh or sigmoid, where the slope
  is almost 0.
- `v` puts another variant beside this one, same seed, **same colours**: compare row by row. Names that both nets share stand
  once, and the curves below are those of the two.
- **A recurrent layer has a row for each step of time**, `t=1` the first one it reads, below the row of its weights. There the
  gradient is that of the loss by the layer's state after this step. It goes back through time as it goes down through
  layers: rows that darken towards `t=1` say that what was read first is not learnt from. `r` leaves rows out.
- One column stands for several steps where the run is long, one band for several layers where the net is deep: the lower
  border says how many. A band shows its largest value. The first and the last layer have a band of their own.
"""
    DEFAULT_CSS = """
    GradientsPane {
        .above { height: 1fr; }
        .picture { width: 1fr; }
        .under { height: 8; }
        .under GradHistogram { display: none; }
        .beside { display: none; margin-left: 1; }
        .picture.-two .beside { display: block; }
        LayerHeatMap { width: 1fr; }
        ColorScale { width: 11; margin-left: 1; }
        LayerBars { width: 40; display: none; }
        &.-wide LayerBars { display: block; }
        &.-low .under { display: none; }
        &.-tall .under { height: 30%; min-height: 11; }
        &.-tall .under GradHistogram { display: block; }
        .under > * { width: 1fr; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self.cursor = ChartCursor(self)
        self._scale: ValueScale | None = None
        self._subject: tuple[object, ...] = ()
        self._shares = (1, 1)

    def compose(self) -> ComposeResult:
        """The picture with its scale, the small charts beneath, the bars beside it on wide screens."""
        with Horizontal(classes="above"):
            with Horizontal(classes="picture frame"):
                yield LayerHeatMap()
                yield LayerHeatMap(beside=True)
                yield ColorScale()
            yield LayerBars(beside=True)
        with Horizontal(classes="under"):
            yield CurveChart("loss", beneath=True)
            yield CurveChart("score", beneath=True)
            yield GradHistogram()

    def show(self, view: View) -> None:
        """Draw the pictures on one scale, and what stands beneath."""
        pair = self._pair(view)
        self.query_one(".picture").set_class(len(pair) > 1, "-two")
        has_any = any(missing_probes(view, trial) is None for trial in pair)
        scale = self._settle(view, pair) if has_any else None
        for chart in self.query(LayerHeatMap):
            chart.scale = scale
        self.query_one(ColorScale).scale = scale
        super().show(view)
        self._share_names(view)
        self._entitle(view)

    def on_chart_resized(self) -> None:
        """The border's words follow the picture."""
        view = dashboard(self).view
        with view.lock:
            self._share_names(view)
            self._entitle(view)

    def action_range(self) -> None:
        """Colours over all that was measured, or without its extremes."""
        focus = dashboard(self).view.focus
        focus.fixed_range = not focus.fixed_range
        dashboard(self).redraw()

    def action_log_steps(self) -> None:
        """Steps by their logarithm, or evenly."""
        focus = dashboard(self).view.focus
        focus.log_steps = not focus.log_steps
        dashboard(self).redraw()

    def action_beside(self) -> None:
        """The same seed of the next variant beside this one; after the last one none."""
        view = dashboard(self).view
        view.focus.beside = following(view)
        dashboard(self).redraw()

    def _share_names(self, view: View) -> None:
        """Give two maps with one set of names the same room beside it."""
        named, bare = self.query(LayerHeatMap)
        both = named.size.width + bare.size.width
        names = named.names_room if has_same_rows(view) else 0
        wanted = (both + names, both - names) if both > names else (1, 1)
        if wanted != self._shares:
            self._shares = wanted
            named.styles.width, bare.styles.width = (f"{share}fr" for share in wanted)

    @staticmethod
    def _pair(view: View) -> list[int]:
        """The trials that are drawn; a trial is not drawn beside itself."""
        return [one for one in (view.focus.trial, view.focus.mate) if one is not None]

    def _settle(self, view: View, pair: list[int]) -> ValueScale:
        """One scale for all pictures; it stands still while the numbers fit."""
        focus, shown = view.focus, MEASURES[view.focus.measure]
        if shown.bounds is not None and not focus.fixed_range:
            return ValueScale(*shown.bounds, shown.is_logarithmic)
        grids: list[Grid] = [shown_grid(view, trial, focus.measure) for trial in pair]
        values = np.concatenate([grid.values.ravel() for grid in grids])
        subject = (*pair, focus.measure, focus.fixed_range, focus.rows)
        before = self._scale if subject == self._subject and is_moving(view) else None
        self._subject = subject
        wanted = ValueScale.spanning(values, logarithmic=shown.is_logarithmic, robust=not focus.fixed_range)
        self._scale = wanted.settled(before)
        return self._scale

    def _entitle(self, view: View) -> None:
        """What the colours mean and whose they are above, how much a cell stands for below."""
        focus, picture = view.focus, self.query_one(".picture")
        whose = "" if picture.has_class("-two") else f" · {trial_name(view, focus.trial)}"
        resolution = self.query(LayerHeatMap).first().resolution(view)
        entitle(picture, headline(focus.measure) + whose, below=resolution)


def following(view: View) -> int | None:
    """The trial to put beside the focus's next: the same seed of the candidate after the one that stands there."""
    plan, focus = view.info.plan, view.focus
    own = plan.trials[focus.trial]
    mates: dict[int, int] = {}
    for index in listed(view):
        trial = plan.trials[index]
        if trial.candidate != own.candidate and (trial.candidate not in mates or trial.seed == own.seed):
            mates[trial.candidate] = index
    count = len(plan.candidates)
    order = sorted(mates, key=lambda candidate: (candidate - own.candidate) % count)
    there = None if focus.beside is None else plan.trials[focus.beside].candidate
    later = order[order.index(there) + 1 :] if there in order else [] if there is not None else order
    return mates[later[0]] if later else None
