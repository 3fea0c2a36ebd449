"""A report as plain JSON data: the content of summary.json and of the JSON export."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from dlbench.analysis import interventions
from dlbench.analysis.claims import Verdict
from dlbench.analysis.diagnosis.as_data import findings_as_data
from dlbench.analysis.ensembles.ensemble import Combined, EnsembleGroup, Ensembles
from dlbench.analysis.ensembles.subsets import Estimate
from dlbench.analysis.statistics.proportions import Score
from dlbench.analysis.summary import Report
from dlbench.analysis.table import Cell, Column, Pivot, Row, Table
from dlbench.export.base import EXPORTERS
from dlbench.metrics.quantity import Interval
from dlbench.metrics.trial_view import Status
from dlbench.state.run_state import RunState
from dlbench.text.findings import diagnosis
from dlbench.text.notes import notes_of
from dlbench.words.printable import json_text

SUMMARY_VERSION = 1


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
        "rows": [_row(row, table) for row in table.rows],
        "sweep": [_row(row, table) for row in table.sweep],
        "pivot": None if found.pivot is None else _pivot(found.pivot),
        "notes": notes_of(found),
        "unreadable_lines": dict(found.state.unreadable),
        "ensembles": None if found.ensembles is None else _ensembles(found.ensembles),
        "data": [{"stacks": list(stacks), **asdict(facts)} for stacks, facts in found.state.data.items()],
        **interventions.as_data(found.state),
        "diagnosis": diagnosis(found).as_data(),
        "findings": findings_as_data(found.state, found.findings),
        "confusion": list(_confusions(found.state)),
        "claims": [_verdict(verdict) for verdict in found.verdicts],
    }


def _pivot(pivot: Pivot) -> dict[str, Any]:
    """Its places, those alone that have a candidate."""
    places = [
        {
            "row": row,
            "column": column,
            "variant": own.variant,
            "choice": dict(own.choice),
            **_cell(own.cells[pivot.column.key]),
        }
        for (row, column), own in pivot.places.items()
    ]
    return {
        "metric": pivot.column.key,
        "rows": pivot.row_path,
        "columns": pivot.column_path,
        "row_values": list(pivot.row_values),
        "column_values": list(pivot.column_values),
        "places": places,
        "notes": list(pivot.remarks),
    }


def _confusions(state: RunState) -> Iterator[dict[str, Any]]:
    """What each trial took the test data for in the end, `counts[true][predicted]`."""
    for trial in state.trials:
        if (counts := trial.confusion()) is not None:
            yield {**interventions.named(trial), "classes": list(trial.class_names), "counts": counts.tolist()}


def _column(column: Column) -> dict[str, Any]:
    metric = column.metric
    return {
        "key": column.key,
        "metric": metric.name,
        "at_step": column.at_step,
        "is_difference": column.is_difference,
        "comparisons": column.comparisons,
        "confidence": 1 - column.alpha,
        "is_share": metric.is_share,
        "better": metric.better,
        "unit": metric.unit,
        "title": column.title,
    }


def _row(row: Row, table: Table) -> dict[str, Any]:
    told = {column.key for column in table.all_columns}
    return {
        "variant": row.variant,
        "choice": dict(row.choice),
        "is_baseline": row.is_baseline,
        "is_chosen": row.is_chosen,
        "n_changed": row.n_changed,
        "trials": {"run": row.n_run, "ok": row.n_ok} | _others(row.counts),
        "settings": {one.path: one.values[row.candidate] for one in table.settings},
        "cells": {key: _cell(cell) for key, cell in row.cells.items() if key in told and (cell.n or cell.never)},
    }


def _others(counts: Mapping[Status, int]) -> dict[str, int]:
    return {str(status): count for status, count in counts.items() if count and status is not Status.OK}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "mean": cell.mean,
        "std": cell.std,
        "n": cell.n,
        "interval": _interval(cell.interval),
        "best": cell.best,
        **_more(cell),
    }


def _more(cell: Cell) -> dict[str, Any]:
    """Of the time to an event, the median over all seeds, `None` where half of them never got there, and how many did not.

    Of a difference its plain interval; of a mean from which some seed lies far, the median.
    """
    if cell.median is not None:
        return {"median": cell.median if math.isfinite(cell.median) else None, "never": cell.never}
    plain = {} if cell.plain_interval is None else {"plain_interval": _interval(cell.plain_interval)}
    return plain if cell.summary.median is None else plain | {"median": cell.summary.median}


def _ensembles(found: Ensembles) -> dict[str, Any]:
    rows = [_combined(group, one) for group, one in found.rows]
    return {"rows": rows, "notes": list(found.notes), "bytes": found.bytes}


def _combined(group: EnsembleGroup, one: Combined) -> dict[str, Any]:
    return {
        "variant": group.entry.variant,
        "choice": dict(group.entry.choice),
        "members": one.size,
        "combine": one.method,
        "seeds": [trial.plan.told_seed for trial in group.members],
        "subsets": len(one.subsets),
        "possible": one.possible,
        **{name: _estimate(one.estimate(name)) for name in one.values},
    }


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    ends = {"lowest": found.lowest, "highest": found.highest}
    return {"mean": found.mean, **ends, "interval": _interval(found.interval)}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    intervals = {name: _interval(getattr(verdict, name)) for name in ("interval", "interval_of_samples")}
    data = asdict(verdict) | {"outcome": str(verdict.outcome)} | intervals
    del data["texts"]
    plain = {"plain_interval": intervals["interval"]}
    return data | plain | {"score": None if verdict.score is None else _score(verdict.score)}


def _score(score: Score) -> dict[str, Any]:
    """Of no pairs there is no share."""
    share = {"share": score.share, "interval": _interval(score.interval)} if score.n else {}
    return {"won": score.won, "tied": score.tied, "lost": score.lost, "p": score.p, **share}


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


@EXPORTERS.add(name="json", suffix=".json")
def json(report: Report) -> str:
    """Table, notes and claims as one JSON object, in full precision; what is not there is `null`."""
    return f"{json_text(as_data(report))}\n"
