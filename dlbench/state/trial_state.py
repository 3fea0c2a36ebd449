"""One trial as a view into the state of its stack."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.data_facts import DataFacts
from dlbench.measures.names import first_times
from dlbench.metrics.names import BESIDE, CURVES, LOSS
from dlbench.metrics.trial_view import SolvedRule, Status, index_at
from dlbench.plan import Plan
from dlbench.plan import Trial as PlannedTrial
from dlbench.state.event_fields import as_written
from dlbench.state.event_records import TRAIN, Intervention, LayerFacts, PictureRecord
from dlbench.state.histograms import Histogram
from dlbench.state.stack_state import StackState
from dlbench.state.timeline import Array


@dataclass(frozen=True)
class TrialState:
    """One trial as a view into its stack; it satisfies `dlbench.metrics.trial_view.Trial`."""

    index: int
    """Index into `Plan.trials`."""
    plan: PlannedTrial
    stack: StackState
    position: int
    """Place in the stack: its index along the leading axis."""
    solved_rule: SolvedRule | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Its resolved recipe (`Candidate.settings`); of a recording what it told."""
    data: Mapping[tuple[int, ...], DataFacts] = field(default_factory=dict)
    """The data of all stacks of the run, by their indices, as far as it is known."""

    @property
    def facts(self) -> DataFacts | None:
        """The data that it learns from, once known."""
        return next((facts for stacks, facts in self.data.items() if self.stack.index in stacks), None)

    @property
    def status(self) -> Status:
        """Where it stands: its own end counts before the stack's status."""
        if not self.stack.is_marked(self.position):
            return self.stack.status
        if self.diverged_at is not None:
            return Status.DIVERGED
        if self.dropped_at is not None:
            return Status.DROPPED
        return self.stack.status if self.stopped_at is None else Status.OK

    @property
    def error(self) -> str | None:
        """Why its stack failed, if it did."""
        return self.stack.error

    @property
    def step(self) -> int:
        """The step that its training has reached."""
        idle = self.idle_from
        return self.stack.step if idle is None else min(idle, self.stack.step)

    @property
    def diverged_at(self) -> int | None:
        """The step at which it diverged, if it did."""
        mark = self.stack.divergence(self.position)
        return mark.step if mark else None

    @property
    def last_loss(self) -> float | None:
        """The last finite batch loss of a diverged trial."""
        mark = self.stack.divergence(self.position)
        return mark.last_loss if mark else None

    @property
    def dropped_at(self) -> int | None:
        """The first step that it did not train because someone dropped it; `None` too where it had diverged before."""
        drop = self.stack.drop(self.position)
        return drop.step if drop else None

    @property
    def stopped_at(self) -> int | None:
        """The step from which on early stopping holds it at its best, if it does."""
        stop = self.stack.early_stop(self.position)
        return stop.step if stop else None

    @property
    def best_step(self) -> int | None:
        """The step of the evaluation whose weights early stopping kept."""
        stop = self.stack.early_stop(self.position)
        return stop.best_step if stop else None

    @property
    def idle_from(self) -> int | None:
        """The first step that it did not train while its stack went on: it was dropped, or had stopped early."""
        dropped = self.dropped_at
        return self.stopped_at if dropped is None else dropped

    @property
    def interventions(self) -> list[Intervention]:
        """The learning rates that it was given by hand while it trained, the last of each step, in the order of steps."""
        if not self.stack.changes:
            return []
        ends = [step for step in (self.diverged_at, self.idle_from) if step is not None]
        own = {change.step: change for change in self.stack.interventions if self.position in change.positions}
        return [change for step, change in own.items() if all(step < end for end in ends)]

    @property
    def changed_at(self) -> list[int]:
        """The steps from which on it trained with a learning rate that was set by hand."""
        return [change.step for change in self.interventions]

    @property
    def steps(self) -> list[int]:
        """The steps of its evaluations, ascending."""
        return self.stack.metrics.steps

    def curve(self, name: str) -> NDArray[np.float64]:
        """One series over `steps`; NaN where there is no number."""
        series = self.stack.metrics.series(name)
        if series is None or series.ndim != 2:
            return np.full(len(self.steps), np.nan)
        values = series[:, self.position].astype(np.float64, copy=False)
        dropped = self.dropped_at
        return values if dropped is None else np.where(np.array(self.steps) <= dropped, values, np.nan)

    @property
    def layers(self) -> list[LayerFacts]:
        """The layers that the probes measure."""
        return self.stack.layers

    @property
    def probe_steps(self) -> list[int]:
        """The steps of its probes, ascending."""
        return self.stack.probes.steps

    def probe(self, name: str) -> Array | None:
        """One measure of all layers over `probe_steps`, `[probes, layers]`; NaN from the step on that it did not train."""
        series = self.stack.probes.series(name)
        if series is None:
            return None
        values, idle = series[:, self.position], self.idle_from
        if idle is None:
            return values
        values = values.copy()
        values[bisect_left(self.probe_steps, idle) :] = np.nan
        return values

    def histogram(self, at_step: int | None = None) -> Histogram | None:
        """The kept histogram at or last before a step (without one, the newest), with `counts` `[layers, bins]`."""
        found = self.stack.histograms.at(before(self.idle_from, at_step))
        if found is None:
            return None
        return replace(found, counts=found.counts[self.position], zeros=found.zeros[self.position])

    @property
    def pictures(self) -> list[PictureRecord]:
        """The files of pictures that it is in, by time.

        A trial that was stopped early stays what it is from then on. One that was dropped is shown up to where its training came
        to: what its stack writes later is of weights that nobody asked for.
        """
        found, dropped = self.stack.pictures, self.dropped_at
        return found if dropped is None else [one for one in found if one.phase != TRAIN or one.step <= dropped]

    def gradient_norms(self, at_step: int | None = None) -> NDArray[np.float64] | None:
        """Gradient norm of every probed layer that has a weight, first to last, at the last probe or at `at_step`."""
        return self._gradient_norms([row for row, layer in enumerate(self.layers) if layer.weight is not None], at_step)

    def time_gradient_norms(self, at_step: int | None = None) -> NDArray[np.float64] | None:
        """Gradient norm of the first recurrent layer's state at each shown step of time, first to last, likewise."""
        return self._gradient_norms(first_times([layer.kind for layer in self.layers]), at_step)

    def _gradient_norms(self, rows: list[int], at_step: int | None) -> NDArray[np.float64] | None:
        series = self.stack.probes.series("gradient_norm")
        index = index_at(self.probe_steps, before(self.idle_from, at_step), self.stack.step)
        if series is None or index is None or series.shape[2] != len(self.layers):
            return None
        return as_written(series[index, self.position, rows])

    def pretrained(self, name: str) -> float | None:
        """What `name` came to in the first pre-trained layer; `seconds` is its share of the time for all layers."""
        if name == "seconds":
            return self.stack.pretraining.seconds(len(self.stack.plan.trials))
        return self.stack.pretraining.last(name, self.position)

    @property
    def classes(self) -> int | None:
        """Number of classes of its data, once known."""
        return self.stack.classes

    @property
    def class_names(self) -> Sequence[str]:
        """What the classes of its data are called, once known."""
        return self.stack.class_names

    @property
    def chance(self) -> Mapping[str, float]:
        """What guessing costs by its loss and its metrics, as its task has told; empty where that is not known."""
        return self.stack.chance

    @property
    def class_counts(self) -> Sequence[int] | None:
        """How many training samples each class has, once known."""
        return self.stack.class_counts.get("train")

    def confusion(self, split: str = "test") -> NDArray[np.int64] | None:
        """How many samples of each class it says to be of each at its end, `[true, predicted]`, once that is told."""
        told = self.stack.confusion
        lost = self.diverged_at is not None or self.dropped_at is not None
        return None if told is None or lost else told.of(split, self.position)

    @property
    def steps_per_epoch(self) -> int | None:
        """Steps of an epoch of its data, once known."""
        return self.stack.steps_per_epoch

    @property
    def seconds(self) -> float | None:
        """Its share of the training time of its stack."""
        return None if self.stack.seconds is None else self.stack.seconds / len(self.stack.plan.trials)

    @property
    def parameters(self) -> int:
        """Numbers that it trains."""
        return self.stack.plan.parameters


def trials_of(
    plan: Plan,
    stacks: Sequence[StackState],
    solved: SolvedRule | None,
    data: Mapping[tuple[int, ...], DataFacts],
) -> list[TrialState]:
    """The trials of a plan's stacks, in the order of the plan."""
    settings = dict(enumerate(candidate.settings for candidate in plan.candidates))
    views = [
        TrialState(index, own := plan.trials[index], stack, position, solved, settings.get(own.candidate, {}), data)
        for stack in stacks
        for position, index in enumerate(stack.plan.trials)
    ]
    return sorted(views, key=lambda trial: trial.index)


def before(idle: int | None, at_step: int | None) -> int | None:
    """The step to look at: none at which a trial trained no more."""
    if idle is None:
        return at_step
    return idle - 1 if at_step is None else min(at_step, idle - 1)


def score_of(trials: Iterable[TrialState]) -> str:
    """What beside the loss tells how good trials are: the first other metric of their evaluations, accuracy before any.

    Where a recorded loop logs none of those, what it logs under a name of its own.
    """
    evaluated, own = _logged(trials)
    rest = own if LOSS in evaluated else own[1:]
    return next((name for name in [*evaluated, *rest] if name != LOSS), "accuracy")


def loss_of(trials: Iterable[TrialState]) -> str:
    """The loss; where a recorded loop logs none, the first that it logs under a name of its own."""
    evaluated, own = _logged(trials)
    return own[0] if own and LOSS not in evaluated else LOSS


def _logged(trials: Iterable[TrialState]) -> tuple[list[str], list[str]]:
    """The metrics of evaluations that there are, whatever the split, and the names that no evaluation has."""
    fields = dict.fromkeys(field for trial in trials for field in trial.stack.metrics.fields)
    return list(dict.fromkeys(name.partition("_")[2] for name in fields if name in CURVES)), [
        name for name in fields if name not in CURVES and name not in BESIDE
    ]
