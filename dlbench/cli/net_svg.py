"""Nets drawn as one SVG: boxes with arrows, side by side where variants differ; readable on light and on dark, without a font."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from dlbench.cli.graph import (
    ITSELF,
    details_of,
    folded,
    merge_of,
    name_of,
    parameters_of,
    shape_text,
)
from dlbench.cli.net_pieces import (
    DEPTH,
    SIZE,
    Mark,
    Piece,
    PieceBox,
    PieceLine,
    PieceText,
    Say,
    box,
    branched,
    column,
    end,
    framed,
    side_by_side,
    width_of,
    wire,
)
from dlbench.words.printable import one_line

if TYPE_CHECKING:
    from dlbench.parts.outline import Block

MARGIN, APART, ROOM = 24.0, 56.0, 1500.0
"""Around the picture; between nets; how wide it may become before nets go into another row."""
TITLE_LINE, NAME_LINE = 34.0, 19.0
MOST_NAMES = 40
"""Letters of a line with the names of variants."""
HEAD = "M0,0 L8,4 L0,8 z"

STYLE = """
svg { background: #ffffff; font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
.paper { fill: #ffffff; }
text { fill: #1c2430; }
.small, .shape { fill: #536072; }
.title, .name { font-weight: 600; }
rect { stroke-width: 1.2; }
.layer { fill: #dcebfb; stroke: #2f6fb2; }
.plain { fill: #f3f5f8; stroke: #8a96a6; }
.end { fill: #ffffff; stroke: #1c2430; }
.frame { fill: #ffffff; stroke: #8a96a6; stroke-dasharray: 5 4; }
.merge { fill: #fdeccf; stroke: #b0741a; }
.line { fill: none; stroke: #536072; stroke-width: 1.4; }
.head { fill: #536072; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181f; }
  .paper { fill: #14181f; }
  text { fill: #e8ecf2; }
  .small, .shape { fill: #a9b4c2; }
  .layer { fill: #17334f; stroke: #6fb1f2; }
  .plain { fill: #232a34; stroke: #7d8997; }
  .end { fill: #14181f; stroke: #e8ecf2; }
  .frame { fill: #14181f; stroke: #7d8997; }
  .merge { fill: #47330f; stroke: #e5ac55; }
  .line { stroke: #a9b4c2; }
  .head { fill: #a9b4c2; }
}
"""


def svg_of(title: str, nets: Mapping[str, Sequence[Block]]) -> str:
    """The nets of variants, by their names, in one picture; equal ones are drawn once."""
    drawn: dict[tuple[Piece, int], list[str]] = {}
    for name, blocks in nets.items():
        drawn.setdefault((net_piece(blocks), sum(block.parameters for block in blocks)), []).append(name)
    headed = [_headed(names, piece, parameters) for (piece, parameters), names in drawn.items()]
    whole = side_by_side(headed, ROOM, APART)
    top = MARGIN + TITLE_LINE
    width = max(whole.width, width_of(title, "title")) + 2 * MARGIN
    height = whole.height + top + MARGIN
    marks = [PieceText(MARGIN, MARGIN + SIZE["title"] / 2, title, "title", is_centred=False), *whole.moved(MARGIN, top)]
    return "\n".join(_document(title, width, height, marks)) + "\n"


def net_piece(blocks: Sequence[Block]) -> Piece:
    """One net from its input down to its output."""
    layers = folded(blocks)
    pieces = [box("input", [], "end"), *map(_layer, layers), end()]
    return column(pieces, [shape_text(blocks[0].input), *(shape_text(same[0].output) for same in layers)])


def _headed(names: Sequence[str], piece: Piece, parameters: int) -> Piece:
    """A net below the names of the variants that have it, and how many numbers it trains."""
    lines: list[tuple[str, Say]] = [(line, "name") for line in _lines([one_line(name) for name in names])]
    lines.append((f"{parameters:,} parameters", "small"))
    top = (len(lines) + 0.5) * NAME_LINE
    width = max(piece.width, *(width_of(line, say) for line, say in lines))
    texts = [
        PieceText(0, (row + 0.7) * NAME_LINE, line, say, is_centred=False) for row, (line, say) in enumerate(lines)
    ]
    return Piece(width, top + piece.height, piece.axis, (*texts, *piece.moved((width - piece.width) / 2, top)))


def _lines(names: Sequence[str]) -> list[str]:
    """Names in lines that are not too long, none of them torn."""
    lines = [names[0]]
    for name in names[1:]:
        if len(lines[-1]) + len(name) < MOST_NAMES:
            lines[-1] += f" / {name}"
        else:
            lines[-1] += " /"
            lines.append(name)
    return lines


def _layer(same: Sequence[Block]) -> Piece:
    """One layer, or several that are equal; a composite one with its chains in a frame."""
    first, count = same[0], len(same)
    name = name_of(same).replace("  x ", " × ")
    if not first.branches:
        details = [", ".join(details_of(first.settings))]
        parameters = [f"{parameters_of(same).replace(' x ', ' × ')} parameters"] if first.parameters else []
        return box(name, [*filter(None, details), *parameters], "layer" if first.parameters else "plain", copies=count)
    chains = [_chain(branch) for branch in first.branches]
    if len(chains) == 1:
        return framed(name, chains[0], copies=count)
    return framed(name, branched(chains, merge_of(first)), copies=count)


def _chain(blocks: Sequence[Block]) -> Piece:
    """Layers in a row, or where there are none the signal itself."""
    if not blocks:
        return wire(ITSELF)
    layers = folded(blocks)
    return column([_layer(same) for same in layers], [shape_text(same[0].output) for same in layers[:-1]])


def _document(title: str, width: float, height: float, marks: Sequence[Mark]) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
    )
    yield f"<title>{escape(one_line(title))}</title>"
    yield f"<style>{STYLE}</style>"
    yield (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="{HEAD}"/></marker></defs>'
    )
    yield '<rect class="paper" width="100%" height="100%"/>'
    for mark in marks:
        yield from _mark(mark)
    yield "</svg>"


def _mark(mark: Mark) -> Iterator[str]:
    if isinstance(mark, PieceBox):
        corner = {"end": mark.height / 2, "merge": mark.height / 2}.get(mark.look, 5)
        corner = min(corner, 16)
        for copy in reversed(range(mark.copies)):
            yield (
                f'<rect class="{mark.look}" x="{mark.x + copy * DEPTH:.1f}" y="{mark.y + copy * DEPTH:.1f}" '
                f'width="{mark.width:.1f}" height="{mark.height:.1f}" rx="{corner:.1f}"/>'
            )
    elif isinstance(mark, PieceLine):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.points)
        head = ' marker-end="url(#head)"' if mark.has_head else ""
        yield f'<polyline class="line" points="{points}"{head}/>'
    else:
        anchor = "middle" if mark.is_centred else "start"
        yield (
            f'<text class="{mark.say}" x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{SIZE[mark.say]:g}" '
            f'text-anchor="{anchor}">{escape(one_line(mark.text))}</text>'
        )
