"""A table of one's own as a text file: comma-separated values and what people call so."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt, MinLen

from dlbench.parts.datasets.base import DATASETS, Arrays, Source, stream
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS, CsvOptions
from dlbench.parts.datasets.csv_file.prepare import prepare
from dlbench.parts.datasets.csv_file.store import prepared
from dlbench.parts.datasets.csv_file.table import CsvTable
from dlbench.parts.datasets.folders import locate
from dlbench.parts.datasets.splits import counts_for_test, stratified

FLOAT64, FLOAT32 = 8, 4
"""Bytes of a number before it is normalized, and after."""


@DATASETS.add(origin="file")
def csv(  # noqa: PLR0913 - every one is a key of a recipe
    *,
    path: str,
    label: int | str = -1,
    label_as: Literal["auto", "classes"] = "auto",
    ignore: list[int | str] | None = None,
    text: Literal["one_hot"] | None = None,
    ordinal: dict[str, Annotated[list[str], MinLen(2)]] | None = None,
    missing: Literal["mean", "median", "drop"] | None = None,
    missing_indicator: bool = False,
    missing_words: list[str] | None = None,
    header: Literal["auto", "yes", "no"] = "auto",
    delimiter: str = "auto",
    decimal: Literal["auto", ".", ","] = "auto",
    encoding: str = "auto",
    test_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    seed: Annotated[int, Ge(0)] = 0,
) -> Source:
    """A table with a sample a row: the column `label` (its name, or its position, -1 the last) tells the class.

    All other columns are features, samples are `(features,)`. A relative `path` is looked for in the current folder, then in
    the data folders; a file that is refused is told with every column concerned and with the keys to write.

    label: labels are text and keep their spelling; classes are numbered in sorted order, by value where all are numbers.
    label_as: "classes" takes labels for classes that look like measured numbers or stand in very few rows, which "auto" refuses.
    ignore: columns to leave out, by name or position (from 0; -1 the last): `ignore = ["Name", 0]`.
    text: "one_hot" makes of each column of text a feature a value, 0 or 1, in sorted order and called `column=value`; a missing
        cell is a value of its own. Without it, columns of text are refused.
    ordinal: columns of text whose values have an order, lowest first, become 0, 1, 2, ...: `ordinal = { size = ["S", "M", "L"] }`.
    missing: a missing number becomes the "mean" or the "median" of its column's training rows, or "drop" leaves out all rows in
        which a feature or the label is missing. Without it, missing numbers are refused; so are missing labels, unless dropped.
    missing_indicator: adds a feature to each column of numbers with gaps, 1 where the value is missing.
    missing_words: cells that mean a missing value, in whatever case; if left out, "" ? - na n/a nan null none <na> #n/a.
    header: whether the first row names the columns; "auto" asks each column whether its first cell is like those below it.
    delimiter: what parts the cells, one character, or "space" for any number of blanks; "auto" takes of , ; tab | and space the
        one that parts all rows alike.
    decimal: what parts a number's digits; "auto" is a comma where numbers have commas, none a point, and cells other delimiters.
    encoding: a name that Python knows, such as "latin-1"; "auto" is that of the file's mark, else UTF-8, else Windows-1252.
    test_share: so much of each class is the test set, chosen by `seed`.

    Raises `SetupError` that says what is wrong with the file at which line, `ValueError` where the recipe must say more.
    """
    if missing_indicator and missing not in {"mean", "median"}:
        raise ValueError(
            '\'missing_indicator\' goes with missing = "mean" or "median", which fill the gaps that it marks'
        )
    if len(delimiter) != 1 and delimiter not in {"auto", "space"}:
        raise ValueError(f'\'delimiter\' is {delimiter!r}; it is one character, or "space", or "auto"')
    options = CsvOptions(
        label=label,
        label_as=label_as,
        header=header,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        ignore=tuple(ignore or ()),
        text=text,
        ordinal=tuple((name, tuple(order)) for name, order in (ordinal or {}).items()),
        missing=missing,
        missing_indicator=missing_indicator,
        missing_words=MISSING_WORDS if missing_words is None else tuple(missing_words),
    )
    return _source(locate(path), options, test_share, seed)


def _source(file: Path, options: CsvOptions, test_share: float, seed: int) -> Source:
    """The source of a prepared table, split by class."""
    state = file.stat()
    table = _table(file, (state.st_mtime_ns, state.st_ctime_ns, state.st_size), options)
    per_class = np.bincount(table.y).tolist()
    for_test = counts_for_test(per_class, test_share)
    if not sum(for_test):
        raise ValueError(f"'test_share' {test_share} of {len(table.y)} rows leaves no sample to test on")
    fill = None if options.missing == "drop" else options.missing

    def load() -> Arrays:
        train, test = stratified(table.y, for_test, stream(seed, "csv"))
        return Arrays(table.rows(train), table.y[train], table.rows(test), table.y[test], fill=fill)

    names = table.feature_names
    for_train = [whole - part for whole, part in zip(per_class, for_test, strict=True)]
    whole = Source.of((len(names),), for_train, for_test, load, class_names=table.class_names, notes=table.notes)
    return replace(
        whole,
        feature_names=tuple(names),
        bytes_per_number=FLOAT64 + FLOAT32,
    )


@lru_cache(maxsize=2)
def _table(file: Path, state: tuple[int, ...], options: CsvOptions) -> CsvTable:
    """The prepared file; `state` makes the cache forget a file that has changed."""
    del state
    return prepared(file, options, prepare)
