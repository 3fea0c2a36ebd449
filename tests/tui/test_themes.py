"""Themes: every ink can be read, values grow with light, curves can be told apart."""

import re
from itertools import combinations, pairwise

import pytest

from dlbench.tui.charts.ink import INKS, RAMP_INKS, SERIES_INKS, Ink
from dlbench.tui.themes import ANSI, NAMED, PALETTES, palette, ramp

IN_COLOUR = [one for one in PALETTES if one.in_colour]
# How people without one kind of cone see linear RGB (Vienot, Brettel and Mollon, 1999).
BLINDNESS = {
    "nobody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "deuteranopia": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}


def linear(color):
    """A colour's channels as amounts of light, from `#rrggbb`."""
    values = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def luminance(color):
    """Relative luminance as the WCAG defines it."""
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Contrast ratio as the WCAG defines it, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def seen(color, who):
    """A colour in CIE Lab as someone sees it."""
    light = [max(sum(a * b for a, b in zip(row, linear(color), strict=True)), 0) for row in BLINDNESS[who]]
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [
        sum(a * b for a, b in zip(row, light, strict=True)) / w
        for row, w in zip(matrix, (0.9505, 1, 1.089), strict=True)
    ]
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one, other, who):
    """How different two colours look (CIE 1976; 2 is just noticeable)."""
    return sum((a - b) ** 2 for a, b in zip(seen(one, who), seen(other, who), strict=True)) ** 0.5


def front(style):
    """The colour that a style draws with."""
    return re.sub(r" on .*", "", style).split()[-1]


@pytest.mark.parametrize("one", PALETTES, ids=lambda one: one.title)
def test_every_pair_of_inks_has_a_style(one):
    """Any ink can stand on any other."""
    for ink in range(-1, INKS):
        for back in range(-1, INKS):
            one.style(ink, back)

    assert len(one.styles) == INKS
    assert len(one.series) == SERIES_INKS


@pytest.mark.parametrize("one", IN_COLOUR, ids=lambda one: one.title)
def test_every_ink_can_be_read(one):
    """Text has a contrast of at least 7 on the ground, everything else one of at least 4; the cursor one of 4.5 on its own."""
    ground = one.textual.background
    inks = dict(zip(NAMED, one.named, strict=True))

    assert contrast(front(inks[Ink.PLAIN]), ground) >= 7
    assert contrast(front(inks[Ink.STRONG]), ground) >= 7
    assert all(contrast(front(inks[ink]), ground) >= 4 for ink in NAMED if ink is not Ink.CURSOR)
    assert all(contrast(color, ground) >= 4 for color in one.series)
    letters, behind = inks[Ink.CURSOR].removeprefix("bold ").split(" on ")
    assert contrast(letters, behind) >= 4.5


@pytest.mark.parametrize("one", IN_COLOUR, ids=lambda one: one.title)
@pytest.mark.parametrize("who", BLINDNESS)
def test_values_grow_with_light(one, who):
    """A larger value is lighter, by about as much at every level, for colour-blind eyes and in grey."""
    lightness = [seen(color, who)[0] for color in one.ramp]
    steps = [later - earlier for earlier, later in pairwise(lightness)]

    assert len(one.ramp) == RAMP_INKS
    assert min(steps) > 0.5
    assert lightness[-1] - lightness[0] > 60


@pytest.mark.parametrize("one", IN_COLOUR, ids=lambda one: one.title)
@pytest.mark.parametrize("who", BLINDNESS)
def test_curves_can_be_told_apart(one, who):
    """The first four curves differ for everyone by much, and no two of the eight by little."""
    assert all(apart(*pair, who) > 15 for pair in combinations(one.series[:4], 2))
    assert all(apart(*pair, who) > 10 for pair in combinations(one.series, 2))


def test_ramp_ends_where_it_was_asked_to():
    """The lightness of the ends is what was asked for: 0 is black, 1 white."""
    colors = ramp(0.0, 1.0)

    assert luminance(colors[0]) < 0.001
    assert luminance(colors[-1]) > 0.99


def test_the_cursor_keeps_its_ground():
    """The cursor's ink brings its own ground along, wherever it stands; as a ground it is that ground."""
    one = PALETTES[0]

    assert one.style(Ink.CURSOR, Ink.ramp(3)).bgcolor == one.style(Ink.CURSOR, Ink.NONE).bgcolor
    assert one.style(Ink.PLAIN, Ink.CURSOR).bgcolor == one.style(Ink.CURSOR, Ink.NONE).bgcolor
    assert one.style(Ink.ramp(1), Ink.ramp(20)).bgcolor == one.style(Ink.ramp(20), Ink.NONE).color


def test_ansi_uses_the_terminal_s_own_colours():
    """The theme of sixteen colours names no colour of its own; values are told by shades."""
    assert not ANSI.in_colour
    assert all(style.color is None or style.color.number is not None for style in ANSI.styles)
    assert all(style.color is None or style.color.number < 16 for style in ANSI.styles)


def test_titles():
    """Every theme is found by its title, and by no other."""
    assert [palette(one.title) for one in PALETTES] == list(PALETTES)
    with pytest.raises(KeyError):
        palette("solarized")
