"""Tables of exact numbers for other programs: typed fields and rows in batches, of which CSV and Parquet are made."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlbench.catalog import Catalog
from dlbench.state.trial_state import TrialState
from dlbench.words.printable import printable

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report

Kind: TypeAlias = Literal["text", "integer", "number", "single", "truth"]
"""Of a field's values; `number` is a float64, `single` a float32."""
T = TypeVar("T")
Values: TypeAlias = Sequence[Any] | NDArray[Any]
"""A field's values in some rows; what is not there is `None`, or NaN in an array."""
FORMULA = re.compile(r"\s*[=+@\uff1d\uff0b\uff0d\uff20-]")
"""How a text begins that spreadsheets take for a formula; blanks before it do not keep them from it."""
AT_ONCE = 4096
"""Rows that are made at a time, where they are not made by trials."""
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True)
class RecordField:
    """A column: its name, the kind of its values, and what it is in a sentence."""

    name: str
    kind: Kind
    says: str = ""


@dataclass(frozen=True)
class Records:
    """A table for programs. `batches` begins anew with each call: some rows at a time, as one column a field."""

    fields: Sequence[RecordField]
    batches: Callable[[], Iterable[Sequence[Values]]]

    @property
    def header(self) -> list[str]:
        """The names of its fields."""
        return [field.name for field in self.fields]


RECORDS: Catalog[Callable[[Report], Records]] = Catalog(
    "records", title="tables of a run that are written for programs"
)
"""Name -> a function from the report to its table."""


def records_of(fields: Sequence[RecordField], rows: Callable[[], Iterable[Sequence[Any]]]) -> Records:
    """A table of whole rows, so many at a time."""
    return Records(fields, lambda: (list(zip(*some, strict=True)) for some in in_batches(rows())))


def in_batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """So many at a time."""
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def csv_chunks(records: Records) -> Iterator[str]:
    """A table as CSV, harmless for a spreadsheet: its header, then some rows at a time."""
    yield _lines([map(safe, records.header)])
    for batch in records.batches():
        yield _lines(zip(*map(_plain, batch), strict=True))


def csv_text(records: Records) -> str:
    """The same in one piece."""
    return "".join(csv_chunks(records))


def _lines(rows: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


def _plain(values: Values) -> Sequence[Any]:
    """Values that print with the fewest digits that name them, texts as they are `safe`; nothing for NaN."""
    if not isinstance(values, np.ndarray):
        return [safe(value) if isinstance(value, str) else value for value in values]
    listed: list[Any] = list(values) if values.dtype == np.float32 else values.tolist()
    return [None if value != value else value for value in listed]  # noqa: PLR0124  # NaN alone is not itself


def safe(value: Any) -> Any:
    """Texts that can be printed and cannot become formulas; numbers as they are, and nothing for `None`."""
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if FORMULA.match(shown) and not NUMBER.fullmatch(shown) else shown


class Choices:
    """The searched paths as fields, typed by all values that they take."""

    def __init__(self, choices: Iterable[Mapping[str, Any]]) -> None:
        """`choices` are those of all rows, in their order."""
        known: dict[str, list[Any]] = {}
        for choice in choices:
            for path, value in choice.items():
                known.setdefault(path, []).append(value)
        self.fields = [RecordField(path, _kind_of(own), "what the search gave") for path, own in known.items()]
        self.paths = list(known)

    def values(self, choice: Mapping[str, Any]) -> list[Any]:
        """A row's values; parts of a recipe as JSON."""
        return [_as_kind(choice.get(field.name), field.kind) for field in self.fields]


def _kind_of(values: Sequence[Any]) -> Kind:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "truth"
    if kinds == {int}:
        return "integer"
    return "number" if kinds and kinds <= {int, float} else "text"


def _as_kind(value: Any, kind: Kind) -> Any:
    if value is None or kind in {"truth", "integer"}:
        return value
    if kind == "number":
        return float(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Who:
    """The fields that say which trial a row is about."""

    def __init__(self, trials: Sequence[TrialState]) -> None:
        """`trials` are those that rows will be about."""
        self._choices = Choices(trial.plan.choice for trial in trials)
        self.fields = [
            RecordField("trial", "text", "the trial's id"),
            RecordField("variant", "text"),
            *self._choices.fields,
            RecordField("seed", "integer"),
        ]

    def values(self, trial: TrialState) -> list[Any]:
        """A trial's values."""
        plan = trial.plan
        return [plan.id, plan.variant, *self._choices.values(plan.choice), plan.told_seed]

    def repeated(self, trial: TrialState, rows: int) -> list[Values]:
        """The same in so many rows."""
        return [[value] * rows for value in self.values(trial)]
