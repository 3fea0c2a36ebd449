"""What the rules are held against: the probes of a trial, with its loss beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.measures.gradient_ratio import first_over_last
from dlbench.measures.names import TIME
from dlbench.metrics.chance import chance_of
from dlbench.metrics.names import BATCH_LOSS
from dlbench.state.trial_columns import TrialColumns

if TYPE_CHECKING:
    from dlbench.data_facts import DataFacts
    from dlbench.state.event_records import LayerFacts
    from dlbench.state.trial_state import TrialState

Values: TypeAlias = NDArray[np.float64]
Marks: TypeAlias = NDArray[np.bool_]


class ProbeEvidence:
    """Measures by their names, `[..., layers]` each, of one probe or of many; NaN where one was not measured.

    `loss` is the loss over what blind guessing costs (ln K among K equal classes), `[...]`. Steps of time of a recurrent
    layer have no numbers here: what a sequence begins or ends with may well switch a state off for a while.
    """

    def __init__(self, layers: Sequence[LayerFacts], loss: Values, read: Callable[[str], Values]) -> None:
        """`read` has a measure `[..., layers]`, each asked for once."""
        self.layers, self.loss, self._read = layers, loss, read
        self._known: dict[str, Values] = {}

    def __getitem__(self, measure: str) -> Values:
        if measure not in self._known:
            self._known[measure] = self._read(measure)
        return self._known[measure]

    @cached_property
    def weighted(self) -> Marks:
        """Which layers have weights, `[layers]`."""
        return np.array([layer.weight is not None for layer in self.layers], np.bool_)

    @cached_property
    def ratio(self) -> Values:
        """The gradient norm of the first layer with weights over that of the last, `[...]`."""
        return first_over_last(self["gradient_norm"][..., self.weighted])

    def norm(self, measure: str) -> Values:
        """Of norms of layers, that of all layers with weights together, `[...]`."""
        norm: Values = np.linalg.norm(self[measure][..., self.weighted], axis=-1)
        return norm

    def at(self, index: Any) -> ProbeEvidence:
        """Some of the probes, by an index of the first axis."""
        return ProbeEvidence(self.layers, self.loss[index], lambda measure: self[measure][index])

    def where(self, holds: Marks) -> ProbeEvidence:
        """The same with NaN at probes `[probes, trials]` that do not count."""
        if holds.all():
            return self
        loss = np.where(holds, self.loss, np.nan)
        return ProbeEvidence(self.layers, loss, lambda name: np.where(holds[..., np.newaxis], self[name], np.nan))

    def mean(self) -> ProbeEvidence:
        """The mean over the first axis."""
        return ProbeEvidence(self.layers, self.loss.mean(axis=0), lambda measure: self[measure].mean(axis=0))

    def of_layers(self, holds: NDArray[np.bool_]) -> Marks:
        """What holds of a net `[...]` as marks at all layers with weights, `[..., layers]`."""
        return holds[..., np.newaxis] & self.weighted

    def of_first(self, holds: NDArray[np.bool_]) -> Marks:
        """What holds of a net `[...]` as marks at its first layer with weights, `[..., layers]`."""
        marks = np.zeros((*holds.shape, len(self.weighted)), np.bool_)
        marks[..., np.argmax(self.weighted)] = holds
        return marks

    @property
    def ends(self) -> tuple[str, str]:
        """The names of the first and the last layer with weights."""
        first, last = np.flatnonzero(self.weighted)[[0, -1]].tolist()
        return self.layers[first].name, self.layers[last].name

    @property
    def whose_ends(self) -> tuple[str, str]:
        """The name of the first, and the last's as an owner: `("dense1", "the output's")`."""
        first, last = self.ends
        return first, "the output's" if last == "output" else f"{last}'s"

    def named(self, layers: Sequence[int]) -> str:
        """Layers in words: one, two, or from the first to the last where they are in a row."""
        names = [layer.name for layer in self.layers]
        if 1 < len(layers) == len(names):
            return "all layers"
        if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
            return f"{names[layers[0]]} to {names[layers[-1]]}"
        shown = [names[layer] for layer in layers[:3]]
        more = len(layers) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


def is_judged(trial: TrialState) -> bool:
    """Whether there is anything that rules can be held against: gradients of layers that have weights."""
    return "gradient_norm" in trial.stack.probes.fields and any(layer.weight is not None for layer in trial.layers)


def evidence_of(trial: TrialState, start: int = 0, end: int | None = None) -> ProbeEvidence:
    """What the trial's probes from `start` to before `end` tell, `[probes, layers]`."""
    steps, part = trial.probe_steps[start:end], slice(start, end)

    def read(measure: str) -> Values:
        series = trial.probe(measure)
        return measured(None if series is None else series[part], (len(steps),), trial.layers)

    return ProbeEvidence(trial.layers, losses(trial, steps), read)


def evidence_of_several(trials: Sequence[TrialState]) -> ProbeEvidence:
    """The same of all probes of several trials of one stack, `[probes, trials, layers]`, whether they still trained or not."""
    stack, places = trials[0].stack, [trial.position for trial in trials]

    def read(measure: str) -> Values:
        series = stack.probes.series(measure)
        shape = len(stack.probes.steps), len(trials)
        return measured(None if series is None else series[:, places], shape, stack.layers)

    return ProbeEvidence(stack.layers, _losses_of_several(trials), read)


def measured(series: NDArray[Any] | None, shape: tuple[int, ...], layers: Sequence[LayerFacts]) -> Values:
    """A measure `[..., layers]` as rules see it: NaN where it was not measured, and at steps of time."""
    if series is None or series.shape != (*shape, len(layers)):
        return np.full((*shape, len(layers)), np.nan)
    values: Values = series.astype(np.float64)
    values[..., [layer.kind == TIME for layer in layers]] = np.nan
    return values


def size_of_input(facts: DataFacts | None) -> dict[str, float]:
    """The largest root mean square of a feature or channel, as `input_rms`; empty where it is not known."""
    if facts is None or facts.ranges is None:
        return {}
    return {"input_rms": float(np.hypot(facts.ranges.mean, facts.ranges.std).max(initial=0.0))}


def over_guessing(losses: Values, trial: TrialState) -> Values:
    """Losses over what blind guessing costs: among equal classes (ln K by cross-entropy), or by the best constant.

    Infinity over nothing where that is not known.
    """
    chance = chance_of(trial)
    guess = 0.0 if chance is None else chance.loss if chance.blind_loss is None else chance.blind_loss
    return losses / (guess or math.inf)


def losses(trial: TrialState, steps: Sequence[int]) -> Values:
    """The loss over blind guessing at the last evaluation at or before each step, NaN before the first."""
    places = np.searchsorted(trial.steps, steps, side="right") - 1
    return over_guessing(_at_places(trial.curve("train_loss"), trial.curve(BATCH_LOSS), places), trial)


def _losses_of_several(trials: Sequence[TrialState]) -> Values:
    """The same of trials of one stack at its probes, `[probes, trials]`."""
    columns, stack = TrialColumns(trials), trials[0].stack
    places = np.searchsorted(stack.metrics.steps, stack.probes.steps, side="right") - 1
    nothing = np.full((len(columns.steps), len(trials)), np.nan)
    curves = (columns.curve(name) for name in ("train_loss", BATCH_LOSS))
    train, batch = (nothing if curve is None else curve for curve in curves)
    return over_guessing(_at_places(train, batch, places), trials[0])


def _at_places(train: Values, batch: Values, places: NDArray[np.int64]) -> Values:
    """The training loss, where it is no number that of batches, at places along the first axis; NaN at -1."""
    if not len(train):
        return np.full((len(places), *train.shape[1:]), np.nan)
    at = np.maximum(places, 0)
    known = np.where(np.isnan(train[at]), batch[at], train[at])
    known[places < 0] = np.nan
    return known
