"""What rules about a whole training are held against: the curves of trials of one stack, their probes, settings and data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.columns import first_known, highest, last_known, lowest, median
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence, Values, evidence_of_several, is_judged
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.measures.gradient_ratio import factor_per_layer, first_over_last
from dlbench.measures.names import first_times
from dlbench.metrics.chance import chance_of
from dlbench.metrics.names import BATCH_LOSS, LEARNING_RATE
from dlbench.metrics.trial_view import Status
from dlbench.state.trial_columns import TrialColumns

if TYPE_CHECKING:
    from dlbench.data_facts import DataFacts
    from dlbench.state.trial_state import TrialState

T = TypeVar("T")

GOOD, POOR, LOST = 0.2, 0.5, 0.9
"""Losses over that of guessing: what has learned well, what has learned little, and what is hardly better than a guess."""
ACCURATE = 0.95
"""The accuracy on the training data of a net that has learned them, whatever its loss is."""
BEGINNING = 0.1
"""The share of the probes that are the beginning of a training."""


class TrainingEvidence:
    """Numbers of several trials of one stack, `[trials]` unless said otherwise; NaN where there is none.

    Losses are told over what guessing costs on the training data; where that is not known, over the first loss.
    """

    def __init__(self, trials: Sequence[TrialState]) -> None:
        self.trials, self.stack, self._columns = trials, trials[0].stack, TrialColumns(trials)
        own = {id(trial.settings): RecipeSettings(trial.settings) for trial in trials}
        self.recipes = [own[id(trial.settings)] for trial in trials]
        self.steps = np.array(self.stack.metrics.steps, np.int64)
        self._curves: dict[str, Values] = {}
        self._known: dict[object, object] = {}

    def of(self, function: Callable[[TrainingEvidence], T]) -> T:
        """What a function makes of this evidence, computed once however often it is asked."""
        if function not in self._known:
            self._known[function] = function(self)
        return cast("T", self._known[function])

    @cached_property
    def ended(self) -> Marks:
        """Which have trained to their end."""
        return np.array([status is Status.OK for status in self._columns.statuses], np.bool_)

    @cached_property
    def diverged(self) -> Marks:
        """Which have diverged."""
        return np.array([trial.diverged_at is not None for trial in self.trials], np.bool_)

    @cached_property
    def stopped_early(self) -> Marks:
        """Which early stopping has put back to their best."""
        return np.array([trial.stopped_at is not None for trial in self.trials], np.bool_)

    @property
    def facts(self) -> DataFacts | None:
        """What is known of the data that all of them learn from."""
        return self.trials[0].facts

    @property
    def is_classification(self) -> bool:
        """Whether classes are learned."""
        return self.stack.classes is not None and self.stack.classes > 1

    def setting(self, section: str, key: str) -> list[object]:
        """One setting of each trial's recipe, `None` where nothing is known."""
        return self.of_recipes(lambda recipe: recipe.section(section).get(key))

    def of_recipes(self, function: Callable[[RecipeSettings], T]) -> list[T]:
        """What a function makes of each trial's recipe, computed once for all seeds of a candidate."""
        told = {id(recipe): recipe for recipe in self.recipes}
        found = {key: function(recipe) for key, recipe in told.items()}
        return [found[id(recipe)] for recipe in self.recipes]

    def curve(self, name: str) -> Values:
        """A curve, `[evaluations, trials]`; NaN where there is no number, or an infinite one."""
        if name not in self._curves:
            values = self._columns.curve(name)
            values = np.full((len(self.steps), len(self.trials)), np.nan) if values is None else values
            self._curves[name] = np.where(np.isfinite(values), values, np.nan)
        return self._curves[name]

    @cached_property
    def guess(self) -> float:
        """The loss of guessing on the training data, as if classes were equal where weights make them so; NaN if not known."""
        chance = chance_of(self.trials[0])
        equal = chance.blind_loss if chance and all(self.setting("train", "class_weights")) else None
        return equal or (chance.loss if chance is not None and chance.loss > 0 else math.nan)

    @property
    def yardstick(self) -> str:
        """Whose loss others are told over, behind `of`."""
        return "guessing's" if math.isfinite(self.guess) else "the first"

    @cached_property
    def loss(self) -> Values:
        """The loss on the training data over guessing's, `[evaluations, trials]`, of batches where it is not evaluated."""
        own = self.curve("train_loss")
        own = own if np.isfinite(own).any() else self.curve(BATCH_LOSS)
        return own / self._price(own)

    def _price(self, own: Values) -> Values | float:
        return self.guess if math.isfinite(self.guess) else np.abs(first_known(own))

    def relative(self, name: str) -> Values:
        """Another loss over what the training loss is told over, `[evaluations, trials]`."""
        return self.curve(name) / self._price(self.curve("train_loss"))

    @cached_property
    def judged(self) -> str:
        """The split that is not trained on: `test`, or `validation` where there is no test."""
        return "test" if np.isfinite(self.curve("test_loss")).any() else "validation"

    @cached_property
    def unseen(self) -> Values:
        """The loss on data that is not trained on, likewise, `[evaluations, trials]`."""
        return self.relative(f"{self.judged}_loss")

    @cached_property
    def first(self) -> Values:
        """The first loss."""
        return first_known(self.loss)

    @cached_property
    def last(self) -> Values:
        """The last loss."""
        return last_known(self.loss)

    @cached_property
    def last_unseen(self) -> Values:
        """The last loss on data that is not trained on, likewise."""
        return last_known(self.unseen)

    @cached_property
    def lowest_unseen(self) -> Values:
        """The lowest of it."""
        return lowest(self.unseen)

    @cached_property
    def lowest(self) -> Values:
        """The lowest loss."""
        return lowest(self.loss)

    @cached_property
    def accuracy(self) -> Values:
        """The last accuracy on the training data."""
        return last_known(self.curve("train_accuracy"))

    @cached_property
    def evaluations(self) -> NDArray[np.int64]:
        """How many evaluations have a loss."""
        found: NDArray[np.int64] = np.isfinite(self.loss).sum(axis=0)
        return found

    @cached_property
    def is_good(self) -> Marks:
        """Those that have learned their training data well, and are no worse than a guess on data that they have not seen."""
        learned = (self.last < GOOD) | ((self.accuracy >= ACCURATE) & (self.last < LOST))
        return ~self.diverged & learned & ~(self.last_unseen > 1)

    @cached_property
    def is_poor(self) -> Marks:
        """Those that have learned little."""
        return self.diverged | ((self.last > POOR) & ~(self.accuracy >= ACCURATE))

    @cached_property
    def is_lost(self) -> Marks:
        """Those that are hardly better than a guess."""
        return self.diverged | (self.last > LOST)

    @cached_property
    def step_of_lowest(self) -> NDArray[np.int64]:
        """The step of the lowest loss."""
        return self.step_at(np.argmin(np.where(np.isnan(self.loss), np.inf, self.loss), axis=0))

    def step_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The steps of evaluations by their places."""
        found: NDArray[np.int64] = self.steps[places] if len(self.steps) else np.zeros(len(self.trials), np.int64)
        return found

    @cached_property
    def has_probes(self) -> bool:
        """Whether layers with weights were measured."""
        return is_judged(self.trials[0]) and len(self.stack.probes) > 0

    @cached_property
    def probes(self) -> ProbeEvidence:
        """All probes, `[probes, trials, layers]`, NaN where a trial did not train any more."""
        return evidence_of_several(self.trials).where(self.probe_steps[:, np.newaxis] < self.idle)

    @cached_property
    def idle(self) -> Values:
        """The first step that each did not train while the stack went on, infinite where there is none."""
        steps = (trial.idle_from for trial in self.trials)
        return np.array([math.inf if step is None else step for step in steps])

    @cached_property
    def probe_steps(self) -> NDArray[np.int64]:
        """The steps of the probes."""
        return np.array(self.stack.probes.steps, np.int64)

    def of_weights(self, measure: str) -> Values:
        """A measure of all layers with weights, `[probes, trials, layers]`."""
        if not self.has_probes:
            return np.full((0, len(self.trials), 0), np.nan)
        name = f"weights {measure}"
        if name not in self._curves:
            self._curves[name] = self.probes[measure][..., self.probes.weighted]
        return self._curves[name]

    @cached_property
    def pace(self) -> Values:
        """How far a step moves weights over their norm, the median over layers, `[probes, trials]`; infinite from weights of 0."""
        return median(self.of_weights("update_ratio"), axis=2)

    @cached_property
    def usual_pace(self) -> Values:
        """The median of that over the probes."""
        return median(self.pace, axis=0)

    @cached_property
    def first_pace(self) -> Values:
        """The largest of it in the first tenth of the probes, five at least; of weights that begin at 0 it means nothing."""
        early = self.pace[: max(math.ceil(BEGINNING * len(self.pace)), 5)]
        return highest(np.where(np.isinf(early), np.nan, early))

    @cached_property
    def factor(self) -> Values:
        """By what the gradient is multiplied at each layer on its way back, `[probes, trials]`."""
        norms = self.of_weights("gradient_norm")
        return factor_per_layer(norms) if norms.shape[-1] > 1 else np.full(norms.shape[:-1], np.nan)

    @cached_property
    def over_depth(self) -> Values:
        """What that makes of the gradient over all layers, `[probes, trials]`."""
        found: Values = self.factor ** (self.of_weights("gradient_norm").shape[-1] - 1)
        return found

    @cached_property
    def over_time(self) -> Values:
        """The gradient at the first recurrent layer's first step of time over that at its last, `[probes, trials]`."""
        rows = first_times([layer.kind for layer in self.stack.layers])
        series = self.stack.probes.series("gradient_norm")
        if len(rows) < 2 or series is None:
            return np.full((len(self.stack.probes), len(self.trials)), np.nan)
        return first_over_last(series[:, [trial.position for trial in self.trials]][..., rows])

    @cached_property
    def shrunk(self) -> Values:
        """The norm of all weights at the last probe over that at the first."""
        if not self.has_probes:
            return np.full(len(self.trials), np.nan)
        norms = self.probes.norm("weight_norm")
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Values = last_known(norms) / norms[0]
        return found

    @cached_property
    def rate(self) -> Values:
        """The learning rate at each evaluation over the highest, `[evaluations, trials]`."""
        own = self.curve(LEARNING_RATE)
        return own / highest(own)
