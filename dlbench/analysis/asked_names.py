"""Names in the questions on recordings that no recording has: variants and metrics that are misspelt, or not there yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from dlbench.analysis.recorded import logged_names
from dlbench.errors import meant
from dlbench.metrics.metric import METRICS, split_step
from dlbench.metrics.names import ENSEMBLE

if TYPE_CHECKING:
    from dlbench.analysis.table import Table
    from dlbench.plan.questions import Compare, Questions
    from dlbench.state.run_state import RunState

KeyPath: TypeAlias = tuple[str | int, ...]
SHOWN = 8
"""Names that a message lists."""


@dataclass(frozen=True)
class UnknownName:
    """A name that no recording has: where it stands in the questions, what is wrong, and whether another name was likely meant."""

    path: KeyPath
    what: str
    is_misspelt: bool

    @property
    def note(self) -> str:
        """The same as a note of a table."""
        place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return f"questions, {place.removeprefix('.')}: {self.what}"


def unknown_names(state: RunState, questions: Questions) -> list[UnknownName]:
    """Every name in the questions that no recording has so far, each with its place; none before anything was logged."""
    variants = dict.fromkeys(candidate.variant for candidate in state.plan.candidates)
    logged = logged_names(state)
    if not logged:
        return []
    wrong = [_unknown(path, name, variants, "variant") for path, name in _variants(questions) if name not in variants]
    for path, name in _metrics(questions):
        if name in METRICS.keys() | ENSEMBLE.keys():
            if not _is_anywhere(state, name):
                wrong.append(UnknownName(path, f"no recording has a {name} so far", is_misspelt=False))
        elif name not in logged:
            wrong.append(_unknown(path, name, {**dict.fromkeys(sorted(logged)), **METRICS}, "metric"))
    return wrong


def _unknown(path: KeyPath, name: str, known: Mapping[str, object], what: str) -> UnknownName:
    close = meant(name, known)
    there = [one for one in known if one not in METRICS or what == "variant"]
    listed = ", ".join(there[:SHOWN]) + (", ..." if len(there) > SHOWN else "")
    last = f"did you mean '{close}'?" if close else f"there are {listed}" if listed else ""
    told = f"no variant is called '{name}'" if what == "variant" else f"no recording has logged '{name}'"
    return UnknownName(path, f"{told} so far{f'; {last}' if last else ''}", is_misspelt=close is not None)


def _variants(questions: Questions) -> Iterator[tuple[KeyPath, str]]:
    if questions.compare.baseline is not None:
        yield ("compare", "baseline"), questions.compare.baseline
    for index, claim in enumerate(questions.claims):
        yield ("claims", index, "variant"), claim.variant
        if claim.better_than is not None:
            yield ("claims", index, "better_than"), claim.better_than


def _metrics(questions: Questions) -> Iterator[tuple[KeyPath, str]]:
    compare = questions.compare
    if compare.metric is not None:
        yield ("compare", "metric"), compare.metric
    if compare.solved is not None:
        yield ("compare", "solved", "metric"), compare.solved.metric
    for index, column in enumerate(compare.columns or []):
        if (name := split_step(column)[0]) not in METRICS:  # of those that are known the table says so
            yield ("compare", "columns", index), name
    for name in questions.better:
        yield ("compare", "better", name), name
    for index, claim in enumerate(questions.claims):
        if not claim.is_of_findings:
            yield ("claims", index, "metric"), claim.metric


def _is_anywhere(state: RunState, name: str) -> bool:
    """Whether any trial has a number of a metric, or none because it has not got there."""
    metric = METRICS[name]
    return metric.may_never or any(metric.value(trial) is not None for trial in state.trials)


def _names(name: str, text: str) -> bool:
    """Whether a note says of a name that it is not known."""
    return f"has logged '{name}'" in text or f"is called '{name}'" in text


def lacking_columns(compare: Compare, table: Table, told: Iterable[str]) -> Iterator[str]:
    """What is said of columns that were asked for and that no trial has a number for; not of those that were `told` before."""
    there = {column.key for column in (*table.columns, *table.folded)}
    lacking = [key for key in compare.columns or () if key not in there]
    lacking = [key for key in dict.fromkeys(lacking) if not any(map(partial(_names, split_step(key)[0]), told))]
    if lacking and table.rows:
        which = "this column" if len(lacking) == 1 else "these columns"
        yield f"no trial has a number for {which} of [compare]: {', '.join(lacking)}"
