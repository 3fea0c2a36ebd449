"""Text that a terminal would obey is shown, not sent."""

import json
import tomllib
import unicodedata

import numpy as np
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dlbench.words.printable import json_text, literal, one_line, printable

OBEYED = {"Cc", "Cs", "Zl", "Zp"}
TURNING = "\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = "".join(map(chr, [*range(0xA0), 0x2028, 0x2029, 0xD800, 0xDFFF])) + TURNING
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE)))


def obeyed(text):
    """The characters of a text that a terminal would act upon."""
    return {letter for letter in text if unicodedata.category(letter) in OBEYED or letter in TURNING}


@given(text=TEXTS)
def test_nothing_is_obeyed(text):
    """Of no text a control character, separator, override or half of a pair is left, in lines or in one line."""
    assert obeyed(printable(text)) <= {"\n"}
    assert obeyed(one_line(text)) == set()
    printable(text).encode()


@given(text=st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" \n")))
def test_harmless_text_stays(text):
    """Letters of every script, marks, signs and line feeds come back as they are."""
    assert printable(text) == text


def test_every_escape_can_be_seen():
    """An escape is told by its number, a tab, a carriage return and in one line a line feed by their short names."""
    assert printable("a\x1b[31m\t\r\x7f\x9b\u202e\udcff\n") == "a\\x1b[31m\\t\\r\\x7f\\x9b\\u202e\\udcff\n"
    assert one_line("a\nb") == "a\\nb"
    assert cell_len(printable(HOSTILE.replace("\n", ""))) == len(printable(HOSTILE.replace("\n", "")))


@given(text=st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(HOSTILE[:-12]))))
def test_json_and_toml_say_what_was_written(text):
    """JSON and TOML are free of such characters, and read back as the same text."""
    data = {"key": text, text: [text]}
    told, written = json_text(data), literal(tomli_w.dumps(data, multiline_strings=True))

    assert obeyed(told) | obeyed(written) <= {"\n"}
    assert json.loads(told) == data
    if "\r\n" not in text:  # tomli_w hands it through in strings of several lines, and TOML makes it one line feed
        assert tomllib.loads(written) == data


def test_json_of_bytes_that_are_no_text(tmp_path):
    """A path with bytes that are no UTF-8 makes valid JSON, and so do arrays and NaN beside it."""
    name = b"\xff".decode(errors="surrogateescape")
    data = {"path": tmp_path / name, "name": name, "numbers": np.array([1.0, np.nan]), name: (1, None)}

    found = json.loads(json_text(data))

    assert found == {"path": f"{tmp_path}/\\udcff", "name": "\\udcff", "numbers": [1.0, None], "\\udcff": [1, None]}


@pytest.mark.parametrize("indented", [True, False])
def test_json_in_one_line_or_many(indented):
    """JSON of an event is one line, of a report many."""
    assert ("\n" in json_text({"a": [1]}, indented=indented)) == indented
