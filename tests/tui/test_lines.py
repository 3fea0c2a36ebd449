"""Lines of words, options from the environment, and what only ASCII becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from dlbench.errors import UsageError
from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE
from dlbench.tui.charts.picture import Picture
from dlbench.tui.filters import AsciiFilter, PrintableFilter
from dlbench.tui.options import DashboardOptions, chosen
from dlbench.tui.terminal import TerminalCapabilities, is_interactive, is_terminal, speaks_utf8
from dlbench.tui.themes import ANSI, DARK, LIGHT, PALETTES
from dlbench.tui.widgets.fitting import Item, cut, fitting
from dlbench.tui.widgets.status_bar import bar, pace
from dlbench.words.number_format import memory_size

TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
ITEMS = st.lists(st.builds(Item, st.integers(0, 20), st.lists(TEXT, max_size=3).map(tuple)), max_size=8)


@given(ITEMS, st.integers(0, 100))
def test_what_is_shown_fits(items, width):
    """Whatever the items, what is shown fits, in their order, each in one of its forms."""
    shown = [text for text, _ in fitting(items, width, 2)]

    assert not shown or sum(map(cell_len, shown)) + 2 * (len(shown) - 1) <= width
    rest = iter(items)
    assert all(any(text in item.forms for item in rest) for text in shown)


@given(ITEMS)
def test_with_room_everything_is_shown(items):
    """Where there is room every item is shown in its first form."""
    assert [text for text, _ in fitting(items, 10_000, 2)] == [item.forms[0] for item in items if item.forms]


def test_what_matters_least_goes_first():
    """The item of the highest rank is shortened, then left out, before any other is touched."""
    items = [Item(0, ("aaaa", "a")), Item(2, ("bbbb", "b")), Item(1, ("cccc", "c"))]

    found = [[text for text, _ in fitting(items, width, 1)] for width in (14, 13, 9, 8, 4, 3)]
    assert found == [["aaaa", "bbbb", "cccc"], ["aaaa", "b", "cccc"], ["aaaa", "cccc"], ["aaaa", "c"], ["aaaa"], ["a"]]


@given(TEXT, st.integers(-3, 30))
def test_cut(text, width):
    """A text that fits stays, any other is cut to the width and says so."""
    found = cut(text, width, UNICODE)

    assert cell_len(found) <= max(width, 0)
    assert found == text or width <= 0 or found.endswith("…")
    assert cell_len(text) > width or found == text


@given(st.floats(-1, 2), st.integers(1, 30))
def test_bars(share, room):
    """A bar has its room whatever the share, and is full at 1 alone up to its last half cell."""
    for glyphs in (UNICODE, ASCII):
        assert cell_len(bar(share, room, glyphs)) == room
    assert bar(1.0, room, ASCII) == "=" * room
    assert bar(0.0, room, ASCII) == "." * room


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (812e6, "812 MB"), (1.5e9, "1.5 GB"), (2.25e12, "2.2 TB")]
)
def test_sizes(count, text):
    """Bytes are told in three digits or fewer."""
    assert memory_size(count) == text


@pytest.mark.parametrize(("rate", "text"), [(8210.4, "8,210"), (10, "10"), (2.44, "2.4"), (0.031, "0.031")])
def test_paces(rate, text):
    """Fast trainings are told in whole steps, slow ones in two digits."""
    assert pace(rate) == text


@given(st.text(max_size=40))
def test_ascii_filter(text):
    """Whatever is drawn comes out in ASCII and in as many cells."""
    style = Style(bold=True)
    (found,) = AsciiFilter().apply([Segment(text, style)], Color(0, 0, 0))

    assert found.text.isascii()
    assert cell_len(found.text) == cell_len(text)
    assert found.style == style


@pytest.mark.parametrize(("drawn", "text"), [("╭─┬╮│▀▄▆█░▒▓•", "+-++|####.:%*"), ("plain", "plain"), ("±", "+")])
def test_what_frames_become(drawn, text):
    """Frames keep their shape, blocks their weight."""
    assert AsciiFilter().apply([Segment(drawn)], Color(0, 0, 0))[0].text[: len(text)] == text


@pytest.mark.parametrize(
    ("environment", "utf8"),
    [
        ({}, True),
        ({"LANG": "ko_KR.UTF-8"}, True),
        ({"LANG": "en_US.utf8"}, True),
        ({"LANG": "ko_KR.eucKR"}, False),
        ({"LANG": "en_US"}, False),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),
        ({"LC_ALL": "POSIX"}, False),
    ],
    ids=str,
)
def test_locales(environment, utf8):
    """The first of LC_ALL, LC_CTYPE and LANG that says something decides."""
    assert speaks_utf8(environment) is utf8
    assert TerminalCapabilities.of(environment).ascii is not utf8


def test_terminal_capabilities():
    """Over a network fewer frames are drawn; NO_COLOR and a light ground are known."""
    assert TerminalCapabilities.of({}).frames == 4
    assert TerminalCapabilities.of({"SSH_TTY": "/dev/pts/1"}).frames == 2
    assert TerminalCapabilities.of({"SSH_CONNECTION": "a b"}).frames == 2
    assert TerminalCapabilities.of({"NO_COLOR": "1"}).no_color
    assert not TerminalCapabilities.of({"NO_COLOR": ""}).no_color
    assert TerminalCapabilities.of({"COLORFGBG": "0;15"}).light
    assert not TerminalCapabilities.of({"COLORFGBG": "15;0"}).light
    assert TerminalCapabilities.of({}, ascii_only=True).ascii


@pytest.mark.parametrize("title", [one.title for one in PALETTES])
def test_themes_by_name(title, monkeypatch):
    """A theme is found by its title and by its full name, in any case."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    assert chosen(title, language="en").palette.title == title
    assert chosen(f"dlbench-{title}", language="en").palette.title == title
    assert chosen(title.upper(), language="en").palette.title == title


def test_theme_without_a_wish(monkeypatch):
    """Without a wish it is dark, or light where the terminal says so; without colours a wish for some is not heard."""
    for name in ("NO_COLOR", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)
    assert chosen(language="en").palette is DARK
    monkeypatch.setenv("COLORFGBG", "0;15")
    assert chosen(language="en").palette is LIGHT
    monkeypatch.setenv("NO_COLOR", "1")
    assert chosen("dark", language="en").palette is ANSI


def test_unknown_theme():
    """A theme that there is not is an error that names those there are."""
    with pytest.raises(UsageError, match="no theme is called 'neon'; there are dark, light, high-contrast, ansi"):
        chosen("neon", language="en")


def test_glyphs():
    """ASCII where it is wished, shades where there is no colour, else everything."""
    assert DashboardOptions(ascii=True).glyphs(DARK) is ASCII
    assert DashboardOptions().glyphs(DARK) is UNICODE
    assert DashboardOptions().glyphs(ANSI) is SHADES
    assert DashboardOptions(no_color=True).glyphs(DARK) is SHADES


def test_no_terminal():
    """Pipes are no terminal, nor is a stream that is closed or none."""

    class Closed:
        def isatty(self):
            raise ValueError("I/O operation on closed file")

    assert not is_terminal(None)
    assert not is_terminal(Closed())
    assert not is_interactive({"TERM": "xterm"})


def test_what_a_terminal_would_obey_never_reaches_it():
    """Whatever a widget draws, no line has a control character in it; codes of Textual's own pass."""
    hostile = Segment("a\x1b]52;c;\x07b\x9b\u202e가")

    assert [one.text for one in PrintableFilter().apply([hostile], Color(0, 0, 0))] == ["a]52;c;b가"]
    assert PrintableFilter().apply([Segment("plain")], Color(0, 0, 0)) == [Segment("plain")]


def test_a_picture_shows_escapes():
    """A name with control characters stands in a chart with its escapes, each letter in its own cell."""
    picture = Picture.blank(10, 1)

    assert picture.put(0, 0, "a\x1bb\n") == 8
    assert picture.rows() == [r"a\x1bb\n  "]
