"""One metric over two settings: which rows of a table stand where, and what must be said where settings go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dlbench.analysis.arrangement import KnownNames
from dlbench.analysis.factors import VARIANT, Factor, Factors
from dlbench.analysis.table import Pivot, Row
from dlbench.errors import UsageError
from dlbench.plan import candidate_text

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report

MOST = 5
"""Settings that a note or an error names."""


def pivoted(report: Report, rows: str, columns: str, metric: str | None = None) -> Report:
    """A report with one metric, by default the deciding one, over two settings of the table's rows.

    Where a setting is one that a search varies, every candidate has its place; else each variant's best. Raises UsageError where
    a name is not known, where either setting is the same everywhere, and where several candidates would share a place: no
    mean is taken over what nobody asked to be averaged.
    """
    asked = KnownNames(report)
    column = asked.column(metric or report.table.metric)
    if isinstance(column, Factor):
        raise UsageError(f"'{metric}' is a setting; --metric takes a metric, such as {report.table.metric}")
    own, other = (asked.factors.named(text, asked.among) for text in (rows, columns))
    table = asked.table
    is_searched = any(_is_within(factor, path) for factor in (own, other) for row in table.sweep for path in row.choice)
    candidates = table.sweep if is_searched else table.rows
    among = [row.candidate for row in candidates]
    _refuse_constant(own, other, among)
    places: dict[tuple[str, str], list[Row]] = {}
    for row in candidates:
        places.setdefault((own.values[row.candidate], other.values[row.candidate]), []).append(row)
    _refuse_shared(places, own, other, asked.factors)
    remarks = _remarks(own, other, asked.factors, among)
    pivot = Pivot(
        column,
        own.path,
        other.path,
        _values(own, among),
        _values(other, among),
        {place: row for place, (row,) in places.items()},
        remarks,
    )
    return replace(report, table=table, pivot=pivot)


def _values(factor: Factor, among: Sequence[int]) -> list[str]:
    """The values in the order of the candidates; numbers by their size."""
    exact = {factor.values[index]: factor.exact[index] for index in among}
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in exact.values())
    return sorted(exact, key=lambda text: exact[text]) if is_number else list(exact)


def _is_within(factor: Factor, path: str) -> bool:
    return f"{factor.path}.".startswith(f"{path}.") or f"{path}.".startswith(f"{factor.path}.")


def _refuse_constant(rows: Factor, columns: Factor, among: Sequence[int]) -> None:
    if rows.path == columns.path:
        raise UsageError(f"--rows and --cols are both {rows.path}; name two settings")
    for factor in (rows, columns):
        if not factor.varies(among):
            raise UsageError(
                f"{factor.path} is {factor.values[among[0]]} in every row, so there is nothing to lay out by it"
            )


def _refuse_shared(places: dict[tuple[str, str], list[Row]], rows: Factor, columns: Factor, factors: Factors) -> None:
    shared = {place: own for place, own in places.items() if len(own) > 1}
    if not shared:
        return
    (place, own), *_ = shared.items()
    names = " and ".join(f"'{candidate_text(row)}'" for row in own[:2])
    where = f"{rows.path} = {place[0]}, {columns.path} = {place[1]}"
    groups = [factors.leaves([row.candidate for row in together]) for together in shared.values()]
    differing = list({one.path: one for group in groups for one in group}.values())
    if not differing:
        raise UsageError(
            f"{names} have the same settings ({where}); leave some out with --filter, as in --filter '!NAME'"
        )
    first, paths = differing[0], _named([one.path for one in differing])
    value = first.values[own[0].candidate]
    # Where whole layers differ, no single setting would fix it.
    fix = f"{first.name}={value}" if len(differing) <= MOST else f"!{own[0].variant}"
    raise UsageError(
        f"{names} would share one place ({where}), because they differ in {paths} too; leave one out, "
        f"as by --filter '{fix}', or lay it out instead"
    )


def _remarks(rows: Factor, columns: Factor, factors: Factors, among: Sequence[int]) -> list[str]:
    """Which further settings go with one of the two, and which go with neither, so that places differ in more than these."""
    if VARIANT in {rows.path, columns.path}:
        return []  # a name stands for all that its author meant by it
    further = [one for one in factors.leaves(among) if not _is_same(one, rows) and not _is_same(one, columns)]
    with_rows = [one.path for one in further if one.follows(rows, among)]
    with_columns = [one.path for one in further if one.path not in with_rows and one.follows(columns, among)]
    others = [one.path for one in further if one.path not in {*with_rows, *with_columns}]
    told = [
        f"{_named(paths)} {'change' if len(paths) > 1 else 'changes'} with {factor.path}"
        for paths, factor in ((with_rows, rows), (with_columns, columns))
        if paths
    ]
    if others:
        told.append(f"places differ in {_named(others)} too, so that rows and columns alone do not explain the numbers")
    return told


def _is_same(one: Factor, other: Factor) -> bool:
    """Whether a setting is the other, within it, or within the same one of a layer, as in `model.layers.0.init.low`."""
    return _is_within(one, other.path) or other.name in one.path.split(".")


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - MOST
    return ", ".join(paths[:MOST]) + (f" and {more} more" if more > 0 else "")
