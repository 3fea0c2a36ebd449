"""Tiles in pixels, where the terminal shows images: kitty's protocol or sixel, by textual-image."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from rich.control import Control
from rich.segment import ControlType, Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dlbench.tui.app_base import dashboard
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.tiles import Dots, Tiles

if TYPE_CHECKING:
    from dlbench.tui.charts.picture import Inks
    from dlbench.tui.themes import Palette

DOT = 2
"""Pixels of a dot, across and down."""
PRINTS_QUESTIONS = ("Apple_Terminal",)
"""Terminals, by TERM_PROGRAM, that print the question whether they show images instead of answering it."""

ImageMaker: TypeAlias = Callable[[], Any]
"""Makes a widget whose `image` is one of Pillow's."""


def image_maker(environment: Mapping[str, str] = os.environ) -> ImageMaker | None:
    """What shows images in this terminal; `None` where it shows none, or the extra `images` is not installed.

    textual-image asks the terminal, once, and before Textual reads from it.
    """
    if environment.get("TERM_PROGRAM") in PRINTS_QUESTIONS or environment.get("TERM", "").startswith("linux"):
        return None
    try:
        from textual_image.renderable import Image, SixelImage, TGPImage
        from textual_image.widget import TGPImage as KittyTiles
    except ModuleNotFoundError:
        return None
    if Image is SixelImage:
        return SixelTiles
    return KittyTiles if Image is TGPImage else None


class SixelTiles(Widget):
    """An image as sixels, which are sent whole whatever part of it is to be drawn anew: text around it may have wiped out some."""

    def __init__(self) -> None:
        super().__init__()
        self._image: Any = None
        self._sixels = ""

    @property
    def image(self) -> Any:
        """The image, one of Pillow's."""
        return self._image

    @image.setter
    def image(self, image: Any) -> None:
        """Show another one, in the size that the styles say."""
        from textual_image.renderable import SixelImage

        columns, rows = self.styles.width, self.styles.height
        assert columns is not None
        assert rows is not None
        drawn = self.app.console.render(SixelImage(image, int(columns.value), int(rows.value)))
        self._image, self._sixels = image, next(one.text for one in drawn if "\x1bP" in one.text)
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Steps over the cells; the last line goes back to the first cell, draws, and comes back again."""
        over = Strip([_code(f"\x1b[{crop.width}C")], crop.width)
        if not self._sixels or not self.screen.is_active:
            return [over] * crop.height
        place = self.region
        begin = Control.move_to(place.x, place.y).segment.text
        end = Control.move_to(place.x + crop.right, place.y + crop.bottom - 1).segment.text
        return [over] * (crop.height - 1) + [Strip([_code(begin), _code(self._sixels), _code(end)], crop.width)]


def _code(text: str) -> Segment:
    """What the terminal obeys and no filter looks at."""
    return Segment(text, control=((ControlType.CURSOR_FORWARD, 0),))


class TileImages:
    """The image inside of a chart of tiles. Where there can be none the chart draws its tiles in cells."""

    def __init__(self, chart: Widget) -> None:
        self._chart = chart
        self._image: Any = None
        self._shown: Inks | None = None
        self._palette: Palette | None = None

    def compose(self) -> Iterator[Widget]:
        """The image, where the terminal shows any."""
        made = dashboard(self._chart).options.images
        if made is not None:
            self._image = made()
            self._image.display = False
            # Its letters are codes of the terminal's, which the filters of texts would take away.
            self._image.get_line_filters = list
            yield self._image

    @property
    def dots(self) -> Dots | None:
        """How many dots a cell has; `None` where tiles are drawn in cells."""
        if self._image is None or not dashboard(self._chart).glyphs.in_colour:
            return None
        from textual_image.widget import get_cell_size

        width, height = get_cell_size()
        return Dots(max(width // DOT, 1), max(height // DOT, 1))

    def show(self, tiles: Tiles | None) -> None:
        """Put tiles into the image; without dots there is none."""
        found, size = None if tiles is None else tiles.dots, self.dots
        if self._image is None:
            return
        if tiles is None or found is None or size is None or not found.size:
            self._image.display, self._shown = False, None
            return
        rows, columns = found.shape[0] // size.down, found.shape[1] // size.across
        room = tiles.picture
        self._image.styles.width, self._image.styles.height = columns, rows
        self._image.styles.offset = ((room.width - columns) // 2, max((room.height - 1 - rows) // 2, 0))
        palette = dashboard(self._chart).appearance.palette
        if self._shown is None or palette is not self._palette or not np.array_equal(found, self._shown):
            self._shown, self._palette = found, palette
            self._image.image = pixels(found, palette)
        self._image.display = True


def pixels(dots: Inks, palette: Palette) -> Any:
    """An image of Pillow's, in which each dot is a square of its ink's colour; what has none is the theme's background."""
    from PIL.Image import fromarray
    from textual.color import Color

    background = Color.parse(palette.textual.background or "#000000").rgb
    inks = [style.color.get_truecolor() if style.color else (0, 0, 0) for style in palette.styles]
    table = np.array([background, *inks], np.uint8)
    return fromarray(np.repeat(np.repeat(table[dots.astype(int) - Ink.NONE], DOT, axis=0), DOT, axis=1))
