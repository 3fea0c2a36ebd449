"""A run's folder, read and reported: its state, its table, the verdicts on its claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dlbench.errors import Problem, RecipeError
from dlbench.recipe.check import check
from dlbench.recipe.patch import Tree
from dlbench.recipe.places import show
from dlbench.recipe.sections import Claim, Compare, Lesson
from dlbench.recipe.source import parse
from dlbench.report import by_hand
from dlbench.report.claims import Verdict, judge
from dlbench.report.compare import build_table
from dlbench.report.state import RunState
from dlbench.report.statistics import Interval
from dlbench.report.table import Cell, Column, Row, Table
from dlbench.report.trial import Status
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.run.status import status

SUMMARY_VERSION = 1
PROMISES = ("lesson", "compare", "claims")
"""The sections of a recipe that a report reads."""


@dataclass(frozen=True)
class Report:
    """A run as it stands: what every display prints and every export writes comes from here."""

    state: RunState
    table: Table
    verdicts: list[Verdict]
    lesson: Lesson


def report(state: RunState, compare: Compare, claims: Sequence[Claim], lesson: Lesson | None = None) -> Report:
    """The report of a state, which `RunState(plan, solved=compare.solved)` began."""
    return Report(state, build_table(state, state.plan, compare), judge(state, claims, compare), lesson or Lesson())


def summarize(folder: RunFolder) -> Report:
    """Read a run's folder from its first event to its last.

    Needs no data and no device: only what the recipe compares and claims is read of it. Raises UsageError where the folder
    is no run, RecipeError where those sections are wrong, DlbenchError where plan or events are damaged or too new.
    """
    lesson, compare, claims = promises(folder)
    state = RunState(folder.read_plan(), solved=compare.solved, histograms=0)
    reader = EventReader(folder, histograms=False)
    while events := reader.poll():
        state.apply(events)
    at_work = {stack for worker in status(folder).alive for stack in worker.stacks}
    state.lost(set(range(len(state.stacks))) - at_work)
    return report(state, compare, claims, lesson)


def promises(folder: RunFolder) -> tuple[Lesson, Compare, list[Claim]]:
    """The sections of the run's recipe that a report needs; mistakes elsewhere, or missing data, are not its business."""
    text, file = folder.read_recipe(), str(folder.recipe_file)
    checked = check(Tree(parse(text, file)))
    paths = [(mistake.origin.path, mistake.what) for mistake in checked.mistakes]
    wrong = [Problem(file, None, show(path), what) for path, what in paths if path and path[0] in PROMISES]
    if wrong:
        raise RecipeError(wrong)
    return checked.lesson, checked.compare, checked.claims


def as_data(found: Report) -> dict[str, Any]:
    """The report as plain JSON data: the content of summary.json and of the JSON export. A number that is not there is `None`."""
    table = found.table
    return {
        "v": SUMMARY_VERSION,
        "recipe": table.title,
        "metric": table.metric,
        "baseline": table.baseline,
        "confidence": 0.95,
        "columns": [_column(column) for column in table.all_columns],
        "rows": [_row(row) for row in table.rows],
        "sweep": [_row(row) for row in table.sweep],
        "notes": table.notes,
        **by_hand.as_data(found.state),
        "claims": [_verdict(verdict) for verdict in found.verdicts],
    }


def _column(column: Column) -> dict[str, Any]:
    metric = column.metric
    return {
        "key": column.key,
        "metric": metric.name,
        "at_step": column.at_step,
        "is_difference": column.is_difference,
        "is_share": metric.is_share,
        "better": metric.better,
        "unit": metric.unit,
        "title": column.title,
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "variant": row.variant,
        "choice": dict(row.choice),
        "is_baseline": row.is_baseline,
        "is_chosen": row.is_chosen,
        "n_changed": row.n_changed,
        "trials": {"run": row.n_run, "ok": row.n_ok} | _others(row.counts),
        "cells": {key: _cell(cell) for key, cell in row.cells.items() if cell.n},
    }


def _others(counts: Mapping[Status, int]) -> dict[str, int]:
    return {str(status): count for status, count in counts.items() if count and status is not Status.OK}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "mean": cell.mean,
        "deviation": cell.deviation,
        "n": cell.n,
        "interval": _interval(cell.interval),
        "best": cell.best,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    data = asdict(verdict) | {"outcome": str(verdict.outcome), "interval": _interval(verdict.interval)}
    del data["texts"]
    return data


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
