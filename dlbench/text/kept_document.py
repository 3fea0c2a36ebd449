"""The document of a finished run in every language, as text and back: of it a terminal's table is made without its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any, get_args

from dlbench.text.text_table import Document, Heading, TextCell, TextTable, Tone

TONES = frozenset(get_args(Tone))


def as_text(documents: Mapping[str, Document]) -> str:
    """Documents by their languages. Infinity stays what it is, as in no JSON of others."""
    return json.dumps({language: astuple(one) for language, one in documents.items()}, separators=(",", ":"))


def document_in(data: bytes, language: str) -> Document | None:
    """The document in a language; `None` where the bytes are nothing that `as_text` has made."""
    try:
        title, tables, diagnosis, notes, diagnosis_title = json.loads(data)[language]
        found = Document(
            _text(title), tuple(map(_table, tables)), _texts(diagnosis), _texts(notes), _text(diagnosis_title)
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if found.tables else None


def _table(data: Any) -> TextTable:
    key, title, headings, rows, notes = data
    columns = tuple(map(_heading, headings))
    cells = tuple(tuple(map(_cell, row)) for row in rows)
    if not columns or any(len(row) != len(columns) for row in cells):
        raise ValueError(f"{key} has rows of another length than its headings")
    return TextTable(_text(key), _text(title), columns, cells, _texts(notes))


def _heading(data: Any) -> Heading:
    key, title, is_number, hint = data
    return Heading(_text(key), _text(title), is_number is True, _text(hint))


def _cell(data: Any) -> TextCell:
    text, aside, mark, tone, value = data
    if tone not in TONES or not (value is None or type(value) in {int, float}):
        raise ValueError(f"{data} is no cell")
    return TextCell(_text(text), _text(aside), _text(mark), tone, value)


def _texts(data: Any) -> tuple[str, ...]:
    return tuple(map(_text, data))


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError(f"{data} is no text")
    return data
