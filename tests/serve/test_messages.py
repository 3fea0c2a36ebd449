"""What a page says, read without trust."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.serve.messages import HEIGHTS, WIDTHS, Pinged, Typed, WindowSize, read_message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
SIZES = st.fixed_dictionaries({"width": JSON, "height": JSON})


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (["stdin", "x"], Typed("x")),
        (["stdin", "\x1b[A"], Typed("\x1b[A")),
        (["resize", {"width": 80, "height": 24}], WindowSize(80, 24)),
        (["resize", {"width": 10**9, "height": -1}], WindowSize(WIDTHS[1], HEIGHTS[0])),
        (["ping", "123"], Pinged("123")),
        (["ping", "1" * 10_000], None),
        (["stdin", ""], None),  # Textual's parser takes it for the end of all input
        (["stdin"], None),
        (["stdin", 3], None),
        (["resize", {"width": True, "height": 2}], None),
        (["resize", {"width": "many", "height": 2}], None),
        (["focus"], None),
        ({"stdin": "x"}, None),
        (7, None),
    ],
)
def test_what_the_page_says_is_read(said, read):
    """Keys, sizes within what is drawn, and pings are read; everything else is nothing."""
    assert read_message(orjson.dumps(said).decode()) == read


@given(st.text() | JSON.map(lambda value: orjson.dumps(value, default=str).decode()))
def test_no_text_is_an_error(text):
    """Whatever is said is read as something or nothing."""
    read_message(text)


@given(SIZES)
def test_no_size_is_beyond_what_is_drawn(size):
    """However a size is told, no window has more cells than are drawn for it."""
    read = read_message(orjson.dumps(["resize", size]).decode())
    assert read is None or (WIDTHS[0] <= read.width <= WIDTHS[1] and HEIGHTS[0] <= read.height <= HEIGHTS[1])


@pytest.mark.parametrize("text", ['["stdin", "\\ud800"]', "[" * 100_000, "1" * 10_000, "", "\x00", "[NaN]"])
def test_what_json_readers_stumble_over_is_nothing(text):
    """Half letters, nests without end and numbers without end are no messages."""
    assert read_message(text) is None
