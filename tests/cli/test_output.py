"""What is printed, and how."""

import io
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlbench.cli.output import columns, emit, emit_json


def test_columns_align():
    """Every column but the last is as wide as its widest cell."""
    assert columns([("a", "bb", "c"), ("dddd", "e", "f")]) == "a     bb  c\ndddd  e   f"


def test_columns_count_cells_not_characters():
    """Korean letters take two places, and the next column still lines up."""
    first, second = columns([("신경망", "x"), ("abcdef", "y")]).splitlines()

    assert first == "신경망  x"
    assert second == "abcdef  y"


def test_columns_are_cut_on_a_terminal_only(monkeypatch):
    """A line never wraps on a terminal, and never loses a letter in a pipe."""
    rows = [("name", "x" * 100)]
    monkeypatch.setenv("COLUMNS", "40")

    assert columns(rows) == f"name  {'x' * 100}"

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    assert columns(rows) == f"name  {'x' * 31}..."


@dataclass
class Thing:
    """Something to print."""

    path: Path
    values: np.ndarray


def test_json_is_plain_json(capsys):
    """Dataclasses, paths and arrays are understood, and NaN is null."""
    emit_json(Thing(Path("a/b"), np.array([1.0, math.nan])))

    assert json.loads(capsys.readouterr().out) == {"path": "a/b", "values": [1.0, None]}


def test_letters_that_the_terminal_lacks(monkeypatch):
    """A terminal that knows ASCII only gets question marks, not a traceback."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    emit("0.5 ± 0.1")

    assert raw.getvalue() == b"0.5 ? 0.1\n"
