"""The sections of a recipe: what stands in each, with which default. Frozen dataclasses in the vocabulary of parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, TypeVar, cast

from annotated_types import Ge, Gt, Len

from dlbench.parts.arguments import Activation, Init, Layers, Settings, Takes
from dlbench.plan.questions import Claim, Compare, Ensemble, Lesson, Method, Solved
from dlbench.recipe.vocabulary import (
    BatchSize,
    Claimed,
    ClassWeights,
    Column,
    ConditionText,
    Count,
    Curve,
    Dataset,
    Every,
    Held,
    Loss,
    Methods,
    Metric,
    Optimizer,
    Predictions,
    Pretrain,
    Regularizers,
    Schedule,
    Sizes,
    Text,
)


def _kind(name: str) -> Callable[[], Settings]:
    return lambda: {"kind": name}


@dataclass(frozen=True)
class LessonSection(Lesson):
    """What the recipe teaches: its place in the lecture, its question, and what is told after the run."""

    WRITTEN: ClassVar[str] = "[lesson]"

    title: Text | None = None
    question: Text | None = None
    explain: Text | None = None
    section: Text | None = None


@dataclass(frozen=True)
class Output:
    """The output layer: as many units as what is learned needs, and plain sums, unless told otherwise; inits are the model's."""

    WRITTEN: ClassVar[str] = "[model.output]"

    init: Init | None = None
    bias_init: Init | None = None
    bias: bool = True
    units: Count | None = None
    activation: Activation | None = None


@dataclass(frozen=True)
class Model:
    """The net: defaults for every layer, and the layers from the input to the last hidden one."""

    WRITTEN: ClassVar[str] = "[model]"

    layers: Layers
    activation: Activation = field(default_factory=_kind("relu"))
    init: Init = field(default_factory=_kind("torch_default"))
    bias_init: Init = field(default_factory=_kind("zeros"))
    output: Output = field(default_factory=Output)


@dataclass(frozen=True)
class EarlyStopping:
    """When a trial stops before its last step: after `patience` evaluations in a row that are not better.

    Better beats the best so far by more than `min_delta`. The trial ends with the weights of its best evaluation.
    """

    WRITTEN: ClassVar[str] = "[train.early_stopping]"

    metric: Held = "validation_loss"
    patience: Count = 5
    min_delta: Annotated[float, Ge(0)] = 0.0


@dataclass(frozen=True)
class Train:
    """How the net learns; exactly one of `steps` and `epochs` is given. With `pretrain`, hidden layers learn before step 0.

    `loss` is the usual one of what is learned, if left out: cross-entropy of classes.
    `class_weights` weigh a sample by its class in what is learned, and so in batch_loss, as torch.nn.CrossEntropyLoss(weight=...)
    does: one number a class, or "balanced", n / (classes * count) over the training samples. The losses of evaluations stay
    unweighted. `drop_last` leaves out the last batch of an epoch where it is smaller than the others.
    """

    WRITTEN: ClassVar[str] = "[train]"

    loss: Loss | None = None
    optimizer: Optimizer = field(default_factory=_kind("sgd"))
    schedule: Schedule = field(default_factory=_kind("constant"))
    regularizers: Regularizers = field(default_factory=list)
    batch_size: BatchSize = "full"
    drop_last: bool = False
    class_weights: ClassWeights | None = None
    steps: Count | None = None
    epochs: Count | None = None
    early_stopping: EarlyStopping | None = None
    pretrain: Pretrain | None = None


@dataclass(frozen=True)
class Evaluate:
    """How often the metrics are taken, and on how many training samples at most: a sample in proportion to the classes.

    `predictions`: whether what each trial says of the test data in the end is kept on disk, four bytes an output and sample;
    `"auto"`: where the recipe has an `[ensemble]`.
    """

    WRITTEN: ClassVar[str] = "[evaluate]"

    every: Every = "auto"
    train_samples: Count = 10_000
    predictions: Predictions = "auto"


@dataclass(frozen=True)
class Probes:
    """At how many points of the training the layers are measured, and whether with histograms of gradients."""

    WRITTEN: ClassVar[str] = "[probes]"

    points: Annotated[int, Ge(0)] = 200
    histograms: bool = True


@dataclass(frozen=True)
class Training:
    """Everything that a trial depends on but its seed: the sections that a variant may change."""

    WRITTEN: ClassVar[str] = "the recipe"

    data: Dataset
    model: Model
    train: Train
    evaluate: Evaluate = field(default_factory=Evaluate)
    probes: Probes = field(default_factory=Probes)


@dataclass(frozen=True)
class Trials:
    """How often every variant is trained: so many seeds from 0, or a list of seeds."""

    WRITTEN: ClassVar[str] = "[trials]"

    seeds: Annotated[
        Count | list[Annotated[int, Ge(0)]], Takes("how many seeds, at least 1, or a list of seeds from 0 up")
    ] = 5


@dataclass(frozen=True)
class SolvedSection(Solved):
    """When an evaluation counts as solved: `metric` is at least, or at most, a number."""

    WRITTEN: ClassVar[str] = "[compare.solved]"

    metric: Curve
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class CompareSection(Compare):
    """What the table compares: the metric, against which variant, and the metric that picks the best of a search."""

    WRITTEN: ClassVar[str] = "[compare]"

    metric: Metric | None = None
    baseline: str | None = None
    select: Metric | None = None
    solved: SolvedSection | None = None
    columns: list[Column] | None = None


@dataclass(frozen=True)
class EnsembleSection(Ensemble):
    """Trials of one variant combined: `sizes`, the numbers of members, and how their outputs are combined.

    Of each size all subsets of the seeds are made, or where there are more than `subsets`, so many, drawn by `seed`.
    """

    WRITTEN: ClassVar[str] = "[ensemble]"

    sizes: Sizes
    combine: Methods = "probability"
    subsets: Count = 300
    seed: Annotated[int, Ge(0)] = 0


@dataclass(frozen=True)
class ClaimSection(Claim):
    """A sentence of the lesson with a condition on a metric of a variant, which the results confirm or refute.

    Exactly one of `at_most`, `at_least`, `between` (low and high), `near` (with `tolerance`) and `better_than` (another
    variant, with `by`) is given. The condition is asked of the mean, or with `every_seed` of each trial; with `exact`
    theory says that no seed can change the number, and all are asked to have the same; `at_step` of
    the metric along the way; `choice` of one choice of the search, by path, instead of the best. A metric of ensembles is
    asked of those with so many `members`, combined as `combine` says; with `every_seed` of each subset of the seeds.
    """

    WRITTEN: ClassVar[str] = "[[claims]]"

    says: Text
    source: Literal["lecture", "theory", "measured"]
    variant: str
    metric: Claimed
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


@dataclass(frozen=True)
class BreakpointSection:
    """Where a dashboard pauses by itself: `first_last_gradient_ratio < 1e-6`, `test_loss rises 3`; in one variant, or in all."""

    WRITTEN: ClassVar[str] = "[[breakpoints]]"

    when: Annotated[str, ConditionText()]
    variant: str | None = None


@dataclass(frozen=True)
class Frame:
    """Everything around the training: the lesson, the seeds, the comparison, ensembles, the claims, where to pause."""

    WRITTEN: ClassVar[str] = "the recipe"

    lesson: LessonSection = field(default_factory=LessonSection)
    trials: Trials = field(default_factory=Trials)
    compare: CompareSection = field(default_factory=CompareSection)
    ensemble: EnsembleSection | None = None
    claims: list[ClaimSection] = field(default_factory=list)
    breakpoints: list[BreakpointSection] = field(default_factory=list)


TRAINING = tuple(entry.name for entry in fields(Training))
"""The sections that a variant may change."""

FRAME = tuple(entry.name for entry in fields(Frame))
"""The sections around them, one for all variants."""

PATCHES = ("variants", "grid", "search", "quick")
"""The sections that change others."""


Question = TypeVar("Question")

_PLAIN: dict[type[Any], type[Any]] = {
    LessonSection: Lesson,
    CompareSection: Compare,
    SolvedSection: Solved,
    EnsembleSection: Ensemble,
    ClaimSection: Claim,
}


def plain(section: Question) -> Question:
    """The question that a checked section asks, which is what it narrows; what is none of these stays what it is."""
    kind = _PLAIN.get(type(section))
    if kind is None:
        return section
    return cast("Question", kind(**{field.name: plain(getattr(section, field.name)) for field in fields(kind)}))
