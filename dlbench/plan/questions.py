"""The questions of a run: lesson, comparison, claims, ensembles. They are resolved once from the recipe and kept in the plan.

Whatever reads a run (table, export, dashboard) takes them from its plan, and needs neither the recipe nor the catalogues of parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from dlbench.measures.older_names import newest
from dlbench.plan.finding_kinds import newest_kind
from dlbench.plan.scene import Scene

Language: TypeAlias = Literal["en", "ko"]

Texts: TypeAlias = str | dict[Language, str]
"""A text in English, or in several languages by their codes."""

Method: TypeAlias = Literal["probability", "logit", "vote"]
"""What is averaged over the members of an ensemble."""


def said(text: str | Mapping[Any, str] | None, language: str = "en") -> str:
    """A text of a recipe in a language, in its other one where it has not that one."""
    if isinstance(text, Mapping):
        return text.get(language) or next(iter(text.values()))
    return text or ""


@dataclass(frozen=True)
class Lesson:
    """What the recipe teaches: its place in the lecture, its question, what is told after the run, and what to look at."""

    title: Texts | None = None
    question: Texts | None = None
    explain: Texts | None = None
    section: Texts | None = None
    scene: Scene | None = None


@dataclass(frozen=True)
class Solved:
    """When an evaluation counts as solved: `metric` is at least, or at most, a number."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Compare:
    """What the table compares: the metric, against which variant, and the metric that picks the best of a search."""

    metric: str | None = None
    baseline: str | None = None
    select: str | None = None
    solved: Solved | None = None
    columns: list[str] | None = None


@dataclass(frozen=True)
class Ensemble:
    """Trials of one variant combined: `sizes`, the numbers of members, and how their outputs are combined.

    Of each size all subsets of the seeds are made, or where there are more than `subsets`, so many, drawn by `seed`.
    """

    sizes: list[int] | Literal["all"]
    combine: Method | list[Method] = "probability"
    subsets: int = 300
    seed: int = 0

    def sizes_of(self, seeds: int) -> list[int]:
        """The sizes in numbers, of so many seeds."""
        return list(range(1, seeds + 1)) if isinstance(self.sizes, str) else list(self.sizes)

    @property
    def methods(self) -> list[Method]:
        """The ways to combine, the first of which is meant where none is named."""
        return [self.combine] if isinstance(self.combine, str) else list(self.combine)


@dataclass(frozen=True)
class Claim:
    """A sentence of the lesson with a condition on a metric of a variant, or on its findings, which the results confirm or refute.

    Its fields are those that `[[claims]]` has, resolved: on findings, `metric` is `finds KIND` or `finds_none`.
    """

    says: Texts
    source: Literal["lecture", "theory", "measured"]
    variant: str
    metric: str = ""
    at_most: float | None = None
    at_least: float | None = None
    between: list[float] | None = None
    near: float | None = None
    tolerance: float | None = None
    better_than: str | None = None
    by: float | None = None
    every_seed: bool = False
    exact: bool = False
    at_step: int | None = None
    choice: dict[str, Any] | None = None
    members: int | None = None
    combine: Method | None = None
    finds: str | None = None
    finds_none: bool = False
    notes: bool = False

    @property
    def is_of_findings(self) -> bool:
        """Whether it is about what the diagnosis finds, and not about a metric."""
        return self.finds is not None or self.finds_none

    def completed(self) -> Claim:
        """The same; on findings, with what that is called in the place of a metric, so that nothing reads it as one."""
        if not self.is_of_findings:
            return self
        return replace(self, metric="finds_none" if self.finds is None else f"finds {self.finds}")


@dataclass(frozen=True)
class Questions:
    """Everything that is asked of a run."""

    lesson: Lesson = field(default_factory=Lesson)
    compare: Compare = field(default_factory=Compare)
    claims: list[Claim] = field(default_factory=list)
    ensemble: Ensemble | None = None
    better: dict[str, str] = field(default_factory=dict)
    """Of metrics that a recorded loop logs under names of its own: which way is better, `higher` or `lower`."""

    def by_newest_names(self) -> Questions:
        """The same, of metrics by the names that they have now."""
        compare = self.compare
        solved = compare.solved and replace(compare.solved, metric=newest(compare.solved.metric))
        columns = None if compare.columns is None else [newest(column) for column in compare.columns]
        metric, select = (name and newest(name) for name in (compare.metric, compare.select))
        claims = [
            replace(claim, metric=newest(claim.metric), finds=claim.finds and newest_kind(claim.finds)).completed()
            for claim in self.claims
        ]
        return replace(
            self,
            compare=replace(compare, metric=metric, select=select, solved=solved, columns=columns),
            claims=claims,
        )
