"""Lines of words: what fits is shown, what does not fit is left out whole, nothing is ever wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture


@dataclass(frozen=True)
class Item:
    """A piece of a line: the longest of its `forms` that fits is shown, or none of them.

    Items of a low `rank` are shortened and left out last.
    """

    rank: int
    forms: tuple[str, ...]
    ink: int = Ink.PLAIN


def fitting(items: Sequence[Item], width: int, gap: int) -> list[tuple[str, int]]:
    """The text and ink of those items that there is room for, in their order."""
    chosen = {index: 0 for index, item in enumerate(items) if item.forms and item.forms[0]}

    def needed() -> int:
        return sum(cell_len(items[index].forms[form]) + gap for index, form in chosen.items()) - gap

    for index in sorted(chosen, key=lambda index: -items[index].rank):
        while needed() > width and chosen.get(index, len(items[index].forms)) < len(items[index].forms):
            chosen[index] += 1
            if chosen[index] == len(items[index].forms):
                del chosen[index]
    return [(items[index].forms[form], items[index].ink) for index, form in chosen.items()]


def write(picture: Picture, pieces: Sequence[tuple[str, int]], *, gap: int) -> None:
    """Write pieces into the first row from its second cell on."""
    column = 1
    for text, ink in pieces:
        column = picture.put(0, column, text, ink) + gap


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """A text of at most so many cells; where it is longer, an ellipsis says so."""
    if cell_len(text) <= width:
        return text
    kept = text
    while kept and cell_len(kept) + 1 > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}{glyphs.ellipsis}" if width > 0 else ""
