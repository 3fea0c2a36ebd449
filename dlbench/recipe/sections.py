"""The sections around a training: what stands in each, with which default. Frozen dataclasses in the vocabulary of parts.

A docstring has an entry for each key, which says what it means and, in backticks, gives an example.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, TypeVar, cast

from annotated_types import Ge, Gt, Len

from dlbench.parts.arguments import Takes
from dlbench.plan.questions import Claim, Compare, Ensemble, Lesson, Method, Solved
from dlbench.plan.scene import Scene
from dlbench.recipe.scenes import SceneSection
from dlbench.recipe.vocabulary import (
    Claimed,
    Column,
    ConditionText,
    Count,
    Curve,
    FindingKind,
    Methods,
    Metric,
    Sizes,
    Text,
)


@dataclass(frozen=True)
class LessonSection(Lesson):
    """What the recipe teaches: its place in the lecture, its question, and what is told after the run.

    A text is a string, or a table with one a language; the reader's language is taken, else the first.
    In texts, and in what claims say, `{steps}`, `{epochs}` and `{seeds}` become those of the run, of the first variant, of a
    claim's own, or `{steps of relu}`; `{{steps}}` stays `{steps}`.

    title: what the lesson is called: `title = { en = "Nine layers", ko = "아홉 층" }`.
    question: what is asked before the run: `question = "How many of ten seeds learn it?"`.
    explain: what is told after the run: `explain = "The gradient shrinks at every layer."`.
    section: its place in the lecture, by which `dlbench list` sorts: `section = "1.3"`.
    scene: what the dashboard opens on: `scene = { variants = ["sigmoid", "tanh"], step = "vanished" }`.
    """

    WRITTEN: ClassVar[str] = "[lesson]"

    title: Text | None = None
    question: Text | None = None
    explain: Text | None = None
    section: Text | None = None
    scene: SceneSection | None = None


@dataclass(frozen=True)
class Trials:
    """How often every variant is trained.

    seeds: how many, which are 0, 1, 2, ..., or a list of them: `seeds = [0, 3, 7]`.
    """

    WRITTEN: ClassVar[str] = "[trials]"

    seeds: Annotated[
        Count | list[Annotated[int, Ge(0)]], Takes("how many seeds, at least 1, or a list of seeds from 0 up")
    ] = 5


@dataclass(frozen=True)
class SolvedSection(Solved):
    """When an evaluation counts as solved, for the metrics `solved` and `steps_to_solve`.

    Unless given: a training accuracy of 0.99 or more (an RMSE a tenth of the targets' deviation), at half the loss of guessing.

    metric: which curve is held against the number: `metric = "test_accuracy"`.
    at_least: solved from this number up: `at_least = 0.97`.
    at_most: solved from this number down: `at_most = 0.01`.
    """

    WRITTEN: ClassVar[str] = "[compare.solved]"

    metric: Curve
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class CompareSection(Compare):
    """What the table compares, and against which variant.

    metric: what decides; test_accuracy of classes and test_rmse of numbers, unless given: `metric = "test_loss"`.
    baseline: the variant that the others are held against; the first unless given: `baseline = "sigmoid"`.
    select: the metric by which each seed of a search picks its best choice: `select = "best_validation_accuracy"`.
    solved: when an evaluation counts as solved: `solved = { metric = "test_accuracy", at_least = 0.97 }`.
    columns: further metrics of the table, also at a step on the way: `columns = ["train_loss", "first_last_gradient_ratio@0"]`.
    """

    WRITTEN: ClassVar[str] = "[compare]"

    metric: Metric | None = None
    baseline: str | None = None
    select: Metric | None = None
    solved: SolvedSection | None = None
    columns: list[Column] | None = None


@dataclass(frozen=True)
class EnsembleSection(Ensemble):
    """Trials of one variant combined into one answer, and what that gains.

    sizes: how many members, each size for itself, or all from 1 to the number of seeds: `sizes = [1, 3, 10]`.
    combine: what is averaged over the members; of several ways the first decides: `combine = ["probability", "vote"]`.
    subsets: of each size all subsets of the seeds are made, or so many where there are more: `subsets = 100`.
    seed: what draws these: `seed = 1`.
    """

    WRITTEN: ClassVar[str] = "[ensemble]"

    sizes: Sizes
    combine: Methods = "probability"
    subsets: Count = 300
    seed: Annotated[int, Ge(0)] = 0


@dataclass(frozen=True)
class ClaimSection(Claim):
    """A sentence of the lesson with a condition on a metric of a variant, or on its findings, which the results confirm or refute.

    Of a metric, exactly one of `at_most`, `at_least`, `between`, `near` and `better_than` is given. The condition is asked of
    the mean, with `every_seed` of each trial. Of findings, it is asked of the share of seeds, and is more than half unless given.

    says: the sentence: `says = "ReLU learns with more seeds than sigmoid"`.
    source: who says so: the lecture, theory, or an earlier run: `source = "lecture"`.
    variant: of which variant: `variant = "relu"`.
    metric: of which metric: `metric = "test_accuracy"`.
    at_most: it is no more than this: `at_most = 0.693`.
    at_least: it is no less than this: `at_least = 0.9`.
    between: it lies between these two: `between = [0.938, 0.953]`.
    near: it is this, give or take `tolerance`: `near = 0.693147`.
    tolerance: how far from `near` it may lie: `tolerance = 1e-4`.
    better_than: it is better than that of another variant: `better_than = "sigmoid"`.
    by: better by more than this: `by = 0.02`.
    every_seed: asks each trial, and not the mean: `every_seed = true`.
    exact: theory says that no seed can change the number, and all are asked to have the same: `exact = true`.
    at_step: the metric at this step, and not in the end: `at_step = 500`.
    choice: one choice of the search by its paths, and not the best: `choice = { "train.optimizer.lr" = 0.1 }`.
    finds: instead of a metric, the share of seeds in which the diagnosis finds this kind, as an alarm or a warning:
        `finds = "vanishing-gradient"`.
    finds_none: instead of a metric, the share of seeds in which it finds no alarm and no warning: `finds_none = true`.
    notes: whether `finds` counts notes, too, as of a fault that the net got over: `notes = true`.
    members: of ensembles with so many members, for a metric of ensembles: `members = 10`.
    combine: of ensembles combined so; the first way of `[ensemble]` unless given: `combine = "vote"`.
    """

    WRITTEN: ClassVar[str] = "[[claims]]"

    says: Text
    source: Literal["lecture", "theory", "measured"]
    variant: str
    metric: Claimed = ""
    at_most: float | None = None
    at_least: float | None = None
    between: Annotated[list[float], Len(2, 2)] | None = None
    near: float | None = None
    tolerance: Annotated[float, Gt(0)] | None = None
    better_than: str | None = None
    by: Annotated[float, Ge(0)] | None = None
    every_seed: bool = False
    exact: bool = False
    at_step: Annotated[int, Ge(0)] | None = None
    choice: dict[str, Any] | None = None
    members: Count | None = None
    combine: Method | None = None
    finds: FindingKind | None = None
    finds_none: bool = False
    notes: bool = False


@dataclass(frozen=True)
class BreakpointSection:
    """Where a dashboard pauses by itself.

    when: a condition on a measure or curve: `when = "first_last_gradient_ratio < 1e-6"`.
    variant: in which variant; in all unless given: `variant = "sigmoid"`.
    """

    WRITTEN: ClassVar[str] = "[[breakpoints]]"

    when: Annotated[str, ConditionText()]
    variant: str | None = None


@dataclass(frozen=True)
class Frame:
    """Everything around the training: the lesson, the seeds, the comparison, ensembles, the claims, where to pause.

    lesson: what the recipe teaches, in words.
    trials: how often every variant is trained.
    compare: what the table compares.
    ensemble: what combining the seeds of a variant gains.
    claims: sentences that the results confirm or refute.
    breakpoints: where a dashboard pauses by itself.
    """

    WRITTEN: ClassVar[str] = "the recipe"

    lesson: LessonSection = field(default_factory=LessonSection)
    trials: Trials = field(default_factory=Trials)
    compare: CompareSection = field(default_factory=CompareSection)
    ensemble: EnsembleSection | None = None
    claims: list[ClaimSection] = field(default_factory=list)
    breakpoints: list[BreakpointSection] = field(default_factory=list)


FRAME = tuple(entry.name for entry in fields(Frame))
"""The sections around them, one for all variants."""


Question = TypeVar("Question")

_PLAIN: dict[type[Any], type[Any]] = {
    LessonSection: Lesson,
    SceneSection: Scene,
    CompareSection: Compare,
    SolvedSection: Solved,
    EnsembleSection: Ensemble,
    ClaimSection: Claim,
}


def plain(section: Question) -> Question:
    """The question that a checked section asks, which is what it narrows; what is none of these stays what it is."""
    kind = next((_PLAIN[one] for one in type(section).__mro__ if one in _PLAIN), None)
    if kind is None:
        return section
    return cast("Question", kind(**{field.name: plain(getattr(section, field.name)) for field in fields(kind)}))
