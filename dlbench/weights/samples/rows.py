"""Samples in the rows of a table: which column is what, and what becomes of its cells, are as they were in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import UsageError
from dlbench.parts.datasets.csv_file.columns import column_of, is_number, without_missing
from dlbench.parts.datasets.csv_file.head import Layout, look_at
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS, CsvOptions
from dlbench.parts.datasets.csv_file.reading import Cells, read_cells
from dlbench.parts.datasets.csv_file.sheet import without_trailing
from dlbench.weights.kept import KeptTrial
from dlbench.weights.samples.base import NewSamples, counted
from dlbench.weights.samples.cells import CellReader, ReadColumn

READING = ("delimiter", "decimal", "encoding")
"""What a recipe says of how its table is written, and what is then so of others."""


def read_rows(file: Path, one: KeptTrial) -> NewSamples:
    """The rows of a table with the columns of that of the training, in any order where they have names; others are passed over.

    Of data that was no table, the columns are the features in their order. A column of what is learned may be there.
    """
    source, data = one.task.source, one.candidate.settings["data"]
    if len(source.shape) != 1:
        raise UsageError(
            f"{file}: the net takes samples of {source.shape}, no rows of a table; give it pictures or a .npz"
        )
    form = source.form if source.form.get("kind") == "table" else None
    options = _options(data if form else {}, form)
    layout = look_at(file, options)
    every = without_trailing(read_cells(file, layout, least=1))
    first = [" ".join(column[0].as_py().split()) for column in every]
    form = form or _form_of(source.shape[0], len(first), first)
    has_header = form["has_header"]
    body = [column.slice(int(has_header)) for column in every]
    if not len(body[0]):
        raise UsageError(f"{file}: no rows{' below its header' if has_header else ''}")
    columns, answer = (_by_name if has_header else _by_position)(file, form, first)
    fills = "fill" in one.kept.data
    reader = CellReader(file, layout, options.missing_words, fills=fills, first_row=int(has_header))
    blocks = [reader.features(column, body[column.position]) for column in columns]
    x = np.column_stack([feature for block in blocks for feature in block])
    names = [str(row) for row in range(len(x))]
    if answer is None:
        return NewSamples(x, names)
    labels, targets = _answers(body[answer], one, layout, options)
    return NewSamples(x, names, labels, targets)


def _options(data: dict[str, Any], form: Any) -> CsvOptions:
    """How the table is read: as the recipe says that its own is, or as it looks."""
    reading: dict[str, Any] = {key: data.get(key, "auto") for key in READING}
    return CsvOptions(
        answer=-1,
        is_target=False,
        label_as="auto",
        header="auto",
        ignore=(),
        text=None,
        ordinal=(),
        missing=None,
        missing_indicator=False,
        missing_words=tuple(form["missing_words"]) if form else MISSING_WORDS,
        **reading,
    )


def _form_of(features: int, width: int, first: Sequence[str]) -> dict[str, Any]:
    """The form of data that was no table: its features by position, then perhaps an answer; a first row of words names them."""
    has_header = not all(map(is_number, first))
    names = list(first) if has_header else [str(place) for place in range(width)]
    plain = {"values": None, "is_ordinal": False, "has_indicator": False}
    names += [f"feature {place}" for place in range(len(names), features)]
    answer = names[features] if len(names) > features else ""
    return {
        "columns": [{"name": name, **plain} for name in names[:features]],
        "answer": answer,
        "has_header": has_header,
    }


def _by_name(file: Path, form: Any, first: Sequence[str]) -> tuple[list[ReadColumn], int | None]:
    """Where each column stands, by its name; of several of one name in their order."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(first):
        places.setdefault(name, []).append(place)
    wanted = Counter(column["name"] for column in form["columns"])
    if lacking := [name for name, count in wanted.items() if len(places.get(name, ())) < count]:
        what = f"no column {', '.join(map(repr, lacking))}"
        raise UsageError(f"{file}:1: {what}, which the net was trained with; its columns are {', '.join(first)}")
    turn = {name: iter(own) for name, own in places.items()}
    columns = [ReadColumn(position=next(turn[column["name"]]), **column) for column in form["columns"]]
    answer = next(iter(places.get(form["answer"], ())), None)
    return columns, answer


def _by_position(file: Path, form: Any, first: Sequence[str]) -> tuple[list[ReadColumn], int | None]:
    """Where each column stands that has no name; where the answer's column is not there, those behind it have moved up."""
    positions = [int(column["name"]) for column in form["columns"]]
    answer = int(form["answer"]) if form["answer"] else None
    needed = max([*positions, *([] if answer is None else [answer])]) + 1
    if answer is not None and len(first) == needed - 1:
        positions, answer = [position - (position > answer) for position in positions], None
    elif len(first) < needed:
        least = needed if answer is None else needed - 1
        raise UsageError(f"{file}:1: {len(first)} columns, but the net was trained with {least} and what is learned")
    columns = [ReadColumn(position=place, **column) for place, column in zip(positions, form["columns"], strict=True)]
    return columns, answer


def _answers(
    cells: Cells, one: KeptTrial, layout: Layout, options: CsvOptions
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64] | None]:
    """What the rows say is true: classes, or numbers; nothing where no row says anything that the net knows."""
    import pyarrow.compute as pc

    if one.task.source.targets:
        values = column_of("", 0, cells, options.missing_words, layout.decimal).values
        return None, None if np.isnan(values).all() else values[:, None]
    said = without_missing(pc.utf8_trim_whitespace(cells), options.missing_words).to_pylist()
    if all(name is None for name in said):
        return None, None
    return counted(said, one.task.source.names), None
