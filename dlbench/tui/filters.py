"""What becomes of every line on its way to the terminal."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from dlbench.words.printable import printable, to_ascii

BOXES, BLOCKS = range(0x2500, 0x2580), range(0x2580, 0x25A0)
"""The letters of frames, and those of bars and scroll bars."""
DRAWN = (
    dict.fromkeys(BOXES, "+")
    | dict.fromkeys(BLOCKS, "#")
    | dict.fromkeys(map(ord, "─━╌╍┄┅┈┉═╴╶╸╺"), "-")
    | dict.fromkeys(map(ord, "│┃╎╏┆┇┊┋║╵╷╹╻▏▕"), "|")
    | dict.fromkeys(map(ord, "▁▂▔"), "_")
    | dict(zip(map(ord, "░▒▓•"), ".:%*", strict=True))
)
"""What each of them becomes; other letters are told by `to_ascii`."""


class PrintableFilter(LineFilter):
    """Lets no text through that the terminal would obey, for what Textual's own widgets draw: such letters take no cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without them."""
        return [
            segment if segment.control or segment.text.isprintable() else Segment(_visible(segment.text), segment.style)
            for segment in segments
        ]


def _visible(text: str) -> str:
    return "".join(letter for letter in text if printable(letter) == letter)


class AsciiFilter(LineFilter):
    """Lets only ASCII through, each letter in the cells that it had: for what Textual's own widgets draw."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in ASCII."""
        return [
            segment if segment.control or segment.text.isascii() else Segment(_plain(segment.text), segment.style)
            for segment in segments
        ]


def _plain(text: str) -> str:
    drawn = text.translate(DRAWN)
    if drawn.isascii():
        return drawn
    return "".join(
        letter if letter.isascii() else set_cell_size(to_ascii(letter), cell_len(letter)) for letter in drawn
    )
