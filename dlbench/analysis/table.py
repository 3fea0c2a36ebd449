"""The comparison table as data: what every display prints and every export writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlbench.analysis.statistics.intervals import Summary
from dlbench.metrics.metric import LOGGED, Metric
from dlbench.metrics.quantity import ALPHA, Interval
from dlbench.metrics.trial_view import Status


@dataclass(frozen=True)
class Column:
    """One measured column: `key` names it in exports, `title` for people; `difference` columns hold paired differences."""

    key: str
    title: str
    metric: Metric
    at_step: int | None = None
    is_difference: bool = False
    comparisons: int = 1
    """How many differences share one chance to err: each interval misses with `alpha`, all together with 5 % at most."""

    @property
    def alpha(self) -> float:
        """How often an interval of this column misses, by Bonferroni's inequality."""
        return ALPHA / self.comparisons

    @property
    def heading(self) -> str:
        """The title in words; a name that a recorded loop gave stays as it is, since questions must name it so."""
        return self.title if self.metric.name in LOGGED else self.title.replace("_", " ")

    @property
    def is_time(self) -> bool:
        """Whether it is the time to an event, which need not come."""
        return self.metric.may_never and not self.is_difference


@dataclass(frozen=True)
class Cell:
    """What the seeds of one candidate say of one column.

    `n` seeds have a value, of `n_run` that there are, of which `n_alive` neither diverged nor failed nor were dropped.
    """

    summary: Summary
    n_run: int
    n_alive: int
    best: bool = False
    never: int = 0
    """Of the time to an event: seeds that trained to their end without it."""
    median: float | None = None
    """Of the time to an event: the median over the seeds with a value and those without the event, to which it is infinite."""
    plain_interval: Interval | None = None
    """Of a difference, the 95 % interval that it would have alone."""

    @property
    def n(self) -> int:
        """The number of seeds (or pairs of seeds) with a value."""
        return self.summary.n

    @property
    def mean(self) -> float | None:
        """The mean over those seeds; of a metric of 0 and 1, the share."""
        return self.summary.mean

    @property
    def middle(self) -> float | None:
        """What is shown: the mean, or the median where some seeds never got there."""
        return self.median if self.never else self.mean

    @property
    def std(self) -> float | None:
        """The sample deviation over those seeds."""
        return self.summary.std

    @property
    def interval(self) -> Interval | None:
        """The interval of the mean: 95 %, or simultaneous 95 % of differences."""
        return self.summary.interval


@dataclass(frozen=True)
class Row:
    """One candidate: what it is, where its trials stand, and its cells by the columns' keys."""

    variant: str
    choice: Mapping[str, Any]
    counts: Mapping[Status, int]
    cells: Mapping[str, Cell]
    is_baseline: bool = False
    is_chosen: bool = False
    """Whether it is its variant's best candidate, among several."""
    n_changed: int = 0
    """The number of its trials that were given other numbers by hand while they trained."""
    candidate: int = 0
    """Its index in the plan."""

    @property
    def n_run(self) -> int:
        """The number of its trials."""
        return sum(self.counts.values())

    @property
    def n_ok(self) -> int:
        """The number of its trials that trained to their end."""
        return self.counts.get(Status.OK, 0)


@dataclass(frozen=True)
class Setting:
    """A column that is not measured: a setting by its path, its values as text by the candidates' indices."""

    path: str
    title: str
    values: Mapping[int, str]


@dataclass(frozen=True)
class Folded:
    """Columns that are told in a note: `constant` hold one number for all trials, `same` repeat the column they map to."""

    constant: list[Column] = field(default_factory=list)
    same: dict[str, Column] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A run compared: `rows` has one row a variant, `sweep` every candidate of a search (empty without one)."""

    title: str
    metric: str
    """The metric that decides."""
    baseline: str | None
    columns: list[Column]
    rows: list[Row]
    sweep: list[Row] = field(default_factory=list)
    folded: list[Column] = field(default_factory=list)
    """Columns that people read in a note: one number for all, or another column once more. The cells hold them too."""
    told: Folded = field(default_factory=Folded)
    """What the note says of them."""
    select: Metric | None = None
    """The metric that a search picks by."""
    settings: list[Setting] = field(default_factory=list)
    """Settings that were asked for, which stand before the measured columns."""
    whole: Table | None = None
    """The table of the whole run, where some of it was asked for: intervals and marks are those of this one."""
    remarks: tuple[str, ...] = ()
    """What must be said of what was asked for."""

    @property
    def all_columns(self) -> list[Column]:
        """Every column that has numbers, shown or folded."""
        return [*self.columns, *self.folded]


@dataclass(frozen=True)
class Pivot:
    """A metric in the rows of a table, laid out by two settings, `row_path` and `column_path`; not every place has a row."""

    column: Column
    row_path: str
    column_path: str
    row_values: Sequence[str]
    column_values: Sequence[str]
    places: Mapping[tuple[str, str], Row]
    """By the value of the row, then that of the column."""
    remarks: Sequence[str] = ()
    """What must be said of it."""
