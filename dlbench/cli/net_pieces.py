"""The pieces of a drawn net, before anything is a picture: boxes, arrows and labels with their places.

A piece is laid out around its own corner. Signals come in at its top and leave at its bottom, both at its `axis`; putting pieces
together moves them, and draws the arrows between.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Look: TypeAlias = Literal["layer", "plain", "end", "frame", "merge"]
"""Of a box: a layer that trains numbers, one that does not, input and output, around a composite layer, where chains meet."""
Say: TypeAlias = Literal["title", "name", "small", "shape"]

SIZE: dict[Say, float] = {"title": 15, "name": 13, "small": 11, "shape": 11}
"""Of letters, in pixels."""
ADVANCE = 0.602
"""The width of a letter of the usual fixed-width fonts, by their size."""
LINE = 1.35
GAP, PAD, SIDE = 30.0, 8.0, 14.0
"""Between boxes for an arrow; inside of a box; around what is in a frame, and between chains."""
WIDEST = 26
"""Letters of a line of details."""
DEPTH = 4.0
"""How far each of several equal layers stands behind the next."""


@dataclass(frozen=True)
class PieceBox:
    """A rectangle, `copies` of which stand behind each other."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    copies: int = 1


@dataclass(frozen=True)
class PieceText:
    """A line of text whose middle, or whose beginning, is at `x`; its letters stand on `y`."""

    x: float
    y: float
    text: str
    say: Say
    is_centred: bool = True


@dataclass(frozen=True)
class PieceLine:
    """A line through some points, with or without a head."""

    points: tuple[tuple[float, float], ...]
    has_head: bool = True


Mark: TypeAlias = PieceBox | PieceText | PieceLine


@dataclass(frozen=True)
class Piece:
    """Marks on so much room; signals go through at `axis`."""

    width: float
    height: float
    axis: float
    marks: tuple[Mark, ...]
    begins_with_box: bool = False
    """Whether an arrow that comes in ends here; else its line goes on."""

    def moved(self, right: float, down: float) -> Iterable[Mark]:
        """Its marks at another place."""
        for mark in self.marks:
            if isinstance(mark, PieceLine):
                yield replace(mark, points=tuple((x + right, y + down) for x, y in mark.points))
            else:
                yield replace(mark, x=mark.x + right, y=mark.y + down)


def width_of(text: str, say: Say) -> float:
    """How wide a text is about."""
    return len(text) * SIZE[say] * ADVANCE


def box(name: str, details: Sequence[str], look: Look, *, copies: int = 1) -> Piece:
    """A box with a name and, smaller, what else there is to say, a paragraph an entry."""
    small = [line for text in details for line in textwrap.wrap(text, WIDEST, break_on_hyphens=False)]
    texts: list[tuple[str, Say]] = [(name, "name"), *((line, "small") for line in small)]
    width = max(width_of(text, say) for text, say in texts) + 2 * SIDE
    shadow = DEPTH * (min(copies, 3) - 1)
    marks: list[Mark] = []
    y = PAD
    for text, say in texts:
        y += SIZE[say] * LINE
        marks.append(PieceText(width / 2, y - SIZE[say] * (LINE - 1), text, say))
    height = y + PAD
    return Piece(
        width + shadow,
        height + shadow,
        width / 2,
        (PieceBox(0, 0, width, height, look, min(copies, 3)), *marks),
        begins_with_box=True,
    )


def wire(label: str) -> Piece:
    """A chain of no layers: the signal goes on as it is."""
    words, height = label.rsplit(" ", 1), 2 * GAP
    lines = [
        PieceText(2 * PAD, GAP + row * SIZE["small"] * LINE, text, "small", is_centred=False)
        for row, text in enumerate(words)
    ]
    width = 2 * PAD + max(width_of(text, "small") for text in words)
    return Piece(width, height, PAD / 2, (PieceLine(((PAD / 2, 0), (PAD / 2, height)), has_head=False), *lines))


def end() -> Piece:
    """Where signals leave the picture."""
    return Piece(0, 0, 0, ())


def column(pieces: Sequence[Piece], labels: Sequence[str]) -> Piece:
    """Pieces below each other with arrows between, beside which stands what goes through; a label after each but the last."""
    axis = max(piece.axis for piece in pieces)
    right = max(piece.width - piece.axis for piece in pieces)
    right = max([right, *(PAD + width_of(label, "shape") for label in labels)])
    marks: list[Mark] = []
    y = 0.0
    for index, piece in enumerate(pieces):
        marks += piece.moved(axis - piece.axis, y)
        y += piece.height
        if index < len(pieces) - 1:
            marks += [PieceLine(((axis, y), (axis, y + GAP))), _label(axis, y, labels[index])]
            y += GAP
    return Piece(axis + right, y, axis, tuple(marks), pieces[0].begins_with_box)


def _label(x: float, y: float, text: str) -> PieceText:
    return PieceText(x + PAD, y + GAP / 2 + SIZE["shape"] / 3, text, "shape", is_centred=False)


def framed(title: str, inside: Piece, *, copies: int = 1) -> Piece:
    """A frame around a piece, with a title beside the signal that comes in."""
    top = SIZE["small"] * LINE + PAD
    left = max(SIDE, width_of(title, "small") + 2 * PAD - inside.axis)
    width, height = left + inside.width + SIDE, top + inside.height + SIDE
    shadow = DEPTH * (min(copies, 3) - 1)
    axis = left + inside.axis
    marks = [
        PieceBox(0, 0, width, height, "frame", min(copies, 3)),
        PieceText(PAD, SIZE["small"] * LINE, title, "small", is_centred=False),
        PieceLine(((axis, 0), (axis, top)), has_head=inside.begins_with_box),
        PieceLine(((axis, top + inside.height), (axis, height)), has_head=False),
        *inside.moved(left, top),
    ]
    return Piece(width + shadow, height + shadow, axis, tuple(marks), begins_with_box=True)


def branched(branches: Sequence[Piece], merge: str) -> Piece:
    """Chains side by side, which all get the signal, and the box where they meet again."""
    meeting = box(merge, [], "merge")
    lefts, x = [], 0.0
    for branch in branches:
        lefts.append(x)
        x += branch.width + 2 * SIDE
    axes = [left + branch.axis for left, branch in zip(lefts, branches, strict=True)]
    axis = (axes[0] + axes[-1]) / 2
    top = 2 * GAP + max(branch.height for branch in branches)
    marks: list[Mark] = []
    for own, left, branch in zip(axes, lefts, branches, strict=True):
        marks.append(PieceLine(((axis, 0), (own, 0), (own, GAP)), has_head=branch.begins_with_box))
        marks += branch.moved(left, GAP)
        marks.append(PieceLine(_to_meeting(own, GAP + branch.height, axis, top, meeting)))
    marks += meeting.moved(axis - meeting.axis, top)
    # The box where they meet may be wider than all of them.
    shift = max(0.0, meeting.axis - axis)
    width = max(x - 2 * SIDE, axis + meeting.width - meeting.axis) + shift
    whole = Piece(width, top + meeting.height, axis, tuple(marks))
    return replace(whole, axis=axis + shift, marks=tuple(whole.moved(shift, 0)))


def _to_meeting(own: float, y: float, axis: float, top: float, meeting: Piece) -> tuple[tuple[float, float], ...]:
    """From the end of a chain to the box where they meet: straight down into it, or to its side, or a step towards it."""
    half, away = meeting.width / 2, abs(own - axis)
    side = -1 if own < axis else 1
    if away < half - PAD:
        return (own, y), (own, top)
    if away > half + GAP:
        middle = top + meeting.height / 2
        return (own, y), (own, middle), (axis + side * half, middle)
    inner = axis + side * (half - 2 * PAD)
    return (own, y), (own, top - GAP / 2), (inner, top - GAP / 2), (inner, top)


def side_by_side(pieces: Sequence[Piece], room: float, gap: float) -> Piece:
    """Pieces in rows, as many in each as there is room for, one at least."""
    marks: list[Mark] = []
    x = y = tallest = widest = 0.0
    for piece in pieces:
        if x and x + piece.width > room:
            x, y, tallest = 0.0, y + tallest + gap, 0.0
        marks += piece.moved(x, y)
        x += piece.width + gap
        tallest, widest = max(tallest, piece.height), max(widest, x - gap)
    return Piece(widest, y + tallest, 0, tuple(marks))
