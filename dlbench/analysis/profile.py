"""The layer profile of each variant: activations in the forward pass, gradients in the backward pass."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.evidence import ProbeEvidence, measured, over_guessing
from dlbench.analysis.diagnosis.finding import Severity
from dlbench.analysis.diagnosis.rules import probe_rules
from dlbench.measures.catalog import MEASURES
from dlbench.measures.gradient_ratio import factor_per_layer, ratio
from dlbench.measures.names import TIME
from dlbench.metrics.chance import chance_of
from dlbench.metrics.names import BATCH_LOSS
from dlbench.plan import Candidate, candidate_text
from dlbench.state.event_records import LayerFacts
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState


@dataclass(frozen=True)
class LayerProfile:
    """One row of the probes: means over seeds, NaN where a layer has no such thing or a seed has no number.

    `gradient_ratio` is the gradient norm over that of the last layer with weights, at a step of time of a recurrent layer over
    that at its last step; its mean is over the seeds in which that is not zero. `own` are the numbers of measures that dlbench
    does not come with, by their names.
    """

    name: str
    kind: str
    weight: tuple[int, ...] | None
    gradient_norm: float
    weight_norm: float
    activation_mean: float
    activation_std: float
    unit_spread: float
    zero_fraction: float
    saturated_fraction: float
    gradient_ratio: float
    own: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """What is wrong at some layers, in so many of the seeds."""

    kind: str
    severity: Severity
    text: str
    seeds: int
    layers: list[str]
    evidence: Mapping[str, float]
    """Means over those seeds."""


@dataclass(frozen=True)
class Profile:
    """A variant (with its choice of a search): the loss on the batch, its layers from input to output, what is wrong.

    `guessing` is what guessing the class shares costs on the training data, unless class weights make the loss another one.
    `gradient_factor` is by what the gradient is multiplied from layer to layer on its way back, the geometric mean over the seeds
    that have one. `same` names the candidates that nothing tells apart before any training.
    """

    name: str
    variant: str
    choice: dict[str, Any]
    seeds: list[int]
    loss: float
    guessing: float | None
    gradient_factor: float | None
    layers: list[LayerProfile]
    wrong: list[Judgement]
    same: list[str] = field(default_factory=list)


def alike(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Candidates in groups that nothing tells apart before any training: data, net and batches are the same."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        own = candidate.settings
        key = json.dumps(
            [own["data"], own["model"], own["train"]["batch_size"], own["train"].get("class_weights")], sort_keys=True
        )
        groups.setdefault(key, []).append(candidate)
    return list(groups.values())


def profiles(state: RunState, groups: Sequence[Sequence[Candidate]]) -> list[Profile]:
    """The profile of every group that was looked at; the plan's candidates are the first of each."""
    found = []
    for index, (first, *others) in enumerate(groups):
        trials = [
            trial
            for trial in state.trials
            if trial.plan.candidate == index and trial.probe("gradient_norm") is not None
        ]
        if trials:
            found.append(_profile(first, trials, [candidate_text(other) for other in others]))
    return found


def _profile(candidate: Candidate, trials: Sequence[TrialState], same: list[str]) -> Profile:
    layers = trials[0].layers
    values = {name: np.stack([_first(trial, name) for trial in trials]) for name in MEASURES}
    means = {name: own.mean(axis=0) for name, own in values.items()}
    ratios = _ratios(values["gradient_norm"], layers)
    return Profile(
        candidate_text(candidate),
        candidate.variant,
        candidate.choice,
        [trial.plan.seed for trial in trials],
        _short(np.mean([trial.curve(BATCH_LOSS)[0] for trial in trials])),
        _guessing(candidate, trials[0]),
        _factor(values["gradient_norm"], layers),
        [
            _layer_profile(layer, {name: _short(means[name][row]) for name in means}, _short(ratios[row]))
            for row, layer in enumerate(layers)
        ],
        _wrong(ProbeEvidence(layers, _losses(trials), lambda name: measured(values.get(name), (len(trials),), layers))),
        same,
    )


def _layer_profile(layer: LayerFacts, numbers: dict[str, float], gradient_ratio: float) -> LayerProfile:
    """The row of a layer; no step is taken, so that it has no update ratio."""
    del numbers["update_ratio"]
    shown = {name: numbers.pop(name) for name in tuple(numbers) if name in LayerProfile.__annotations__}
    return LayerProfile(layer.name, layer.kind, layer.weight, **shown, gradient_ratio=gradient_ratio, own=numbers)


def _guessing(candidate: Candidate, trial: TrialState) -> float | None:
    chance = None if candidate.settings["train"].get("class_weights") else chance_of(trial)
    return None if chance is None else float(f"{chance.loss:.5g}")


def _factor(norms: NDArray[np.float64], layers: Sequence[LayerFacts]) -> float | None:
    """The factor per layer of gradient norms `[seeds, layers]`."""
    factors = factor_per_layer(norms[:, [row for row, layer in enumerate(layers) if layer.weight is not None]])
    known = factors[np.isfinite(factors)]
    return _short(np.exp(np.log(known).mean())) if len(known) else None


def _short(value: np.floating[Any]) -> float:
    """To the digits that are known: probes write five."""
    return float(f"{value:.5g}")


def _first(trial: TrialState, name: str) -> NDArray[np.float64]:
    series = trial.probe(name)
    assert series is not None
    first: NDArray[np.float64] = series[0].astype(np.float64)
    return first


def _losses(trials: Sequence[TrialState]) -> NDArray[np.float64]:
    """The loss on the batch over what guessing costs, `[trials]`."""
    return np.concatenate([over_guessing(trial.curve(BATCH_LOSS)[:1], trial) for trial in trials])


def _ratios(norms: NDArray[np.float64], layers: Sequence[LayerFacts]) -> NDArray[np.float64]:
    """Each row's gradient norm over that of the row it is compared with, `[layers]`: the mean over the seeds that have one."""
    against = [_compared(row, layers) for row in range(len(layers))]
    ratios = ratio(norms, norms[:, against])
    has_one = np.isfinite(ratios)
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = np.where(has_one, ratios, 0).sum(axis=0) / has_one.sum(axis=0)
    return means


def _compared(row: int, layers: Sequence[LayerFacts]) -> int:
    """The row to compare with: the last with weights; of a recurrent layer's steps of time, the last."""
    if layers[row].kind != TIME:
        return max(index for index, layer in enumerate(layers) if layer.weight is not None)
    while layers[row + 1].kind == TIME:
        row += 1
    return row


def _wrong(probes: ProbeEvidence) -> list[Judgement]:
    """What the rules say of the layers at one look, `[seeds, layers]`: those that mean something of a single one."""
    found = []
    for rule in probe_rules():
        holds = rule.holds(probes)
        seeds = holds.any(axis=1)
        if rule.lasting == 1 and seeds.any():
            rows = np.flatnonzero(holds.any(axis=0)).tolist()
            one = rule.finding(probes.at(seeds).mean(), rows, since=0)
            names = [probes.layers[row].name for row in rows]
            found.append(Judgement(one.kind, one.severity, one.says, int(seeds.sum()), names, one.evidence))
    return found
