"""Images as tiles: any images in any size, as many as can be recognized, on scales that can be read without colour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.ink import GREY_INKS, SIGNED_INKS, Ink
from dlbench.tui.charts.mosaic import odd
from dlbench.tui.charts.scale import ValueScale
from dlbench.tui.charts.tiles import OF_FILTERS, filter_tiles, fitting, resampled, sample_tiles

GLYPHS = [UNICODE, SHADES, ASCII]
UNIT = ValueScale(0.0, 1.0, logarithmic=False)
FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=32)


def shapes(least=0):
    """Counts and sizes of images."""
    return st.tuples(st.integers(least, 70), st.integers(1, 20), st.integers(1, 20))


@given(shapes(), st.data(), st.integers(0, 130), st.integers(0, 40), st.sampled_from(GLYPHS), st.floats(1e-30, 1e30))
def test_any_images_fit_any_size(shape, data, width, height, glyphs, limit):
    """NaN, infinity, none at all, no cells: a picture of exactly the size, ASCII where only that goes, and as many as it says."""
    images = data.draw(arrays(np.float64, shape, elements=FLOATS, fill=st.just(0.5)))
    pairs = np.stack([images, images], axis=1)
    for drawn in (filter_tiles(images, width, height, glyphs, limit), sample_tiles(pairs, width, height, glyphs, UNIT)):
        assert (drawn.picture.width, drawn.picture.height) == (width, height)
        assert 0 <= drawn.shown <= len(images)
        assert glyphs is not ASCII or "".join(drawn.picture.rows()).isascii()


@given(shapes(least=1), st.integers(1, 200), st.integers(1, 120), st.sampled_from([1, 2]), st.integers(1, 2))
def test_tiles_fit_and_can_be_recognized(shape, columns, lines, halves, stacked):
    """Tiles never leave the area, are too narrow only where not one that can be recognized fits, and leave no row empty."""
    count, tall, wide = shape
    found = fitting((count, stacked, tall, wide), columns, lines, halves=halves, least=OF_FILTERS)
    if not found.count:
        assert stacked * max(round(tall * halves / wide / 2), 1) > lines
        return

    assert found.width <= columns
    assert found.height <= lines
    recognized = min(OF_FILTERS, wide)
    if found.wide < recognized:
        assert recognized > columns or stacked * max(round(recognized * tall * halves / wide / 2), 1) > lines
    assert found.wide <= wide or found.wide % wide == 0
    assert (found.down - 1) * found.across < min(found.count, count)
    assert found.across <= count


def test_larger_windows_show_more():
    """Of 64 images of digits a small window shows some, a larger one more of them, and a huge one all, larger than needed."""
    images = np.zeros((64, 28, 28))
    shown = [filter_tiles(images, *size, UNICODE, 1.0).shown for size in ((40, 10), (60, 24), (120, 40), (250, 125))]

    assert shown == sorted(set(shown))
    assert (shown[0], shown[-1]) == (3, 64)
    assert fitting((64, 1, 28, 28), 250, 248, halves=2, least=OF_FILTERS).wide == 28
    assert fitting((4, 1, 8, 8), 100, 50, halves=2, least=OF_FILTERS).wide == 24


@given(
    arrays(np.float64, st.tuples(st.just(2), st.integers(1, 12), st.integers(1, 12)), elements=st.floats(-1, 1)),
    st.data(),
)
def test_resampled_as_pillow_does(images, data):
    """A reduced image is Pillow's with its box filter, to single precision; one enlarged by a whole number repeats its pixels."""
    height, width = images.shape[1:]
    tall, wide = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    boxes = [Image.fromarray(one.astype(np.float32)).resize((wide, tall), Image.Resampling.BOX) for one in images]

    if height % tall == 0 and width % wide == 0:
        np.testing.assert_allclose(resampled(images, tall, wide), np.array(boxes), atol=1e-6)
    np.testing.assert_allclose(resampled(images, 3 * height, 2 * width), images.repeat(3, 1).repeat(2, 2), atol=1e-12)
    np.testing.assert_allclose(resampled(images, tall, wide).mean((1, 2)), images.mean((1, 2)), atol=1e-12)


def test_what_is_no_number_stays_where_it_is():
    """NaN and infinity make the pixels that they are part of NaN, and no others."""
    images = np.ones((1, 4, 4))
    images[0, 0, 0], images[0, 3, 2] = np.nan, np.inf

    np.testing.assert_array_equal(resampled(images, 2, 2), [[[np.nan, 1], [1, np.nan]]])


def test_signs_have_their_inks():
    """The most negative weight has the first ink, zero the middle one, the most positive the last; what lies beyond is clipped."""
    weights = np.array([[[-1.0, 0.0], [1.0, 9.0]]])
    drawn = filter_tiles(weights, 2, 1, UNICODE, 1.0).picture

    assert drawn.text.tolist() == [["▀", "▀"]]
    assert drawn.front.tolist() == [[Ink.SIGNED, Ink.SIGNED + SIGNED_INKS // 2]]
    assert drawn.back.tolist() == [[Ink.SIGNED + SIGNED_INKS - 1] * 2]


def test_pixels_have_their_inks():
    """A sample stands above its reconstruction: black has the first ink, white the last."""
    pairs = np.array([[[[0.0, 1.0]], [[1.0, 0.5]]]])
    drawn = sample_tiles(pairs, 2, 1, UNICODE, UNIT).picture

    assert drawn.front.tolist() == [[Ink.GREY, Ink.GREY + GREY_INKS - 1]]
    assert drawn.back.tolist() == [[Ink.GREY + GREY_INKS - 1, Ink.GREY + round(0.5 * (GREY_INKS - 1))]]


@pytest.mark.parametrize(("glyphs", "shades"), [(SHADES, " ▒█"), (ASCII, ".+@")], ids=["shades", "ascii"])
def test_signs_without_colour(glyphs, shades):
    """Without colours zero is the middle shade, a positive weight denser, a negative one thinner; two lines are one row."""
    weights = np.array([[[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]])

    assert filter_tiles(weights, 3, 1, glyphs, 1.0).picture.rows() == [shades]
    assert len(odd(glyphs.shades)) % 2 == 1


@pytest.mark.parametrize("glyphs", GLYPHS, ids=["unicode", "shades", "ascii"])
def test_what_is_broken_is_marked(glyphs):
    """Weights that are NaN have the mark of what is broken, in alarm."""
    drawn = filter_tiles(np.full((1, 4, 4), np.nan), 4, 2, glyphs, 1.0).picture

    assert drawn.rows() == [glyphs.broken * 4] * 2
    assert (drawn.front == Ink.ALARM).all()


def test_the_scale_stands_beneath():
    """The last row tells from where to where the colours go, all of them between the numbers, even in a narrow picture."""
    for width in (40, 20):
        drawn = filter_tiles(np.zeros((4, 8, 8)), width, 12, UNICODE, 0.0312).picture
        inks = drawn.front[-1][np.array(list(drawn.text[-1])) == "▀"].tolist()

        assert drawn.rows()[-1].split()[0::2] == ["-0.0312", "0.0312"]
        assert inks == sorted(inks)
        assert (inks[0], inks[-1]) == (Ink.SIGNED, Ink.SIGNED + SIGNED_INKS - 1)


def test_tiles_as_they_look():
    """Three units of which each sees one column, a line of nothing between them, the scale beneath."""
    weights = np.zeros((3, 4, 4))
    for unit in range(3):
        weights[unit, :, unit] = 1.0

    assert [row.rstrip() for row in filter_tiles(weights, 14, 6, ASCII, 1.0).picture.rows()] == [
        "",
        "@+++ +@++ ++@+",
        "@+++ +@++ ++@+",
        "",
        "",
        "-1 .:-=+*#%@ 1",
    ]
