"""Which letters figures can be written with on this machine, and what stands where one cannot."""

from __future__ import annotations

import textwrap
import unicodedata
from functools import lru_cache

from dlbench.words.printable import one_line
from dlbench.words.romanized import romanized

OWN = "DejaVu Sans"
"""The font that comes with matplotlib: Latin, Greek, Cyrillic and more, but nothing of East Asia."""
EAST_ASIAN = (
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans KR",
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "UnDotum",
    "Source Han Sans KR",
    "Droid Sans Fallback",
    "WenQuanYi Zen Hei",
)
"""Fonts that systems have for the letters that ours lacks."""


@lru_cache(maxsize=1)
def families() -> list[str]:
    """The fonts of every text, in the order in which a letter is looked for in them."""
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return [OWN, *(name for name in EAST_ASIAN if name in there)]


@lru_cache(maxsize=4096)
def _is_there(letter: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return any(get_font(findfont(FontProperties(family=name))).get_char_index(ord(letter)) for name in families())


class Lettering:
    """The texts of one figure. `originals` has those that are drawn by stand-ins: an SVG gets them back."""

    def __init__(self) -> None:
        self.originals: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text in one line, as it can be drawn here: Hangul in Latin letters, other missing letters as question marks.

        A stand-in takes at least the room of what it stands for, and no two texts have the same.
        """
        text = one_line(text)
        if all(map(_is_there, text)):
            return text
        drawn = "".join(letter if _is_there(letter) else "??" for letter in romanized(_composed(text)))
        while self.originals.get(drawn, text) != text:
            drawn += "?"
        self.originals[drawn] = text
        return drawn

    def lines(self, text: str, width: int) -> str:
        """The same in lines of about `width` letters."""
        found = textwrap.wrap(one_line(text), width, break_long_words=True) or [""]
        return "\n".join(map(self, found))


def _composed(text: str) -> str:
    """Syllables whole, as they may come in pieces from the names of files on macOS."""
    return unicodedata.normalize("NFC", text)
