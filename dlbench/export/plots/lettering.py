"""Which letters figures can be written with on this machine, and what stands where one cannot."""

from __future__ import annotations

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


MORE = "…"
"""How a text ends that goes on."""


class Lettering:
    """The texts of one figure. `originals` has those that are drawn by stand-ins: an SVG gets them back."""

    def __init__(self) -> None:
        self.originals: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text in one line, as it can be drawn here: Hangul in Latin letters, other missing letters as question marks.

        A stand-in takes at least the room of what it stands for, and no two texts have the same.
        """
        text = one_line(text)
        found = drawn(text)
        if found == text:
            return text
        while self.originals.get(found, text) != text:
            found += "?"
        self.originals[found] = text
        return found

    def fitted(self, text: str, width: int) -> str:
        """The same, cut to at most `width` letters."""
        return self(_cut(one_line(text), width))

    def lines(self, text: str, width: int, most: int = 4) -> str:
        """The same in lines of at most `width` letters, `most` of them, the last one cut where there is more."""
        found = _wrapped(one_line(text), width)
        kept = found if len(found) <= most else [*found[: most - 1], _cut(" ".join(found[most - 1 :]), width)]
        return "\n".join(map(self, kept))


def drawn(text: str) -> str:
    """What a text looks like in the letters that there are."""
    if all(map(_is_there, text)):
        return text
    return "".join(letter if _is_there(letter) else "??" for letter in romanized(unicodedata.normalize("NFC", text)))


def _cut(text: str, width: int) -> str:
    if len(drawn(text)) <= width:
        return text
    while text and len(drawn(text)) >= width:
        text = text[:-1]
    return text.rstrip() + MORE


def _wrapped(text: str, width: int) -> list[str]:
    """Words in lines, as wide as they are drawn; a word that is too long for a line goes on in the next one."""
    found = [""]
    for word in text.split(" "):
        line = f"{found[-1]} {word}" if found[-1] else word
        if len(drawn(line)) <= width:
            found[-1] = line
            continue
        found += [""] if found[-1] else []
        for letter in word:
            if len(drawn(found[-1] + letter)) > width and found[-1]:
                found.append("")
            found[-1] += letter
    return found
