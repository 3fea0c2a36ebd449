"""What must be said under a table so that its numbers mislead nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.report.format import number, value_format
from dlbench.report.metrics import Metric
from dlbench.report.stack_state import TrialState
from dlbench.report.state import RunState
from dlbench.report.trial import Status

if TYPE_CHECKING:
    from dlbench.report.table import Column, Table


def of(table: Table, constant: list[Column], state: RunState, select: Metric | None) -> list[str]:
    """The notes of a table: what is the same everywhere, what is marked, what is missing and why."""
    return [
        *(_constant(column, table) for column in constant),
        *_best(table),
        *_selection(select),
        *_unfinished(state),
        *_diverged(state),
        *_failed(state),
    ]


def _constant(column: Column, table: Table) -> str:
    mean = table.rows[0].cells[column.key].mean
    return f"{column.title} is {number(mean, value_format(column.metric, [mean]))} for every trial"


def _best(table: Table) -> list[str]:
    if any(row.cells[table.metric].best for row in table.rows):
        return [f"marked: best {table.metric}, and what its seeds cannot tell from it (paired 95 % interval)"]
    if any(row.n_run == 1 for row in table.rows):
        return ["one seed has no interval; run more (--seeds) to tell chance from difference"]
    return []


def _selection(select: Metric | None) -> list[str]:
    if select is None:
        return []
    text = f"each variant with its best candidate by {select.name}; the whole search is listed beneath"
    seen = "; chosen on test data, so the test numbers flatter" if "test" in select.name else ""
    return [text + seen]


def _unfinished(state: RunState) -> list[str]:
    texts = {
        Status.WAITING: "have not begun",
        Status.RUNNING: "are still training: their values so far",
        Status.STOPPED: "were stopped: their values up to there",
    }
    counts = {status: [trial for trial in state.trials if trial.status is status] for status in texts}
    total = len(state.trials)
    return [f"{len(found)} of {total} trials {texts[status]}" for status, found in counts.items() if found]


def _diverged(state: RunState) -> list[str]:
    return [
        f"{name}: {len(lost)} of {len(trials)} seeds diverged, the first at step {min(steps):,}"
        for name, trials in _by_candidate(state).items()
        if (lost := [trial for trial in trials if trial.status is Status.DIVERGED])
        and (steps := [trial.diverged_at for trial in lost if trial.diverged_at is not None])
    ]


def _failed(state: RunState) -> list[str]:
    return [
        f"{name}: {len(lost)} of {len(trials)} seeds failed: {lost[0].error or 'no reason given'}"
        for name, trials in _by_candidate(state).items()
        if (lost := [trial for trial in trials if trial.status is Status.FAILED])
    ]


def _by_candidate(state: RunState) -> dict[str, list[TrialState]]:
    found: dict[str, list[TrialState]] = {}
    for trial in state.trials:
        choice = "".join(f", {path} = {value}" for path, value in trial.plan.choice.items())
        found.setdefault(trial.plan.variant + choice, []).append(trial)
    return found
