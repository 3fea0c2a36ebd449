"""Arrays as tiles of whole pixels under a caption, with the scale of their colours beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.page import LETTER, MARGIN, Page
from dlbench.export.plots.style import DPI, Look
from dlbench.metrics.format import MINUS
from dlbench.words.number_format import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats: TypeAlias = NDArray[np.floating]
Pixels: TypeAlias = NDArray[np.uint8]

NEGATIVE, ZERO, POSITIVE = (0, 44, 140), (164, 164, 164), (255, 190, 60)
"""Blue, grey and orange, which differ for colour-blind eyes too, and are dark, middle and light."""
BROKEN = (214, 0, 120)
"""NaN and infinity."""
GAP = 4
"""Pixels between tiles."""
TILE = 112
"""Pixels across that an image gets about, enlarged by a whole number."""
BETWEEN = 28
"""Pixels between sheets beside each other."""
LINE = 32
"""Pixels that a line of text takes."""
FOOT = 56
"""Pixels beneath the sheets: the scale."""
BAR = (240, 16)


@dataclass(frozen=True)
class Sheet:
    """Tiles of pixels `[height, width, 4]`, and what stands above them."""

    pixels: Pixels
    told: str


@dataclass(frozen=True)
class ColorBar:
    """Colours `[colours, 3]` from the lowest to the highest value."""

    low: float
    colors: Pixels
    high: float


def signed_pixels(weights: Floats, limit: float) -> Pixels:
    """Weights as colours, `[...]` to `[..., 3]`: blue at -`limit`, grey at zero, orange at `limit`, beyond these as there."""
    places = np.clip(np.nan_to_num(weights) / limit, -1, 1)[..., np.newaxis]
    ends = np.where(places < 0, NEGATIVE, POSITIVE)
    return _with_broken(np.abs(places) * ends + (1 - np.abs(places)) * ZERO, np.isfinite(weights))


def plain_pixels(values: Floats, low: float, high: float) -> Pixels:
    """Pixels as greys, `[...]` to `[..., 3]`: black at `low`, white at `high`."""
    places = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1)[..., np.newaxis]
    return _with_broken(255 * places * np.ones(3), np.isfinite(values))


def color_pixels(values: Floats, low: float, high: float) -> Pixels:
    """Images `[..., 3, height, width]` in their own colours, `[..., height, width, 3]`."""
    last = np.moveaxis(values, -3, -1)
    places = np.clip((np.nan_to_num(last) - low) / (high - low), 0, 1)
    return _with_broken(255 * places, np.logical_and.reduce(np.isfinite(last), axis=-1))


def _with_broken(colors: Floats, known: NDArray[np.bool_]) -> Pixels:
    found: Pixels = np.where(known[..., np.newaxis], np.rint(colors), BROKEN).astype(np.uint8)
    return found


def factor_of(image: Floats) -> int:
    """By how much an image `[..., height, width]` is enlarged."""
    longest: int = max(image.shape[-2:])
    return max(round(TILE / longest), 1)


def tiled(tiles: Pixels, columns: int, factor: int) -> Pixels:
    """Images `[tiles, height, width, 3]` enlarged and side by side, row after row, `[..., 4]`: between them one sees through."""
    large = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    count, height, width, _ = large.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 4), np.uint8)
    for index, each in enumerate(large):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = np.pad(each, ((0, 0), (0, 0), (0, 1)), constant_values=255)
    return sheet


def hang(sheets: Sequence[Sheet], title: str, bar: ColorBar, look: Look) -> Page:
    """Sheets side by side under a title, each at the size of its own pixels; beneath them what their colours mean."""
    from matplotlib.figure import Figure

    letters, margin = Lettering(), round(MARGIN * DPI)
    least = round(40 * LETTER * DPI)
    widths = [max(sheet.pixels.shape[1], least) for sheet in sheets]
    told = [letters.lines(sheet.told, round(width / DPI / LETTER)) for sheet, width in zip(sheets, widths, strict=True)]
    lines = max(text.count("\n") for text in told) + 1
    head = margin + (round(1.3 * LINE) if look.is_titled else 0) + LINE * lines
    width = max(sum(widths) + BETWEEN * (len(sheets) - 1), 2 * BAR[0])
    height = head + max(len(sheet.pixels) for sheet in sheets) + FOOT
    figure = Figure(((width + 2 * margin) / DPI, height / DPI), dpi=DPI)
    if look.is_titled:
        _write(figure, margin, margin, letters(title), fontsize=10, weight="bold")
    left = margin
    for sheet, own, text in zip(sheets, widths, told, strict=True):
        _write(figure, left, head - LINE * lines, text, fontsize=8, color=look.theme.faint, linespacing=1.35)
        figure.figimage(sheet.pixels, left, height - head - len(sheet.pixels), origin="upper")
        left += own + BETWEEN
    _draw_bar(figure, bar, margin, height - FOOT + 22)
    return Page(figure, f"{title}: {'; '.join(sheet.told for sheet in sheets)}", letters, look.theme, height / DPI)


def _write(figure: Figure, left: float, top: float, text: str, **looks: Any) -> None:
    """A text whose upper left corner is at some pixels from that of the figure."""
    width, height = figure.get_size_inches() * DPI
    figure.text(left / width, 1 - top / height, text, va=looks.pop("va", "top"), **looks)


def _draw_bar(figure: Figure, bar: ColorBar, left: int, top: int) -> None:
    """The scale: its lowest value, its colours, its highest."""
    low = number(bar.low).replace("-", MINUS)
    start = left + round((len(low) + 1) * LETTER * DPI)
    places = np.linspace(0, len(bar.colors) - 1, BAR[0]).round().astype(int)
    height = round(figure.get_figheight() * DPI)
    figure.figimage(
        np.repeat(bar.colors[np.newaxis, places], BAR[1], axis=0), start, height - top - BAR[1], origin="upper"
    )
    middle = top + BAR[1] / 2
    _write(figure, left, middle, low, fontsize=8, va="center")
    _write(figure, start + BAR[0] + LETTER * DPI, middle, number(bar.high), fontsize=8, va="center")
