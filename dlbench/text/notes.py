"""The notes that a table needs so that its numbers are not misleading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import comb

from dlbench.analysis.summary import Report
from dlbench.analysis.table import Cell, Folded, Table
from dlbench.metrics.catalog import Metric
from dlbench.metrics.format import level_text, number, title_level, value_format
from dlbench.metrics.metric import LOGGED
from dlbench.metrics.trial_view import Status
from dlbench.run.event_arrays import ARRAYS
from dlbench.run.folder import writer_of
from dlbench.state.data_facts import data_notes
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState
from dlbench.text.cells import BEST, name_text
from dlbench.text.findings import by_candidate, name_of

NO_BEST = "no best is marked"


def notes_of(report: Report) -> list[str]:
    """The notes of a report's table, and what of its run could not be read."""
    return [*table_notes(report.table, report.state), *report.problems]


def all_notes(report: Report) -> list[str]:
    """The same, with those of the ensembles."""
    return [*notes_of(report), *(report.ensembles.notes if report.ensembles else ())]


def table_notes(table: Table, state: RunState) -> list[str]:
    """The notes of a table: what is the same everywhere, what is marked, what is missing and why."""
    return [
        *table.remarks,
        *_folded(table.told, table),
        *_together(table),
        *_sequences(state),
        *_best(table, state),
        *_guessing(table, state),
        *_far(table),
        *_ratios(table),
        *_unlearned(table),
        *_selection(table.select),
        *_best_on_test(table),
        *damage_notes(state),
        *_unfinished(state),
        *_dropped(state),
        *_failed(state),
        *_by_hand(state),
        *data_notes(state.plan, state.data),
    ]


def _folded(folded: Folded, table: Table) -> list[str]:
    cells = table.rows[0].cells if table.rows else {}
    means = {column: cells[column.key].mean for column in folded.constant}
    facts = [f"{column.title} = {number(mean, value_format(column.metric, mean))}" for column, mean in means.items()]
    notes = [f"the same for every variant: {'; '.join(facts)}"] if facts else []
    if folded.same:
        twins = "; ".join(f"{title} = {twin.title}" for title, twin in folded.same.items())
        notes.append(f"columns with the same numbers: {twins}")
    return notes


def _together(table: Table) -> list[str]:
    """What a title means that names how many differences there are."""
    return [
        f"{title_level(column.comparisons)}: the intervals are simultaneous; with 95 % confidence, all {column.comparisons} hold"
        for column in table.columns
        if column.comparisons > 1
    ]


def _sequences(state: RunState) -> list[str]:
    """By what intervals are made where seeds were added until the claims were decided."""
    wish = state.plan.until_decided
    if wish is None:
        return []
    seeds = len({trial.plan.seed for trial in state.trials})
    added = f"seeds are added until the claims are decided ({seeds} so far, {wish.most} at most)"
    return [f"{added}: intervals and verdicts are those of confidence sequences, which hold however often one looks"]


def _best(table: Table, state: RunState) -> list[str]:
    """What the marks mean, or why there are none; nothing where the column that has them is not shown."""
    if table.whole is not None:
        if not any(column.key == table.metric for column in table.columns):
            return []
        hidden = not any(row.cells[table.metric].best for row in table.rows)
        where = "; no row that has it is shown" if hidden else ""
        return [f"{note}{where if note.startswith(BEST) else ''}" for note in _best(table.whole, state)]
    cells = [row.cells[table.metric] for row in table.rows]
    if any(cell.best for cell in cells):
        return [f"{BEST} best {table.metric}, and what is not distinguishable from the best ({_pairs(table, state)})"]
    if len(cells) < 2 or not all(trial.status.final for trial in state.trials):
        return []
    return [f"{NO_BEST}: {_no_best(table, cells, state)}"]


def _no_best(table: Table, cells: list[Cell], state: RunState) -> str:
    missing = sum(cell.n_run - cell.n for cell in cells)
    reasons = {
        f"nobody has said which way {table.metric} is better; questions can ([compare] better)": table.metric in LOGGED
        and LOGGED[table.metric].better is None,
        "learning rates were changed by hand": any(row.n_changed for row in (*table.rows, *table.sweep)),
        "trials that the search chooses from were dropped by hand": any(
            row.counts.get(Status.DROPPED) for row in table.sweep
        ),
        f"{missing} seed{'s have' if missing > 1 else ' has'} no {table.metric}": missing > 0,
        "one seed has no interval; more seeds (--seeds) can tell a difference from chance": any(
            cell.n == 1 for cell in cells
        ),
    }
    undecided = f"no variant is distinguishable from the best by {table.metric} ({_pairs(table, state)})"
    return next((reason for reason, holds in reasons.items() if holds), undecided)


def _pairs(table: Table, state: RunState) -> str:
    """By which intervals a best is told: any two variants may be the pair that is looked at."""
    unseeded = sum(not trial.plan.is_seeded for trial in state.trials)
    kind = (
        "paired intervals" if not unseeded else "unpaired intervals" if unseeded == len(state.trials) else "intervals"
    )
    return f"{kind}, {level_text(comb(len(table.rows), 2))}"


def _far(table: Table) -> list[str]:
    """Where a mean's interval holds less often than it says."""
    titles = [
        column.title
        for column in table.columns
        if any(row.cells[column.key].summary.median is not None for row in table.rows)
    ]
    if not titles:
        return []
    what = "a median is shown where a seed lies far from the others"
    return [
        f"{what} ({', '.join(titles)}): with few seeds it is unknown how often that happens, and intervals miss more often"
    ]


def _ratios(table: Table) -> list[str]:
    """How many seeds each geometric mean leaves out, a line a column."""
    lacking = {
        column.title: [
            f"{name_text(row)} ({cell.n_alive - cell.n})"
            for row in table.rows
            if (cell := row.cells[column.key]).n < cell.n_alive and cell.n
        ]
        for column in table.columns
        if column.metric.quantity.is_ratio and not column.is_difference
    }
    return [
        f"seeds without a {title} above 0 are left out of its geometric mean: {'; '.join(of)}"
        for title, of in lacking.items()
        if of
    ]


def _unlearned(table: Table) -> list[str]:
    """Why fewer seeds are solved than have a step at which they were: `solved` is about the end, that step about the way."""
    if not {"solved", "steps_to_solve"} <= {column.key for column in table.columns}:
        return []
    lost = {
        name_text(row): cells["steps_to_solve"].n - round((cells["solved"].mean or 0.0) * cells["solved"].n)
        for row in table.rows
        if (cells := row.cells)["solved"].n
    }
    told = [f"{name} ({count} seed{'' if count == 1 else 's'})" for name, count in lost.items() if count > 0]
    return (
        [f"solved on the way, but no more at the end, which is what 'solved' counts: {', '.join(told)}"] if told else []
    )


def _guessing(table: Table, state: RunState) -> Iterable[str]:
    """What does no better than guessing, where it is known what the data are."""
    if not state.data:
        return ()
    from dlbench.text.guessing import guessing_notes

    return guessing_notes(table, state)


def _by_hand(state: RunState) -> list[str]:
    """What people changed while it trained, and the breakpoints that were hit; few runs have any of it."""
    if not any(stack.changes or stack.told_hits for stack in state.stacks):
        return []
    from dlbench.text.interventions import breakpoints, changes

    return [*changes(state), *breakpoints(state)]


def _selection(select: Metric | None) -> list[str]:
    if select is None:
        return []
    text = f"each variant is shown with its best candidate by {select.name}; the whole search is listed below"
    split = next((one for one in ("test", "validation", "train") if one in select.name), None)
    on, flattered = (
        (f" on {split} data", f"the {split} numbers are optimistic") if split else ("", f"{select.name} is optimistic")
    )
    return [f"{text}; chosen{on} by the same seeds, so {flattered}, and claims are corrected for every candidate"]


def _best_on_test(table: Table) -> list[str]:
    """Which columns pick the best evaluation on the data that they are about."""
    picked = [column.title for column in table.columns if column.metric.name.startswith("best_test")]
    return (
        [f"{', '.join(picked)}: the evaluation was chosen on test data, so the number is optimistic"] if picked else []
    )


def _unfinished(state: RunState) -> list[str]:
    texts = {
        "waiting": "have not started",
        "resumed": "are waiting to continue: values up to that point",
        "running": "are still training: values so far",
        "paused": "are paused: values so far",
        "stopped": "were stopped: values up to that point",
        "crashed": "crashed: values up to that point",
    }
    counts = Counter(map(_stands, state.trials))
    return [f"{counts[where]} of {len(state.trials)} trials {text}" for where, text in texts.items() if counts[where]]


def _stands(trial: TrialState) -> str:
    """Its status, and what of it tells more."""
    if trial.status is Status.RUNNING and trial.stack.paused:
        return "paused"
    return "resumed" if trial.status is Status.WAITING and trial.steps else str(trial.status)


def _dropped(state: RunState) -> list[str]:
    return [
        f"{name_of(trials)}: {len(steps)} of {len(trials)} seeds dropped by hand, the first at step {min(steps):,}"
        for trials in by_candidate(state).values()
        if (steps := [trial.dropped_at for trial in trials if trial.dropped_at is not None])
    ]


def _failed(state: RunState) -> list[str]:
    return [
        f"{name_of(trials)}: {len(lost)} of {len(trials)} seeds failed: {lost[0].error or 'no reason given'}"
        for trials in by_candidate(state).values()
        if (lost := [trial for trial in trials if trial.status is Status.FAILED])
    ]


def damage_notes(state: RunState) -> list[str]:
    """One note for each damaged file of events: how many lines or arrays it lacks, and what that means for how many trials."""
    total = len(state.trials)
    return [
        f"{file} is damaged: {lost:,} of its {_parts(file)} cannot be read or are missing; its records of "
        f"{_affected(state, file)} of {total} trials may be incomplete, and their last numbers may be older or missing"
        for file, lost in sorted(state.unreadable.items())
    ]


def _parts(file: str) -> str:
    return "arrays" if file.endswith(ARRAYS) else "lines"


def unreadable_lines(state: RunState, trial: TrialState) -> int:
    """How many lines and arrays are lost of the files that tell of a trial."""
    return sum(lost for file, lost in state.unreadable.items() if trial.stack.index in _stacks(state, file))


def _affected(state: RunState, file: str) -> int:
    stacks = _stacks(state, file)
    return sum(trial.stack.index in stacks for trial in state.trials)


def _stacks(state: RunState, file: str) -> set[int]:
    """The stacks that a file may tell of: those of its worker, of any where that is lost too."""
    recording, _, _ = file.rpartition("/")
    if recording in state.recordings:
        return {state.recordings.index(recording)}
    writer = writer_of(file)
    facts = None if writer is None else state.workers.get(writer)
    return set(range(len(state.stacks))) if facts is None else set(facts.stacks)
