"""The comparison with one row a candidate, the trials under it with one row each, and the ensembles, for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dlbench.analysis.ensembles.ensemble import QUANTITIES, Combined, EnsembleGroup
from dlbench.analysis.summary import Report
from dlbench.analysis.table import Cell, Column, Pivot, Row, Table
from dlbench.export.records import RECORDS, Choices, RecordField, Records, Values, Who, in_batches, records_of
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.metric import LOGGED
from dlbench.metrics.names import ENSEMBLE
from dlbench.metrics.quantity import Interval
from dlbench.metrics.trial_view import Status
from dlbench.state.run_state import RunState
from dlbench.state.trial_columns import by_stack
from dlbench.state.trial_state import TrialState
from dlbench.text.notes import unreadable_lines

PARTS = ("mean", "std", "n", "low", "high")
TIME = ("median", "never")
PLAIN = ("plain_low", "plain_high")
COUNTS = ("n", "never")
ESTIMATE = ("mean", "lowest", "highest", "low", "high")


@RECORDS.add()
def table(report: Report) -> Records:
    """The table, one row a candidate: trials by status, then mean, std, n and 95 % interval of every column.

    The time to an event also has its median, `inf` where half of the seeds never got there, and how many did not; `low` and
    `high` of a difference are the simultaneous interval, `plain_low` and `plain_high` what it would be alone. `part`
    tells the compared variants from the candidates of a search. Numbers have full precision, what is not there is
    empty. `unreadable_lines` are those of all events, arrays of theirs with them. A text that a spreadsheet would take for a
    formula has an apostrophe before it in CSV. Where a pivot was asked for, one row each place of it.
    """
    found = report.table
    if report.pivot is not None:
        return _pivot(report.pivot)
    parts = [("comparison", row) for row in found.rows] + [("search", row) for row in found.sweep]
    choices = Choices(row.choice for _, row in parts)
    fields = [
        RecordField("part", "text", "comparison, or search: every candidate"),
        RecordField("variant", "text"),
        *choices.fields,
        *(RecordField(one.path, "text", "a setting") for one in found.settings if one.path not in choices.paths),
        *(RecordField(name, "truth") for name in ("is_baseline", "is_chosen", "is_best")),
        *(RecordField(name, "integer") for name in ("n_run", *(f"n_{status}" for status in Status), "n_changed")),
        *(field for column in found.all_columns for field in _fields(column)),
        RecordField("unreadable_lines", "integer", "lost lines and arrays of the run's events"),
    ]
    lost = sum(report.state.unreadable.values())
    return records_of(fields, lambda: ([part, *_row(row, choices, found), lost] for part, row in parts))


def _pivot(pivot: Pivot) -> Records:
    axes = [pivot.row_path, pivot.column_path]
    is_apart = "variant" not in axes
    names = [*axes, *(["variant"] if is_apart else [])]
    fields = [*(RecordField(name, "text") for name in names), *_fields(pivot.column)]

    def rows() -> Iterator[list[Any]]:
        for place, row in pivot.places.items():
            told = [*place, *([row.variant] if is_apart else [])]
            yield [*told, *_cell(row.cells[pivot.column.key], pivot.column)]

    return records_of(fields, rows)


@RECORDS.add()
def trials(report: Report) -> Records:
    """Every trial, one row each: where it stands, what was done to it by hand, and its value of every metric.

    `unreadable_lines` are those of the events that tell of it, and their arrays. `changed_at` and `changed_lr` are the steps at
    which it got another learning rate, and these, with `;` between them.
    """
    found = report.trials
    who = Who(found)
    fields = [
        *who.fields,
        RecordField("status", "text"),
        RecordField("step", "integer", "the step that its training has reached"),
        RecordField("diverged_at", "integer"),
        RecordField("last_loss", "number", "the last finite batch loss of one that diverged"),
        RecordField("error", "text"),
        RecordField("dropped_at", "integer"),
        RecordField("changed_at", "text"),
        RecordField("changed_lr", "text"),
        *(RecordField(name, "number", metric.summary) for name, metric in [*METRICS.items(), *LOGGED.items()]),
        RecordField("unreadable_lines", "integer"),
    ]
    return Records(fields, lambda: (_trials(some, who, report.state) for some in in_batches(found)))


@RECORDS.add()
def ensembles(report: Report) -> Records:
    """Every size and way to combine of each variant, one row each: how many subsets of how many seeds, and their numbers.

    Of each quantity the mean over the subsets, the lowest and the highest of them, and the mean's 95 % interval. No rows where
    the recipe asks for no ensembles.
    """
    rows = [] if report.ensembles is None else list(report.ensembles.rows)
    choices = Choices(group.entry.choice for group, _ in rows)
    fields = [
        RecordField("variant", "text"),
        *choices.fields,
        RecordField("members", "integer"),
        RecordField("combine", "text"),
        *(RecordField(name, "integer") for name in ("seeds", "subsets", "possible")),
        *(RecordField(f"{name}_{number}", "number", ENSEMBLE[name]) for name in QUANTITIES for number in ESTIMATE),
    ]
    return records_of(fields, lambda: (_combined(group, one, choices) for group, one in rows))


def _combined(group: EnsembleGroup, one: Combined, choices: Choices) -> list[Any]:
    counts = [one.size, one.method, one.members, len(one.subsets), one.possible]
    numbers = (number for name in QUANTITIES for number in _estimate(one, name))
    return [group.entry.variant, *choices.values(group.entry.choice), *counts, *numbers]


def _estimate(one: Combined, name: str) -> list[float | None]:
    found = one.estimate(name)
    if found is None:
        return [None] * len(ESTIMATE)
    return [found.mean, found.lowest, found.highest, *_ends(found.interval)]


def _row(row: Row, choices: Choices, table: Table) -> list[Any]:
    counts = [row.counts.get(status, 0) for status in Status]
    marks = [row.is_baseline, row.is_chosen, row.cells[table.metric].best]
    numbers = [number for column in table.all_columns for number in _cell(row.cells[column.key], column)]
    settings = [one.values[row.candidate] for one in table.settings if one.path not in choices.paths]
    return [row.variant, *choices.values(row.choice), *settings, *marks, row.n_run, *counts, row.n_changed, *numbers]


def _fields(column: Column) -> Iterator[RecordField]:
    for part in (*PARTS, *(TIME if column.is_time else PLAIN if column.is_difference else ())):
        yield RecordField(f"{column.key}_{part}", "integer" if part in COUNTS else "number", column.metric.summary)


def _cell(cell: Cell, column: Column) -> list[Any]:
    more = [cell.median, cell.never] if column.is_time else _ends(cell.plain_interval) if column.is_difference else []
    return [cell.mean, cell.std, cell.n, *_ends(cell.interval), *more]


def _ends(interval: Interval | None) -> list[float | None]:
    return [None, None] if interval is None else [interval.low, interval.high]


def _trials(some: Sequence[TrialState], who: Who, state: RunState) -> list[Values]:
    """Some rows as one column a field; trials of one stack have their metrics together."""
    stands = zip(*([*who.values(trial), *_stand(trial)] for trial in some), strict=True)
    columns = by_stack(some)
    metrics = [*METRICS.values(), *LOGGED.values()]
    values = [[value for own in columns for value in metric.values(own)] for metric in metrics]
    lost = [unreadable_lines(state, own.trials[0]) for own in columns for _ in own.trials]
    return [*stands, *values, lost]


def _stand(trial: TrialState) -> list[Any]:
    changes = trial.interventions
    return [
        str(trial.status), trial.step, trial.diverged_at, trial.last_loss, trial.error, trial.dropped_at,
        _row_of(one.step for one in changes), _row_of(one.lr for one in changes),
    ]  # fmt: skip


def _row_of(values: Iterable[float]) -> str | None:
    return ";".join(map(str, values)) or None
