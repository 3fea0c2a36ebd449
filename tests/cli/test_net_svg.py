"""`show --graph --format svg`: nets as boxes and arrows."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from small_recipe import RECIPE
from test_graph import NESTED
from typer.testing import CliRunner
from verbs import app

from dlbench.cli.graph import folded, name_of
from dlbench.cli.net_pieces import Piece, PieceBox, PieceLine, PieceText, width_of
from dlbench.cli.net_svg import net_piece, svg_of
from dlbench.cli.recipes import net_of
from dlbench.errors import UsageError
from dlbench.parts.outline import Block, leaves
from dlbench.recipe import load, shipped_recipes

SVG = "{http://www.w3.org/2000/svg}"


def nets_of(path) -> dict[str, list[Block]]:
    """The nets of a recipe's variants."""
    recipe = load(path, quick="[quick]" in path.read_text(encoding="utf-8"))
    return {candidate.variant: net_of(candidate.settings) for candidate in recipe.candidates}


@pytest.fixture(scope="module")
def nested(tmp_path_factory):
    """A net with branches in branches, drawn."""
    path = tmp_path_factory.mktemp("nested") / "nested.toml"
    path.write_text(NESTED)
    ((_, blocks),) = nets_of(path).items()
    return blocks


EVERY = {path.stem: path for path in shipped_recipes()}


@pytest.mark.parametrize("name", [*EVERY, "nested"])
def test_nothing_lies_on_another(name, nested):
    """In every shipped net boxes lie beside, below or wholly inside of each other, and text and lines within the picture."""
    for blocks in {"nested": nested}.values() if name == "nested" else nets_of(EVERY[name]).values():
        piece = net_piece(blocks)
        boxes = [mark for mark in piece.marks if isinstance(mark, PieceBox)]
        assert len(boxes) >= 2
        for index, one in enumerate(boxes):
            for other in boxes[index + 1 :]:
                assert is_apart(one, other) or is_inside(other, one) or is_inside(one, other)
        for mark in piece.marks:
            assert is_within(mark, piece), mark


def is_apart(one: PieceBox, other: PieceBox) -> bool:
    """Whether two boxes share no point."""
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def is_inside(one: PieceBox, other: PieceBox) -> bool:
    """Whether a box lies in a frame."""
    return (
        other.look == "frame"
        and other.x <= one.x
        and one.x + one.width <= other.x + other.width
        and other.y <= one.y
        and one.y + one.height <= other.y + other.height
    )


def is_within(mark: PieceBox | PieceLine | PieceText, piece: Piece) -> bool:
    """Whether a mark lies within the room of its piece (0.1 pixels)."""
    if isinstance(mark, PieceLine):
        return all(-0.1 <= x <= piece.width + 0.1 and -0.1 <= y <= piece.height + 0.1 for x, y in mark.points)
    if isinstance(mark, PieceText):
        left = mark.x - width_of(mark.text, mark.say) / 2 * mark.is_centred
        return left >= -0.1 and left + width_of(mark.text, mark.say) <= piece.width + 0.1
    return mark.x >= 0 and mark.x + mark.width <= piece.width + 0.1 and mark.y + mark.height <= piece.height + 0.1


def test_every_arrow_ends_at_a_box_or_leaves_the_net(nested):
    """A head of an arrow touches the top or a side of a box; one, the last, leaves the picture."""
    piece = net_piece(nested)
    boxes = [mark for mark in piece.marks if isinstance(mark, PieceBox)]
    ends = [mark.points[-1] for mark in piece.marks if isinstance(mark, PieceLine) and mark.has_head]
    free = [end for end in ends if not any(touches(end, box) for box in boxes)]

    assert free == [(piece.axis, piece.height)]


def touches(point: tuple[float, float], box: PieceBox) -> bool:
    """Whether a point lies at the top or at a side of a box (0.1 pixels)."""
    x, y = point
    is_top = abs(y - box.y) < 0.1 and box.x <= x <= box.x + box.width
    return is_top or (min(abs(x - box.x), abs(x - box.x - box.width)) < 0.1 and box.y <= y <= box.y + box.height)


def test_every_layer_is_named_with_shapes_and_parameters(nested):
    """All layers stand in the picture, equal ones together, with what goes through and what is trained."""
    root = ET.fromstring(svg_of("nested", {"a": nested}))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    named = {name.replace("  x ", " × ") for name in _names(nested)}

    assert named <= set(texts)
    assert {"residual1-3 × 3", "conv2-3 × 2", "add, relu", "concat", "the signal", "20 x 8 x 8"} <= set(texts)
    assert f"{sum(block.parameters for block in nested):,} parameters" in texts
    assert {"2 × 584 parameters", "32 parameters"} <= set(texts)
    assert {block.settings["kind"] for block in leaves(nested)} > {"conv", "split"}


def _names(blocks: list[Block]) -> list[str]:
    found = []
    for same in folded(blocks):
        found.append(name_of(same))
        found += [name for branch in same[0].branches for name in _names(list(branch))]
    return found


def test_equal_nets_are_drawn_once(nested):
    """Variants that train the same net share a picture, which names them both."""
    root = ET.fromstring(svg_of("two", {"first": nested, "second": nested}))
    texts = [element.text for element in root.iter(f"{SVG}text")]

    assert "first / second" in texts
    assert texts.count("input") == 1


def test_names_cannot_break_the_picture(nested):
    """Markup and control characters in names are text."""
    root = ET.fromstring(svg_of("<b>&\x1b[1m", {"<script>": nested}))
    texts = [element.text for element in root.iter(f"{SVG}text")]

    assert "<script>" in texts
    assert not any("\x1b" in (text or "") for text in texts)
    assert not any(element.tag.endswith("script") for element in root.iter())


def test_the_verb_writes_a_picture(tmp_path):
    """`-o NAME.svg` or `--format svg` draw, without either a tree is printed; neither goes without --graph."""
    recipe, file = tmp_path / "mine.toml", tmp_path / "net.svg"
    recipe.write_text(RECIPE)

    def show(*words: str):
        return CliRunner().invoke(app, ["show", str(recipe), *words])

    assert show("--graph", "-o", str(file)).exit_code == 0
    drawn = show("--graph", "--format", "svg").stdout
    assert drawn == file.read_text()
    assert ET.fromstring(drawn).tag == f"{SVG}svg"
    assert show("--graph", "-o", str(tmp_path / "net.txt")).exit_code == 0
    assert "├─" in (tmp_path / "net.txt").read_text()
    assert isinstance(show("--format", "svg").exception, UsageError)
