"""Which rows of a table are asked for: `test_accuracy>0.9`, `init=he*`, `relu*`, each a condition on a row."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from dlbench.analysis.factors import Factor
from dlbench.analysis.table import Column, Row, Table
from dlbench.errors import UsageError
from dlbench.metrics.format import number, value_format
from dlbench.metrics.quantity import at_least, at_most
from dlbench.plan import candidate_text

FORM = re.compile(r"\s*([^<>=!]+?)\s*(<=|>=|==|!=|<|>|=)\s*(.*?)\s*", re.DOTALL)
EXAMPLES = "'test_accuracy>0.9', 'lr=0.1', 'init=he*' or 'relu*'"

Holds: TypeAlias = Callable[[Row], bool]


@dataclass(frozen=True)
class RowCondition:
    """A condition as it was written, whether a row meets it, and the measured column that it is about, if it is about one."""

    text: str
    holds: Holds
    column: Column | None = None

    def refusal(self, rows: Sequence[Row]) -> str:
        """What is said where it leaves no row."""
        if self.column is None:
            return f"no row meets '{self.text}'; there are {_names(rows)}"
        cells = {candidate_text(row): row.cells[self.column.key].middle for row in rows}
        known = {name: value for name, value in cells.items() if value is not None}
        ends = [min(known, key=lambda name: known[name]), max(known, key=lambda name: known[name])]
        low, high = (f"{number(known[name], value_format(self.column.metric, known[name]))} ({name})" for name in ends)
        return f"no row meets '{self.text}'; {self.column.key} goes from {low} to {high}"


def _names(rows: Sequence[Row], most: int = 10) -> str:
    names = [candidate_text(row) for row in rows]
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def condition_in(text: str, table: Table, named: Callable[[str], Column | Factor]) -> RowCondition:
    """The condition that a text states: of a metric, of a setting, or of the variants' names.

    `named` has a metric or a setting by its name. Raises UsageError where the text states none.
    """
    match = None if any(row.variant == text for row in table.rows) else FORM.fullmatch(text)
    if match is None:
        return _of_names(text, table)
    name, sign, value = match.groups()
    found = named(name)
    if isinstance(found, Column):
        return RowCondition(text, _of_metric(found, sign, value, text), found)
    if _number(value) is None and sign in {"<", ">", "<=", ">="}:
        raise UsageError(f"'{text}': '{sign}' takes a number, not '{value}'")
    return RowCondition(text, _of_setting(found, sign, value))


def _of_names(text: str, table: Table) -> RowCondition:
    pattern = text.removeprefix("!").strip()
    if not pattern:
        raise UsageError(f"'{text}' is no condition; write one such as {EXAMPLES}")
    negated = text.startswith("!")
    if not negated and not any(fnmatchcase(row.variant, pattern) for row in table.rows):
        names = _names(table.rows)
        raise UsageError(f"no variant is called '{pattern}'; there are {names}; a condition is one such as {EXAMPLES}")
    return RowCondition(text, lambda row: fnmatchcase(row.variant, pattern) != negated)


COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, bound: not at_least(value, bound),
    ">": lambda value, bound: not at_most(value, bound),
    "<=": at_most,
    ">=": at_least,
    "=": lambda value, bound: at_least(value, bound) and at_most(value, bound),
    "==": lambda value, bound: at_least(value, bound) and at_most(value, bound),
    "!=": lambda value, bound: not (at_least(value, bound) and at_most(value, bound)),
}
"""Comparisons, rounding aside."""


def _of_metric(column: Column, sign: str, value: str, text: str) -> Holds:
    """On what the row shows; a row that shows nothing meets no condition."""
    bound = _number(value)
    if bound is None:
        raise UsageError(f"'{text}': {column.key} is compared with a number, not '{value}'")

    def holds(row: Row) -> bool:
        shown = row.cells[column.key].middle
        return shown is not None and COMPARED[sign](shown, bound)

    return holds


def _of_setting(factor: Factor, sign: str, value: str) -> Holds:
    """On a setting: numbers are compared as numbers; text is equal to a pattern, or not."""
    bound = _number(value)

    def holds(row: Row) -> bool:
        exact, text = factor.exact[row.candidate], factor.values[row.candidate]
        if bound is not None and isinstance(exact, int | float) and not isinstance(exact, bool):
            return COMPARED[sign](exact, bound)
        if sign in {"=", "==", "!="}:
            named = {text, str(exact.get("kind"))} if isinstance(exact, dict) else {text}
            return any(fnmatchcase(one.lower(), value.lower()) for one in named) != (sign == "!=")
        return False

    return holds


def _number(text: str) -> float | None:
    """A number, `90%` as 0.9."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
