"""Images in the pane of pictures, by the library that makes them."""

import re
from dataclasses import replace

import pytest
from pictured_run import save_pictures
from stage import act
from test_pictures_pane import SIZES, play, view_of
from tui.quiet import strips

from dlbench.run.folder import RunFolder
from dlbench.tui.charts.glyphs import ASCII
from dlbench.tui.widgets.tile_images import SixelTiles

pytestmark = pytest.mark.extras
pytest.importorskip("textual_image")


def sent(app):
    """Where images begin on the screen, as (column, row), and their sixels."""
    text = "".join(segment.text for strip in strips(app) for segment in strip)
    return [
        ((int(column), int(row)), data) for row, column, data in re.findall(r"\x1b\[(\d+);(\d+)H(\x1bP.*?\x1b\\)", text)
    ]


async def images(pilot):
    """The images of a stage that shows them, before and after the next pictures; and the width of every row."""
    app = pilot.app
    app.options = replace(app.options, images=SixelTiles)
    await app.pane.recompose()
    await act(pilot, ("first_step"))
    app.redraw()
    await pilot.pause()
    before = sent(app)
    await act(pilot, ("step", 1))
    return before, sent(app), {strip.cell_length for strip in strips(app)}


@pytest.fixture
def folder(tmp_path):
    """A run's folder with one file of pictures."""
    save_pictures(tmp_path)
    return RunFolder(tmp_path)


@pytest.mark.parametrize("size", [SIZES["120x40"], SIZES["80x24"]])
def test_filters_and_samples_are_sent_as_images(folder, size):
    """Two images stand inside of their frames, and no row becomes longer or shorter by them."""
    before, after, widths = play(view_of(), folder, images, size=size)
    assert len(before) == len(after) == 2
    assert widths == {size[0]}
    (left, top), (right, _) = sorted(place for place, _ in before)
    assert 1 < left < right <= size[0]
    assert top > 2


def test_without_colours_there_are_letters(folder):
    """ASCII is asked for: no image is sent, whatever the terminal can."""
    before, after, _ = play(view_of(), folder, images, glyphs=ASCII)
    assert before == after == []
