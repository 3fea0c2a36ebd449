"""CSV: the table with one row a candidate, the numbers under it with one row a trial, and the ensembles."""

from __future__ import annotations

import csv as writers
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from dlbench.analysis.ensembles.ensemble import QUANTITIES, Combined, EnsembleGroup
from dlbench.analysis.summary import Report
from dlbench.analysis.table import Cell, Column, Row, Table
from dlbench.export.base import EXPORTERS
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.quantity import Interval
from dlbench.metrics.trial_view import Status
from dlbench.state.trial_state import TrialState
from dlbench.text.notes import unreadable_lines
from dlbench.words.printable import printable

FORMULA = re.compile(r"\s*[=+@\uff1d\uff0b\uff0d\uff20-]")
"""How a text begins that spreadsheets take for a formula; blanks before it do not keep them from it."""
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?", re.IGNORECASE)
PARTS = ("mean", "std", "n", "low", "high")
TIME = ("median", "never")
PLAIN = ("plain_low", "plain_high")
ESTIMATE = ("mean", "lowest", "highest", "low", "high")


@EXPORTERS.add(name="csv", suffix=".csv")
def csv(report: Report) -> str:
    """The table, one row a candidate: trials by status, then mean, std, n and 95 % interval of every column.

    The time to an event also has its median, `inf` where half of the seeds never got there, and how many did not; `low` and
    `high` of a difference are the simultaneous interval, `plain_low` and `plain_high` what it would be alone. `part`
    tells the compared variants from the candidates of a search. Numbers have full precision, what is not there is
    empty. `unreadable_lines` are those of all events, arrays of theirs with them. A text that a spreadsheet would take for a
    formula has an apostrophe before it.
    """
    table = report.table
    parts = [("comparison", row) for row in table.rows] + [("search", row) for row in table.sweep]
    paths = searched_paths(row.choice for _, row in parts)
    header = ["part", "variant", *paths, "is_baseline", "is_chosen", "is_best", "n_run", *(f"n_{s}" for s in Status)]
    header += ["n_changed"]
    header += [f"{column.key}_{number}" for column in table.all_columns for number in _parts(column)]
    header += ["unreadable_lines"]
    lost = sum(report.state.unreadable.values())
    return csv_text(header, ([part, *_row(row, paths, table), lost] for part, row in parts))


@EXPORTERS.add(name="trials", suffix=".csv")
def trials(report: Report) -> str:
    """Every trial, one row each, as CSV: where it stands, what was done to it by hand, and its value of every metric.

    `unreadable_lines` are those of the events that tell of it, and their arrays. `changed_at` and `changed_lr` are the steps at
    which it got another learning rate, and these, with `;` between them.
    """
    found = report.state.trials
    paths = searched_paths(trial.plan.choice for trial in found)
    header = ["trial", "variant", *paths, "seed", "status", "step", "diverged_at", "last_loss", "error"]
    header += ["dropped_at", "changed_at", "changed_lr", *METRICS, "unreadable_lines"]
    lost = partial(unreadable_lines, report.state)
    return csv_text(header, ([*_trial(trial, paths), lost(trial)] for trial in found))


@EXPORTERS.add(name="ensembles", suffix=".csv")
def ensembles(report: Report) -> str:
    """Every size and way to combine of each variant, one row each, as CSV: how many subsets of how many seeds, and their numbers.

    Of each quantity the mean over the subsets, the lowest and the highest of them, and the mean's 95 % interval. No rows where
    the recipe asks for no ensembles.
    """
    rows = [] if report.ensembles is None else list(report.ensembles.rows)
    paths = searched_paths(group.entry.choice for group, _ in rows)
    header = ["variant", *paths, "members", "combine", "seeds", "subsets", "possible"]
    header += [f"{name}_{number}" for name in QUANTITIES for number in ESTIMATE]
    return csv_text(header, (_combined(group, one, paths) for group, one in rows))


def _combined(group: EnsembleGroup, one: Combined, paths: Sequence[str]) -> list[Any]:
    choice = [group.entry.choice.get(path) for path in paths]
    counts = [one.size, one.method, one.members, len(one.subsets), one.possible]
    return [group.entry.variant, *choice, *counts, *(number for name in QUANTITIES for number in _estimate(one, name))]


def _estimate(one: Combined, name: str) -> list[float | None]:
    found = one.estimate(name)
    if found is None:
        return [None] * len(ESTIMATE)
    return [found.mean, found.lowest, found.highest, *_ends(found.interval)]


def _row(row: Row, paths: Sequence[str], table: Table) -> list[Any]:
    counts = [row.counts.get(status, 0) for status in Status]
    marks = [row.is_baseline, row.is_chosen, row.cells[table.metric].best]
    numbers = [number for column in table.all_columns for number in _cell(row.cells[column.key], column)]
    return [row.variant, *(row.choice.get(path) for path in paths), *marks, row.n_run, *counts, row.n_changed, *numbers]


def _parts(column: Column) -> tuple[str, ...]:
    return (*PARTS, *(TIME if column.is_time else PLAIN if column.is_difference else ()))


def _cell(cell: Cell, column: Column) -> list[Any]:
    more = [cell.median, cell.never] if column.is_time else _ends(cell.plain_interval) if column.is_difference else []
    return [cell.mean, cell.std, cell.n, *_ends(cell.interval), *more]


def _ends(interval: Interval | None) -> list[float | None]:
    return [None, None] if interval is None else [interval.low, interval.high]


def _trial(trial: TrialState, paths: Sequence[str]) -> list[Any]:
    plan = trial.plan
    stands = [str(trial.status), trial.step, trial.diverged_at, trial.last_loss, trial.error]
    changes = trial.interventions
    stands += [trial.dropped_at, _row_of(one.step for one in changes), _row_of(one.lr for one in changes)]
    values = [metric.value(trial) for metric in METRICS.values()]
    return [plan.id, plan.variant, *(plan.choice.get(path) for path in paths), plan.seed, *stands, *values]


def _row_of(values: Iterable[float]) -> str | None:
    return ";".join(map(str, values)) or None


def searched_paths(choices: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every searched path, in the order of appearance."""
    return list(dict.fromkeys(path for choice in choices for path in choice))


def csv_text(header: list[str], rows: Iterable[list[Any]]) -> str:
    """Rows under a header as CSV, harmless for a spreadsheet."""
    file = io.StringIO()
    writer = writers.writer(file, lineterminator="\n")
    writer.writerow(map(_safe, header))
    writer.writerows(map(_safe, row) for row in rows)
    return file.getvalue()


def _safe(value: Any) -> Any:
    """Texts that can be printed and cannot become formulas; numbers as they are, and nothing for `None`."""
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if FORMULA.match(shown) and not NUMBER.fullmatch(shown) else shown
