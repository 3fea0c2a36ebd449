"""A table of one's own as a text file: comma-separated values and what people call so."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt, MinLen
from numpy.typing import NDArray

from dlbench.parts.datasets.base import DATASETS, Arrays, Source, stream
from dlbench.parts.datasets.csv_file.form import form_of
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
    label: int | str | None = None,
    target: int | str | None = None,
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
    """A table with one sample per row: the column `label` tells the class, or the column `target` a number.

    A column is named, or counted from 0, -1 being the last, which is the label where neither is given.

    All other columns are features, samples are `(features,)`. A relative `path` is looked for in the current folder, then in
    the data folders; a file that is refused is told with every column concerned and with the keys to write.

    target: the number to be learned, as by `target = "price"`, instead of a class.
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
    test_share: so much of each class (of all rows, with a `target`) is the test set, chosen by `seed`.

    Raises `SetupError` that says what is wrong with the file at which line, `ValueError` where the recipe must say more.
    """
    if target is not None and (label is not None or label_as != "auto"):
        key = "label" if label is not None else "label_as"
        raise ValueError(f"'{key}' and 'target' cannot be combined: a label names a class, a target is a number")
    _require_form(delimiter, missing, has_indicator=missing_indicator)
    options = CsvOptions(
        answer=target if target is not None else -1 if label is None else label,
        is_target=target is not None,
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


def _require_form(delimiter: str, missing: str | None, *, has_indicator: bool) -> None:
    """Raise ValueError where an indicator has no gaps to mark, or a delimiter is none."""
    if has_indicator and missing not in {"mean", "median"}:
        raise ValueError('\'missing_indicator\' needs missing = "mean" or "median", which fill the gaps that it marks')
    if len(delimiter) != 1 and delimiter not in {"auto", "space"}:
        raise ValueError(f'\'delimiter\' is {delimiter!r}; it is one character, or "space", or "auto"')


def _source(file: Path, options: CsvOptions, test_share: float, seed: int) -> Source:
    """The source of a prepared table."""
    state = file.stat()
    table = _table(file, (state.st_mtime_ns, state.st_ctime_ns, state.st_size), options)
    found = (_of_numbers if options.is_target else _of_classes)(table, options, test_share, seed)
    names, form = tuple(table.feature_names), form_of(table, options)
    return replace(found, feature_names=names, bytes_per_number=FLOAT64 + FLOAT32, form=form)


def _of_classes(table: CsvTable, options: CsvOptions, test_share: float, seed: int) -> Source:
    """Split by class."""
    per_class = np.bincount(table.y).tolist()
    for_test = counts_for_test(per_class, test_share)
    if not sum(for_test):
        raise ValueError(
            f"'test_share' {test_share} of {len(table.y)} rows leaves no sample to test on; more rows, or a larger share, do"
        )

    def load() -> Arrays:
        train, test = stratified(table.y, for_test, stream(seed, "csv"))
        return _arrays(table, options, train, test)

    for_train = [whole - part for whole, part in zip(per_class, for_test, strict=True)]
    shape = (len(table.feature_names),)
    return Source.of(shape, for_train, for_test, load, class_names=table.class_names, notes=table.notes)


def _of_numbers(table: CsvTable, options: CsvOptions, test_share: float, seed: int) -> Source:
    """Split by rows alone."""
    rows = len(table.y)
    for_test = int(rows * test_share + 0.5)
    if not 0 < for_test < rows:
        raise ValueError(
            f"'test_share' {test_share} of {rows} rows leaves no sample to {'train' if for_test else 'test'} on"
        )

    def load() -> Arrays:
        order = stream(seed, "csv").permutation(rows)
        return _arrays(table, options, order[for_test:], order[:for_test])

    shape = (len(table.feature_names),)
    return Source.of_numbers(shape, [table.target_name], (rows - for_test, for_test), load, notes=table.notes)


def _arrays(table: CsvTable, options: CsvOptions, train: NDArray[np.intp], test: NDArray[np.intp]) -> Arrays:
    """The rows of both sets; targets of numbers are columns."""
    y = table.y[:, None] if options.is_target else table.y
    fill = None if options.missing == "drop" else options.missing
    return Arrays(table.rows(train), y[train], table.rows(test), y[test], fill=fill)


@lru_cache(maxsize=2)
def _table(file: Path, state: tuple[int, ...], options: CsvOptions) -> CsvTable:
    """The prepared file; `state` makes the cache forget a file that has changed."""
    del state
    return prepared(file, options, prepare)
