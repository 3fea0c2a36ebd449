"""Tiles as dots, for terminals that show images."""

import numpy as np
import pytest

from dlbench.tui.charts.glyphs import UNICODE
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.tiles import Dots, filter_tiles, sample_tiles
from dlbench.tui.themes import DARK
from dlbench.tui.widgets.tile_images import DOT, image_maker, pixels

DOTS = Dots(4, 9)
"""Of a cell of 8 by 18 pixels."""


@pytest.mark.parametrize("size", [(100, 24), (30, 8), (12, 3), (3, 1)])
@pytest.mark.parametrize("side", [4, 28, 40])
def test_tiles_are_whole_cells_within_their_room(size, side):
    """Dots end where cells end, leave the area nowhere, and show at least as many tiles as cells do, none smaller than it is if it fits."""
    rng, (width, height) = np.random.default_rng(0), size
    weights = rng.normal(size=(64, side, side))
    cells, drawn = filter_tiles(weights, *size, UNICODE, 2.0), filter_tiles(weights, *size, UNICODE, 2.0, DOTS)

    lines, columns = drawn.dots.shape
    assert (lines % DOTS.down, columns % DOTS.across) == (0, 0)
    assert lines <= DOTS.down * height
    assert columns <= DOTS.across * width
    assert drawn.shown >= min(cells.shown, (DOTS.across * width // (side + 1)) * (DOTS.down * height // (side + 1)))
    if side <= min(DOTS.across * width, DOTS.down * (height - (height >= 6))):
        assert np.count_nonzero(drawn.dots != Ink.NONE) >= drawn.shown * side * side
    assert np.array_equal(drawn.picture.text[-1], cells.picture.text[-1]) or height < 6


def test_a_pixel_of_a_sample_is_a_square_of_dots():
    """What is drawn of one sample is itself, each pixel enlarged to the same square."""
    sample = np.zeros((1, 1, 3, 3))
    sample[0, 0, 1, 2] = 1.0
    dots = sample_tiles(sample, 6, 2, UNICODE, ValueScale(0.0, 1.0, logarithmic=False), DOTS).dots
    lines, columns = np.nonzero(dots == dots.max())
    side = np.ptp(lines) + 1
    assert (np.ptp(columns) + 1, len(lines)) == (side, side * side)
    assert (lines.min(), columns.min()) == (side, 2 * side)


def test_dots_have_the_colours_of_their_inks():
    """Each dot is a square of pixels in its theme's colour; without an ink it is the background."""
    image = pixels(np.array([[Ink.NONE, Ink.ALARM], [Ink.GREY, Ink.NONE]], np.int8), DARK)
    assert image.size == (2 * DOT, 2 * DOT)
    background, alarm, grey = (image.getpixel(at) for at in ((0, 0), (2 * DOT - 1, 0), (0, DOT)))
    assert image.getpixel((2 * DOT - 1, 2 * DOT - 1)) == background
    assert alarm == tuple(DARK.styles[Ink.ALARM].color.get_truecolor())
    assert grey == tuple(DARK.styles[Ink.GREY].color.get_truecolor())


@pytest.mark.parametrize("environment", [{"TERM_PROGRAM": "Apple_Terminal"}, {"TERM": "linux"}])
def test_terminals_that_would_print_the_question_are_not_asked(environment, monkeypatch):
    """Where a question would be seen as text none is asked, whatever is installed."""
    monkeypatch.setitem(__import__("sys").modules, "textual_image", None)
    monkeypatch.setattr("builtins.__import__", lambda *_, **__: pytest.fail("asked"))
    assert image_maker(environment) is None
