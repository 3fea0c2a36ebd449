"""Arrays as images for paper and screen: tiles of whole pixels under a caption, with the scale of their colours beneath."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.words.number_format import number
from dlbench.words.printable import one_line, to_ascii

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

Floats: TypeAlias = NDArray[np.floating]
Pixels: TypeAlias = NDArray[np.uint8]

NEGATIVE, ZERO, POSITIVE = (33, 102, 172), (255, 255, 255), (217, 95, 2)
"""Blue, white and orange, which differ for colour-blind eyes too (ColorBrewer)."""
BROKEN = (214, 0, 120)
"""NaN and infinity."""
GROUND, INK, FAINT = (255, 255, 255), (34, 39, 46), (106, 115, 125)
MARGIN = 16
GAP = 2
"""Pixels between tiles."""
FRAME = (214, 218, 223)
"""What is between them."""
TILE = 84
"""Pixels across that an image gets about, enlarged by a whole number."""
HEAD = 52
"""Pixels above the tiles: two lines of text."""
FOOT = 40
"""Pixels beneath: the scale."""
BAR = (180, 12)
SPACE = 6
LATIN = frozenset("·±×÷°äöüÄÖÜßéèêàâçñ")
"""Letters beyond ASCII that Pillow's own font has."""
FONTS = ("NotoSansCJK-Regular.ttc", "NotoSansKR-Regular.otf", "malgun.ttf", "AppleSDGothicNeo.ttc")
"""For names that Pillow's own font has no letters for."""


def signed_pixels(weights: Floats, limit: float) -> Pixels:
    """Weights as colours, `[...]` to `[..., 3]`: blue at -`limit`, white at zero, orange at `limit`, beyond these as there."""
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
    """Images `[tiles, height, width, 3]` enlarged and side by side, row after row, a gap between them."""
    large = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    count, height, width, _ = large.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), FRAME, np.uint8)
    for index in range(rows * columns):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = large[index] if index < count else GROUND
    return sheet


def captioned(sheet: Pixels, title: str, subtitle: str, scale: tuple[float, Pixels, float]) -> Image:
    """A sheet under its caption, its upper left corner at (`MARGIN`, `HEAD`); beneath it the scale: low, colours, high."""
    from PIL import Image, ImageDraw

    head, line = _lettered(title, 17), _lettered(subtitle, 13)
    low, high = (_lettered(number(end), 13) for end in (scale[0], scale[2]))
    widest = max(sheet.shape[1], head.width, line.width, low.width + BAR[0] + high.width + 2 * SPACE)
    image = Image.new("RGB", (widest + 2 * MARGIN, sheet.shape[0] + HEAD + FOOT), GROUND)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, 8), head.text, INK, head.font)
    draw.text((MARGIN, 30), line.text, FAINT, line.font)
    image.paste(Image.fromarray(sheet), (MARGIN, HEAD))
    left, top = MARGIN + low.width + SPACE, image.height - FOOT + 14
    bar = Image.fromarray(scale[1][np.newaxis]).resize(BAR, Image.Resampling.NEAREST)
    draw.rectangle((left - 1, top - 1, left + BAR[0], top + BAR[1]), outline=FRAME)
    image.paste(bar, (left, top))
    for at, end in ((MARGIN, low), (left + BAR[0] + SPACE, high)):
        draw.text((at, top - 2), end.text, FAINT, end.font)
    image.info["Title"] = f"{title}: {subtitle}"
    return image


@dataclass(frozen=True)
class _Line:
    """A text in a font that has its letters."""

    text: str
    font: FreeTypeFont | ImageFont

    @property
    def width(self) -> int:
        """Pixels across."""
        return math.ceil(self.font.getlength(self.text))


def _lettered(text: str, size: int) -> _Line:
    """A text in Pillow's own font; what that cannot write in one of the system's, or where it has none in ASCII."""
    text = one_line(text)
    from PIL import ImageFont

    own = ImageFont.load_default(size)
    if text.isascii() or all(letter in LATIN for letter in text if not letter.isascii()):
        return _Line(text, own)
    for name in FONTS:
        try:
            return _Line(text, ImageFont.truetype(name, size))
        except OSError:
            continue
    return _Line(to_ascii(text), own)
