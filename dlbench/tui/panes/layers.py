"""Layers: one step, every layer: its measure as a bar, its activations in numbers, the gradients of one as a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from dlbench.tui.model.rows import shown_rows
from dlbench.tui.model.series import probe_steps
from dlbench.tui.panes.base import TALL, Pane
from dlbench.tui.panes.cursor import ChartCursor
from dlbench.tui.widgets.grad_histogram import GradHistogram
from dlbench.tui.widgets.layer_bars import LayerBars
from dlbench.tui.widgets.layer_table import LayerTable

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

BESIDE_ROWS = 4
"""Rows that bars need beside those of the layers: their frame, and their axis."""
SHEET_ROWS = 3
"""Rows that the sheet needs beside those of the layers: its frame, and its heads."""
HISTOGRAM = (6, 10)
"""Rows that the histogram takes under it, from what layers leave."""


class LayersPane(Pane):
    """The net as it was at the cursor's step, or as it is now."""

    NAME: ClassVar[str] = "layers"
    TITLE: ClassVar[str] = "Layers"
    HELP: ClassVar[str] = """\
All layers at one step, the output on top and the input at the bottom. The **bars** are the chosen measure of every layer, at
first the gradient norm, on an axis on which every line is a power of ten; the tick beside a bar is its **update/weight
ratio**, how far that step moved the weights as a share of their norm. The **histogram** takes one layer apart: how many of
its weights have a gradient of which size, by powers of two; exact zeros are counted apart. The **table** tells what each
layer passes on, over the units and the examples of that step's batch.

- **Bars that shrink downwards by the same length each**: the gradient is multiplied by about the same factor in every layer,
  the mark of a gradient that vanishes. Count how many powers of ten are lost from top to bottom.
- **Update/weight** around 1e-3 is usual. Below 1e-6 a layer stands still whatever its gradient; above 1e-1 it is thrown
  about.
- **A histogram that wanders to the left** during the training: gradients shrink. Two hills, one of them at zero: some units
  are off and get no gradient.
- **std** is how much a layer's output varies. It should stay of one size from layer to layer: shrinking means that
  the signal dies on its way forward, growing that it explodes. Xavier's and He's initializations are made to keep it.
- **zeros**: the share of outputs that are exactly 0. About a half is usual with ReLU; near 100 % is a dead layer, through
  which no gradient passes.
- **saturated**: the share of outputs within 1 % of the ends of tanh or sigmoid, where the slope is almost 0. There is none
  for ReLU and other functions without two ends to be stuck at.
- **Rows `t=1`, `t=2`...** are a recurrent layer's state after each step of time: their gradient is the loss's by that state,
  their histogram that of the layer's weights. `r` shows these rows alone, or the layers alone.
- Where there are too few rows for bars and table, both are one table, the bar first, the histogram below. Where layers are
  left out of it, `+ 5 more` says so; the first and the last one stay.
- The left and right arrows go through the training step by step; up and down choose the layer.
"""
    DEFAULT_CSS = """
    LayersPane {
        .above { height: 1fr; }
        .above LayerBars { width: 3fr; }
        GradHistogram { width: 2fr; }
        LayerTable { height: 1fr; }
        .sheet { height: 1fr; display: none; }
        .sheet LayerBars { width: 1fr; }
        .sheet LayerTable { width: 41; }
        &.-sheet {
            .sheet { display: block; }
            .above { dock: bottom; }
            .above LayerBars, LayerTable.frame { display: none; }
            GradHistogram { width: 1fr; }
        }
        &.-sheet.-wide .sheet LayerTable { width: 66; }
        &.-low .above { display: none; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._below: int | None = None
        self.cursor = ChartCursor(self, lambda view: probe_steps(view, view.focus.trial))

    def compose(self) -> ComposeResult:
        """Bars and histogram above the table; where these would leave layers out, bars and table are one, the histogram below."""
        with Horizontal(classes="sheet frame"):
            yield LayerBars(in_table=True)
            yield LayerTable(beside=True)
        with Horizontal(classes="above"):
            yield LayerBars()
            yield GradHistogram()
        yield LayerTable()

    def show(self, view: View) -> None:
        """Choose the layout in which most layers have a row, and draw it."""
        room = self.size.height // 2 - BESIDE_ROWS
        layers = len(shown_rows(view, view.focus.trial).names)
        is_sheet = self.size.height < TALL or layers > room
        self.set_class(is_sheet, "-sheet")
        below = min(max(self.size.height - layers - SHEET_ROWS, HISTOGRAM[0]), HISTOGRAM[1])
        height = below if is_sheet else None
        if height != self._below:
            self._below = height
            self.query_one(".above").styles.height = height
        super().show(view)
