"""A report as it is asked for: other columns, other rows, another order. No number in it changes, and nor does any interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from dlbench.analysis.comparison import DIFFERENCE, column_of, is_constant, widened
from dlbench.analysis.conditions import RowCondition, condition_in
from dlbench.analysis.factors import VARIANT, Factor, Factors
from dlbench.analysis.table import Cell, Column, Folded, Row, Setting, Table
from dlbench.errors import UsageError, hint
from dlbench.measures.older_names import newest
from dlbench.metrics.catalog import METRICS, split_step
from dlbench.metrics.format import number, value_format
from dlbench.metrics.metric import LOGGED, is_known

if TYPE_CHECKING:
    from dlbench.analysis.ensembles.ensemble import Ensembles
    from dlbench.analysis.summary import Report

SEEDS = "seeds"
"""The column of them, which like the variants' names is always there."""


@dataclass(frozen=True)
class TableWishes:
    """What is asked of a table: `columns` by name or pattern, `sort` by a column (`-` before it: highest first), `filters`.

    With `hide_unchanged`, columns that are the same in every row are left out.
    """

    columns: Sequence[str] = ()
    sort: str | None = None
    filters: Sequence[str] = ()
    hide_unchanged: bool = False


class KnownNames:
    """The names that may be asked for in a report: metrics of which its trials have numbers, and settings."""

    def __init__(self, report: Report) -> None:
        self.table, self._state = report.table, report.state
        self.factors = Factors(report.state.plan)
        self.among = {row.candidate for row in (*self.table.rows, *self.table.sweep)}

    def metric(self, text: str) -> Column | None:
        """The column of a metric, at a step after an `@`; `None` where no metric is called so.

        Raises UsageError where the run has no numbers of it.
        """
        shown = next((column for column in self.table.all_columns if column.key == text), None)
        if shown is not None:
            return shown
        key = newest(text)
        name, step = split_step(key)
        if not is_known(name):
            return None
        if step is not None and not (step.isascii() and step.isdigit()):
            raise UsageError(f"'{text}': what stands behind the @ is a step, such as {name}@500")
        column = column_of(key)
        self.table = widened(self.table, self._state, [column])
        if not self._has_numbers(column):
            known = ", ".join(self._known())
            raise UsageError(f"no trial of this run has a {text}; it has {known}")
        return column

    def column(self, text: str) -> Column | Factor:
        """A metric or a setting by its name; raises UsageError where there is none."""
        found = self.metric(text) or self.factors.find(text, self.among)
        if found is None:
            shown = [column.key for column in self.table.columns]
            names = [VARIANT, *shown, *self._known(), *self.factors.names(self.among)]
            there = f"there are {', '.join(dict.fromkeys(names))}"
            raise UsageError(f"no metric or setting is called '{text}'{hint(text, [*METRICS, *LOGGED, *names], there)}")
        return found

    def matching(self, pattern: str) -> list[Column | Factor]:
        """Those that a pattern with `*` matches, metrics before settings; raises UsageError where there are none."""
        keys = dict.fromkeys([*(column.key for column in self.table.all_columns), *self._known()])
        found: list[Column | Factor] = [
            column for key in keys if fnmatchcase(key, pattern) and (column := self.metric(key))
        ]
        found = found or [*self.factors.like(pattern)]
        if not found:
            raise UsageError(f"nothing that this run has matches '{pattern}'; it has {', '.join(keys)}")
        return found

    def _known(self) -> list[str]:
        """The metrics of which any trial has a number."""
        wide = widened(self.table, self._state, [column_of(name) for name in [*METRICS, *LOGGED]])
        return [name for name in [*METRICS, *LOGGED] if any(row.cells[name].n for row in (*wide.rows, *wide.sweep))]

    def _has_numbers(self, column: Column) -> bool:
        cells = [row.cells[column.key] for row in (*self.table.rows, *self.table.sweep)]
        return any(cell.n or cell.never for cell in cells)


def arranged(report: Report, wanted: TableWishes) -> Report:
    """A report with the columns and rows that are asked for, in the order that is asked for.

    Differences, intervals and marks stay those of the whole comparison. Raises UsageError for names that the run does not have,
    and where no row is left.
    """
    if wanted == TableWishes():
        return report
    asked, whole = KnownNames(report), report.table
    chosen = _chosen(asked, wanted.columns) if wanted.columns else None
    conditions = [condition_in(text, whole, asked.column) for text in wanted.filters]
    order = None if wanted.sort is None else _order(asked, wanted.sort)
    table, remarks = asked.table, []
    if conditions:
        table, told = _filtered(table, conditions)
        remarks += told
    if order is not None:
        table = replace(table, rows=order.sorted(table.rows), sweep=order.sorted(table.sweep))
        remarks.append(order.told)
    if chosen is not None:
        table = _with_columns(table, chosen)
    if wanted.hide_unchanged:
        table, told = _without_unchanged(table)
        remarks += told
    table = replace(table, whole=whole, remarks=tuple(remarks))
    return replace(report, table=table, ensembles=_ensembles(report.ensembles, table))


def _ensembles(found: Ensembles | None, table: Table) -> Ensembles | None:
    """Those of the variants that are shown."""
    shown = {row.candidate for row in table.rows}
    return found and replace(found, groups=[group for group in found.groups if group.entry.index in shown])


def _chosen(asked: KnownNames, names: Iterable[str]) -> list[Column | Factor]:
    found: dict[str, Column | Factor] = {}
    for name in (name for name in names if name not in {VARIANT, SEEDS}):
        several = "*" in name or "?" in name
        for one in asked.matching(name) if several else [asked.column(name)]:
            found.setdefault(one.path if isinstance(one, Factor) else one.key, one)
    return list(found.values())


def _with_columns(table: Table, chosen: Sequence[Column | Factor]) -> Table:
    columns = [one for one in chosen if isinstance(one, Column)]
    settings = [
        Setting(one.path, one.path, one.values) for one in chosen if isinstance(one, Factor) and one.path != VARIANT
    ]
    short = [one.path.rpartition(".")[2] for one in settings]
    settings = [
        replace(one, title=last) if short.count(last) == 1 else one for one, last in zip(settings, short, strict=True)
    ]
    return replace(table, columns=columns, folded=[], told=Folded(), settings=settings)


def _filtered(table: Table, conditions: Sequence[RowCondition]) -> tuple[Table, list[str]]:
    """The rows that meet all conditions, and what must be said of that."""
    rows, sweep = table.rows, table.sweep
    for condition in conditions:
        left = [list(filter(condition.holds, part)) for part in (rows, sweep)]
        if not left[0]:
            raise UsageError(condition.refusal(rows))
        rows, sweep = left
    texts = ", ".join(condition.text for condition in conditions)
    total = len(table.rows)
    remarks = [f"{len(rows)} of {total} variants are shown ({texts}); intervals, marks and m are those of all {total}"]
    own = dict.fromkeys(condition.column.key for condition in conditions if condition.column is not None)
    if own and len(rows) < total:
        remarks.append(
            f"the rows were picked by their own {' and '.join(own)}: with fresh seeds they would lie closer to the others"
        )
    return replace(table, rows=rows, sweep=sweep), remarks


@dataclass(frozen=True)
class RowOrder:
    """An order of rows by a value of each, those without one last; `told` says which."""

    value: Callable[[Row], Any]
    is_falling: bool
    told: str

    def sorted(self, rows: Sequence[Row]) -> list[Row]:
        """The rows in this order; those that are alike stay as they were."""
        known = [row for row in rows if self.value(row) is not None]
        return sorted(known, key=self.value, reverse=self.is_falling) + [row for row in rows if self.value(row) is None]


def _order(asked: KnownNames, text: str) -> RowOrder:
    is_falling, name = text.startswith("-"), text.removeprefix("-").removeprefix("+")
    ends = "highest first" if is_falling else "lowest first"
    if name == SEEDS:
        return RowOrder(lambda row: row.n_ok, is_falling, f"sorted by seeds that came to their end, {ends}")
    column = asked.column(name)
    if isinstance(column, Factor):
        return RowOrder(*_by_setting(column, is_falling=is_falling))
    key = column.key
    return RowOrder(lambda row: row.cells[key].middle, is_falling, f"sorted by {column.title}, {ends}")


def _by_setting(factor: Factor, *, is_falling: bool) -> tuple[Callable[[Row], Any], bool, str]:
    """Numbers as numbers; anything else by its letters."""
    values = [value for value in factor.exact.values() if value is not None]
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    source: Mapping[int, Any] = factor.exact if is_number else factor.values
    ends = ("highest first", "lowest first") if is_number else ("Z to A", "A to Z")
    return (lambda row: source[row.candidate]), is_falling, f"sorted by {factor.path}, {ends[not is_falling]}"


def _without_unchanged(table: Table) -> tuple[Table, list[str]]:
    """The table without columns that are the same in every row that is shown, and which these are."""
    rows = table.rows
    if len(rows) < 2:
        return table, ["one row is shown, so nothing in it can differ: no column was hidden"]
    kept_always = {table.metric, DIFFERENCE}
    constant = [column for column in table.columns if column.key not in kept_always and is_constant(column, rows)]
    still = [one for one in table.settings if len({one.values[row.candidate] for row in rows}) == 1]
    facts = [f"{one.path} = {one.values[rows[0].candidate]}" for one in still]
    facts += [f"{column.title} = {_shown(rows[0].cells[column.key], column)}" for column in constant]
    if not facts:
        return table, []
    kept = [column for column in table.columns if column not in constant]
    folded = [*table.folded, *constant]
    settings = [one for one in table.settings if one not in still]
    table = replace(table, columns=kept, folded=folded, settings=settings)
    return table, [f"the same in every row, and hidden: {'; '.join(facts)}"]


def _shown(cell: Cell, column: Column) -> str:
    middle = cell.middle
    return "∞" if middle is not None and math.isinf(middle) else number(middle, value_format(column.metric, middle))
