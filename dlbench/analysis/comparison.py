"""The comparison: from the results of the trials to the table with its columns, rows and marks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from dlbench.analysis.candidate_results import (
    CandidateResults,
    candidate_results,
    deciding_metric,
    selected,
    selection_metric,
)
from dlbench.analysis.statistics.intervals import NOTHING, Method, Summary, paired_difference, summarize
from dlbench.analysis.statistics.methods import method_of
from dlbench.analysis.table import Cell, Column, Folded, Row, Table
from dlbench.metrics.catalog import METRICS, Metric, split_step
from dlbench.metrics.format import title_level
from dlbench.metrics.quantity import ALPHA
from dlbench.metrics.trial_view import LOST, Status
from dlbench.plan import Plan
from dlbench.state.run_state import RunState

if TYPE_CHECKING:
    from dlbench.plan.questions import Compare


SHOWN = (
    "solved",
    "steps_to_solve",
    "test_accuracy",
    "train_accuracy",
    "test_rmse",
    "train_rmse",
    "test_mae",
    "test_r2",
    "test_loss",
    "train_loss",
    "best_test_accuracy",
    "best_train_accuracy",
    "best_test_rmse",
    "best_test_loss",
    "best_train_loss",
    "stopped_at",
    "clipped_fraction",
    "reconstruction_error",
    "pseudo_likelihood",
    "free_energy_gap",
    "log_likelihood",
    "first_last_gradient_ratio@0",
    "first_last_gradient_ratio",
    "time_gradient_ratio@0",
    "time_gradient_ratio",
    "pretrain_seconds",
    "seconds",
    "parameters",
)
"""The columns in the order of their importance; those that a run has nothing for are left out. `@` is the step. What
validation data say is shown where a recipe selects by it or names it."""

DIFFERENCE = "difference"


def build_table(state: RunState, plan: Plan, compare: Compare) -> Table:
    """The table of a run as it stands: finished, under way, or partly failed.

    Means are over the trials that have a value: those under way count with what they have so far, diverged and failed
    ones are counted in `Row.counts` and have none.
    """
    by_variant, metric, method = candidate_results(state), deciding_metric(compare), method_of(plan)
    chosen = {name: selected(candidates, selection_metric(compare)) for name, candidates in by_variant.items()}
    baseline = compare.baseline if compare.baseline in chosen else None
    searched = len(state.plan.candidates) > len(chosen)
    columns = _columns(compare, baseline, selection_metric(compare) if searched else None, len(chosen) - 1)
    rows = [_row(entry, columns, chosen.get(baseline or ""), method) for entry in chosen.values()]
    filled = _filled(columns, rows)
    shown, folded, told = _folded(filled, rows, keep=metric.name)
    sweep = [
        replace(_row(entry, filled, None, method), is_chosen=entry is chosen[variant])
        for variant, candidates in by_variant.items()
        for entry in candidates
    ]
    return Table(
        title=plan.recipe,
        metric=metric.name,
        baseline=baseline,
        columns=shown,
        folded=folded,
        rows=_marked(rows, chosen, metric, method) if _is_settled(state, searched=searched) else rows,
        sweep=sweep if searched else [],
        told=told,
        select=selection_metric(compare) if searched else None,
    )


def _is_settled(state: RunState, *, searched: bool) -> bool:
    """Whether a best may be marked: all trials have ended, and nobody has touched what is compared or picked from."""
    changed = any(trial.changed_at for trial in state.trials)
    dropped = searched and any(trial.status is Status.DROPPED for trial in state.trials)
    return all(trial.status.final for trial in state.trials) and not (changed or dropped)


def _columns(compare: Compare, baseline: str | None, select: Metric | None, others: int) -> list[Column]:
    """The deciding metric, its difference to the baseline, what a search picks by, then the rest or the recipe's choice."""
    metric = deciding_metric(compare)
    title = f"{metric.name} against {baseline} ({title_level(others)})"
    gap = Column(DIFFERENCE, title, metric, is_difference=True, comparisons=max(others, 1))
    keys = [metric.name, *([select.name] if select else []), *(compare.columns or SHOWN)]
    first, *rest = map(column_of, dict.fromkeys(keys))
    return [first, *([] if baseline is None else [gap]), *rest]


def column_of(key: str) -> Column:
    """The column of a metric that is known, `metric@step` at a step."""
    name, step = split_step(key)
    metric = METRICS[name]
    title = f"{name}, step {step}" if step else name
    return Column(key, f"{title} ({metric.unit})" if metric.unit == "s" else title, metric, int(step) if step else None)


def widened(table: Table, state: RunState, columns: Sequence[Column]) -> Table:
    """A table whose rows have cells for further columns too, which are not of differences; those that are shown stay."""
    entries = {one.index: one for candidates in candidate_results(state).values() for one in candidates}
    method = method_of(state.plan)

    def wide(row: Row) -> Row:
        lacking = [column for column in columns if column.key not in row.cells]
        return replace(row, cells={**row.cells, **_row(entries[row.candidate], lacking, None, method).cells})

    return replace(table, rows=list(map(wide, table.rows)), sweep=list(map(wide, table.sweep)))


def _row(entry: CandidateResults, columns: list[Column], baseline: CandidateResults | None, method: Method) -> Row:
    changed = sum(bool(trial.changed_at) for trial in entry.trials)
    counts = entry.counts
    alive = len(entry.trials) - sum(counts[status] for status in LOST)
    cells = {column.key: _cell(entry, column, baseline, alive, method) for column in columns}
    return Row(entry.variant, entry.choice, counts, cells, entry is baseline, n_changed=changed, candidate=entry.index)


def _cell(
    entry: CandidateResults, column: Column, baseline: CandidateResults | None, alive: int, method: Method
) -> Cell:
    """What the seeds say of a column; the time to an event also for those without it."""
    run = len(entry.trials)
    if column.is_difference:
        found, plain = (_difference(entry, baseline, column.metric, alpha, method) for alpha in (column.alpha, ALPHA))
        return Cell(found, run, alive, plain_interval=plain.interval)
    values = entry.values(column.metric, column.at_step)
    cell = Cell(summarize(list(values.values()), column.metric.quantity, method=method), run, alive)
    if not column.is_time:
        return cell
    never = entry.never(column.metric, column.at_step)
    times = [*values.values(), *(math.inf for _ in never)]
    return replace(cell, never=len(never), median=statistics.median(times) if times else None)


def _difference(
    entry: CandidateResults, baseline: CandidateResults | None, metric: Metric, alpha: float, method: Method
) -> Summary:
    if baseline is None or entry is baseline:
        return NOTHING
    return difference(entry.values(metric), baseline.values(metric), metric, alpha, method)


def _filled(columns: list[Column], rows: list[Row]) -> list[Column]:
    return [column for column in columns if any(row.cells[column.key].n for row in rows)]


def _folded(columns: list[Column], rows: list[Row], *, keep: str) -> tuple[list[Column], list[Column], Folded]:
    """The columns to show, those folded away, and what a note says of them."""
    constant: list[Column] = []
    shown: list[Column] = []
    same: dict[str, Column] = {}
    for column in columns:
        twin = next((other for other in shown if _is_twin(column, other, rows)), None)
        if column.key != keep and len(rows) > 1 and is_constant(column, rows):
            constant.append(column)
        elif twin is not None:
            same[column.title] = twin
        else:
            shown.append(column)
    folded = [column for column in columns if column not in shown]
    return shown, folded, Folded(constant, same)


def _is_twin(column: Column, other: Column, rows: list[Row]) -> bool:
    """Whether two columns hold the same numbers in every row, as the best value and the last do of a loss that only falls."""
    return not column.is_difference and all(
        row.cells[column.key].summary == row.cells[other.key].summary for row in rows
    )


def is_constant(column: Column, rows: Sequence[Row]) -> bool:
    """Whether a column has one number for every seed of every row."""
    cells = [row.cells[column.key] for row in rows]
    still = {None, column.metric.quantity.no_difference}
    return all(cell.n == cell.n_run and cell.mean == cells[0].mean and cell.std in still for cell in cells)


def _marked(rows: list[Row], chosen: Mapping[str, CandidateResults], metric: Metric, method: Method) -> list[Row]:
    """Mark the best cells of the deciding metric, if some other is distinguishable from them.

    Nothing is marked where the metric has no better, where seeds have no value, or where all would be marked.
    """
    cells = {row.variant: row.cells[metric.name] for row in rows}
    complete = all(cell.n == cell.n_run for cell in cells.values())
    if metric.better is None or not complete or len(rows) < 2:
        return rows
    values = {row.variant: chosen[row.variant].values(metric) for row in rows}
    marked = best(values, metric, pairwise_alpha(len(rows)), method)
    if len(marked) == len(rows):
        return rows
    return [_with_mark(row, metric.name) if row.variant in marked else row for row in rows]


def _with_mark(row: Row, key: str) -> Row:
    return replace(row, cells={**row.cells, key: replace(row.cells[key], best=True)})


BySeed: TypeAlias = Mapping[int, float]
"""A variant's values of a metric, by seed."""


def difference(ours: BySeed, theirs: BySeed, metric: Metric, alpha: float, method: Method | None = None) -> Summary:
    """Ours minus theirs, seed by seed, over the seeds for which both have a value; without seeds, of the means."""
    if is_unpaired(ours, theirs):
        from dlbench.analysis.statistics.unpaired import unpaired_difference  # of recordings without seeds alone

        return unpaired_difference(list(ours.values()), list(theirs.values()), metric.quantity, alpha)
    common = [seed for seed in ours if seed in theirs]
    first, second = ([side[seed] for seed in common] for side in (ours, theirs))
    return paired_difference(first, second, metric.quantity, alpha, method)


def is_unpaired(*sides: Iterable[int]) -> bool:
    """Whether trials of these seeds cannot be paired: some were recorded without one, for which negative numbers stand."""
    return any(seed < 0 for side in sides for seed in side)


def pairwise_alpha(variants: int) -> float:
    """How often one pair's interval may miss, where any two of the variants may be the pair that is looked at: Bonferroni's."""
    return ALPHA / max(math.comb(variants, 2), 1)


def best(variants: Mapping[str, BySeed], metric: Metric, alpha: float, method: Method | None = None) -> set[str]:
    """The variant with the best mean, and those whose paired interval to it has no difference in it.

    Each of them has a value, and the metric a better. `alpha` is how often one interval may miss.
    """
    means = {name: summarize(list(values.values()), metric.quantity).mean or 0.0 for name, values in variants.items()}
    top = (max if metric.better == "higher" else min)(means, key=lambda name: means[name])
    return {name for name in variants if name == top or _is_level(variants[name], variants[top], metric, alpha, method)}


def _is_level(ours: BySeed, top: BySeed, metric: Metric, alpha: float, method: Method | None) -> bool:
    interval = difference(top, ours, metric, alpha, method).interval
    return interval is None or metric.quantity.no_difference in interval
