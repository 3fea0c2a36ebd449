"""A run's folder, read and reported: its state, its table, the verdicts on its claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dlbench.errors import DlbenchError, Problem, RecipeError
from dlbench.recipe.check import check
from dlbench.recipe.patch import Tree
from dlbench.recipe.places import show
from dlbench.recipe.sections import Claim, Compare, Ensemble, Lesson
from dlbench.recipe.source import parse
from dlbench.report import by_hand
from dlbench.report.claims import Verdict, judge
from dlbench.report.compare import build_table
from dlbench.report.correct import right_answers
from dlbench.report.ensemble import Combined, Ensembles, Group
from dlbench.report.interval import Interval
from dlbench.report.item_noise import is_of_samples
from dlbench.report.members import ensembles
from dlbench.report.sign_test import Score
from dlbench.report.state import RunState
from dlbench.report.subsets import Estimate
from dlbench.report.table import Cell, Column, Row, Table
from dlbench.report.trial import SolvedRule, Status
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.run.status import status

SUMMARY_VERSION = 1
PROMISES = ("lesson", "compare", "ensemble", "claims")
"""The sections of a recipe that a report reads."""


@dataclass(frozen=True)
class Report:
    """A run as it stands: what every display prints and every export writes comes from here."""

    state: RunState
    table: Table
    verdicts: list[Verdict]
    lesson: Lesson
    ensembles: Ensembles | None = None
    """Where the recipe asks for some."""


@dataclass(frozen=True)
class Promises:
    """The sections of a recipe that a report needs."""

    lesson: Lesson
    compare: Compare
    claims: Sequence[Claim]
    ensemble: Ensemble | None


def report(
    state: RunState,
    compare: Compare,
    claims: Sequence[Claim],
    lesson: Lesson | None = None,
    found: Ensembles | None = None,
    folder: RunFolder | None = None,
) -> Report:
    """The report of a state, which `RunState(plan, solved=compare.solved)` began; with ensembles that were `found` of it.

    Of the run's folder is read what its trials got right, where a claim is about that.
    """
    is_needed = folder is not None and any(map(is_of_samples, claims))
    answers, problems = right_answers(state, folder) if folder is not None and is_needed else ({}, [])
    verdicts, table = judge(state, claims, compare, found, answers), build_table(state, state.plan, compare)
    table = replace(table, notes=[*table.notes, *problems])
    return Report(state, table, verdicts, lesson or Lesson(), found)


def summarize(folder: RunFolder) -> Report:
    """Read a run's folder from its first event to its last.

    Needs no data and no device: only what the recipe compares and claims is read of it. Raises UsageError where the folder
    is no run, RecipeError where those sections are wrong, DlbenchError where plan or events are damaged or too new.
    """
    promised = promises(folder)
    compare = promised.compare
    state = folded(folder, compare.solved)
    at_work = status(folder).alive
    for worker in at_work:
        state.expect(worker.session, worker.stacks)
    state.lost(set(range(len(state.stacks))) - {stack for worker in at_work for stack in worker.stacks})
    found = ensembles(state, compare, promised.ensemble, folder)
    return report(state, compare, promised.claims, promised.lesson, found, folder)


def folded(folder: RunFolder, solved: SolvedRule | None = None) -> RunState:
    """What a run's events tell, from the first to the last, histograms left out.

    Raises UsageError where the folder is no run, DlbenchError where plan or events are damaged or too new.
    """
    plan = folder.read_plan()
    if not plan.trials:
        raise DlbenchError(f"{folder.plan_file}: has no trials, so there is nothing to tell")
    state = RunState(plan, solved=solved, histograms=0)
    reader = EventReader(folder, histograms=False)
    state.unreadable = reader.problems
    while events := reader.poll():
        state.apply(events)
    return state


def promises(folder: RunFolder) -> Promises:
    """The sections of the run's recipe that a report needs; mistakes elsewhere, or missing data, are not its business."""
    return promises_of(folder.read_recipe(), str(folder.recipe_file))


def promises_of(text: str, file: str) -> Promises:
    """The same of a recipe's text, which `file` has."""
    checked = check(Tree(parse(text, file)))
    paths = [(mistake.origin.path, mistake.what) for mistake in checked.mistakes]
    wrong = [Problem(file, None, show(path), what) for path, what in paths if path and path[0] in PROMISES]
    if wrong:
        raise RecipeError(wrong)
    return Promises(checked.lesson, checked.compare, checked.claims, checked.ensemble)


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
        "notes": table.notes,
        "unreadable_lines": dict(found.state.unreadable),
        "ensembles": None if found.ensembles is None else _ensembles(found.ensembles),
        "data": [{"stacks": list(stacks), **asdict(facts)} for stacks, facts in found.state.data.items()],
        **by_hand.as_data(found.state),
        "confusion": list(_confusions(found.state)),
        "claims": [_verdict(verdict) for verdict in found.verdicts],
    }


def _confusions(state: RunState) -> Iterator[dict[str, Any]]:
    """What each trial took the test data for in the end, `counts[true][predicted]`."""
    for trial in state.trials:
        if (counts := trial.confusion()) is not None:
            yield {**by_hand.named(trial), "classes": list(trial.class_names), "counts": counts.tolist()}


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
        "cells": {key: _cell(cell) for key, cell in row.cells.items() if cell.n or (cell.never and key in told)},
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


def _combined(group: Group, one: Combined) -> dict[str, Any]:
    return {
        "variant": group.entry.variant,
        "choice": dict(group.entry.choice),
        "members": one.size,
        "combine": one.way,
        "seeds": [trial.plan.seed for trial in group.members],
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
