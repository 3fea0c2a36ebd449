"""What the laws are held against: the probes of a trial with its loss beside them; and where, at first, it exploded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dlbench.analysis.diagnosis.rules import EXPLOSIONS, LOSS, MEASURES, Probes, Values
from dlbench.measures.names import TIME
from dlbench.metrics.chance import chance_of
from dlbench.metrics.names import BATCH_LOSS
from dlbench.state.trial_state import TrialState


@dataclass(frozen=True)
class Explosion:
    """That a trial exploded, in the words of the first law that says so, and the first step at which it did."""

    text: str
    step: int


def judged(trial: TrialState, start: int = 0, end: int | None = None) -> Probes:
    """The measures of the trial's probes from `start` to before `end`, `[probes, layers]`; NaN where one was not measured."""
    steps = trial.probe_steps[start:end]
    probes = {name: _measured(trial, name, slice(start, end), len(steps)) for name in MEASURES}
    return probes | {LOSS: np.repeat(_losses(trial, steps)[:, np.newaxis], len(trial.layers), axis=1)}


def over_guessing(losses: Values, trial: TrialState) -> Values:
    """Losses over what blind guessing costs: among equal classes (ln K by cross-entropy), or by the best constant.

    Infinity over nothing where that is not known.
    """
    chance = chance_of(trial)
    guess = 0.0 if chance is None else chance.loss if chance.blind_loss is None else chance.blind_loss
    return losses / (guess or math.inf)


def explosion(trial: TrialState) -> Explosion | None:
    """The first explosion of a trial, if it had one."""
    weighted = np.array([layer.weight is not None for layer in trial.layers], np.bool_)
    if not weighted.any() or "gradient_norm" not in trial.stack.probes.fields:
        return None
    probes, names = judged(trial), [layer.name for layer in trial.layers]
    found = [(int(np.argmax(at)), law) for law in EXPLOSIONS if (at := law.holds(probes, weighted).any(axis=1)).any()]
    if not found:
        return None
    index, law = min(found, key=lambda one: one[0])
    text = law.said(
        np.flatnonzero(weighted).tolist(), names, weighted, {name: own[index] for name, own in probes.items()}
    )
    return Explosion(text, trial.probe_steps[index])


def _measured(trial: TrialState, name: str, part: slice, count: int) -> Values:
    series, layers = trial.probe(name), len(trial.layers)
    if series is None or series.shape[1] != layers:
        return np.full((count, layers), np.nan)
    values: Values = series[part].astype(np.float64)
    # What a sequence begins or ends with may well switch a state off for a while: a recurrent layer is judged as a whole.
    values[:, [layer.kind == TIME for layer in trial.layers]] = np.nan
    return values


def _losses(trial: TrialState, steps: list[int]) -> Values:
    """The loss over blind guessing at the last evaluation at or before each step, NaN before the first."""
    known = np.where(np.isnan(trial.curve("train_loss")), trial.curve(BATCH_LOSS), trial.curve("train_loss"))
    places = np.searchsorted(trial.steps, steps, side="right") - 1
    return over_guessing(np.where(places < 0, np.nan, np.append(known, np.nan)[places]), trial)
