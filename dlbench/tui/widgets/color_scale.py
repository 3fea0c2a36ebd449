"""The scale beside a picture of values: which colour stands for which number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures import MEASURES
from dlbench.tui.charts.color_scale import color_scale
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.widgets.chart import Chart

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class ColorScale(Chart):
    """The colours of the focus's measure from high to low."""

    def __init__(self) -> None:
        super().__init__()
        self.scale: ValueScale | None = None
        """What the colours span; the pane sets it."""

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The colours with their numbers."""
        if self.scale is None:
            return Picture.blank(width, height)
        return color_scale(self.scale, height, self.glyphs, MEASURES[view.focus.measure].symbol)
