"""What a worker printed, made harmless: no byte of a file reaches the terminal as anything but a letter."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.tui.model.console import KEPT_LINES, TAIL_BYTES, Console, consoles, harmless


@given(st.text() | st.text("\x1b[]0;mJ\x07\x9b\\ab\r\t\u202e\u2066"))
def test_nothing_but_letters_is_left(line):
    """Whatever a line holds, no control character and no sign that turns the direction of writing is left of it."""
    found = harmless(line)

    assert not [letter for letter in found if unicodedata.category(letter) == "Cc"]
    assert not set(found) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("10 %\r50 %\r100 %\r", "100 %"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]52;c;Zm9v\x1b\\text", "text"),
        ("\x1bPq#0\x1b\\text", "text"),
        ("a\tb", "a       b"),
        ("bell\x07 null\x00", "bell? null?"),
        ("학습 끝", "학습 끝"),
    ],
)
def test_lines_as_they_are_shown(line, shown):
    """Colours, titles and the clipboard are taken out, of a progress bar the last state is shown, letters stay."""
    assert harmless(line) == shown


def test_only_new_lines_come(tmp_path):
    """Each complete line comes once; a torn one waits for its end; a file that shrank is read from its start."""
    path = tmp_path / "console-w0.log"
    console = Console(path)
    found = [console.poll()]
    for text, mode in (("one\ntw", "w"), ("o\n", "a"), ("", "a"), ("new\n", "w")):
        with path.open(mode) as file:
            file.write(text)
        found.append(console.poll())

    assert found == [[], ["one"], ["two"], [], ["new"]]


def test_long_files_cost_their_end_alone(tmp_path):
    """Of a long file the end is read, without the half of a line at which that begins, and no more lines than are kept."""
    path = tmp_path / "console-w0.log"
    path.write_bytes(b"".join(b"%06d %s\n" % (number, b"x" * 1000) for number in range(2000)) + b"last\n")
    lines = Console(path).poll()
    path.write_bytes(b"y\n" * 100_000)
    short = Console(path).poll()

    assert lines[-1] == "last"
    assert len(lines) <= TAIL_BYTES / 1000
    assert all(line.split()[0].isdigit() and len(line) == 1007 for line in lines[:-1])
    assert len(short) == KEPT_LINES


def test_files_of_workers(tmp_path):
    """The workers are those that have a file, in the order of their numbers."""
    for name in ("console-w10.log", "console-w2.log", "console-wx.log", "other.log"):
        (tmp_path / name).touch()

    assert consoles(tmp_path) == [2, 10]
    assert consoles(tmp_path / "gone") == []
