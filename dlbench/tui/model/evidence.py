"""What a finding was told by, as curves: a measure of the layers that it is about, or the losses, and the threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.rules import dead_units, saturated_units
from dlbench.measures.catalog import MEASURES
from dlbench.metrics.chance import chance_of
from dlbench.state.trial_state import TrialState
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.trace import Series

USUAL_PACE = 1e-3
"""How far a step should move the weights, as a share of their norm (LeCun's and Karpathy's rule of thumb)."""
OF_LAYERS: dict[str, tuple[str, float | None]] = {
    **dict.fromkeys(
        ("vanishing-gradient", "exploding-gradient", "zero-gradient", "disconnected-layer"), ("gradient_norm", None)
    ),
    **dict.fromkeys(("learning-rate-too-low", "learning-rate-too-high"), ("update_ratio", USUAL_PACE)),
    "dead-units": ("zero_fraction", dead_units.MOST),
    "saturated-units": ("saturated_fraction", saturated_units.MOST),
    "symmetric-units": ("unit_spread", None),
    "over-regularised": ("weight_norm", None),
}
"""Of findings that probes tell: the measure, and the number that it is held against."""
LOSSES = ("train_loss", "validation_loss", "test_loss")
MOST_LAYERS = 4


@dataclass(frozen=True)
class DrawnEvidence:
    """The curves of a finding, under what they are."""

    title: str
    series: Sequence[Series]
    is_logarithmic: bool


def evidence_of_finding(found: Finding, trial: TrialState) -> DrawnEvidence:
    """The curves by which a finding of a trial can be seen; without any where nothing was measured yet."""
    measure, threshold = OF_LAYERS.get(found.kind, ("", None))
    series = list(_layers(found, trial, measure)) if measure else []
    if series:
        title = MEASURES[measure].title
        logarithmic = MEASURES[measure].scale == "log"
    else:
        title, logarithmic, chance = "loss", False, chance_of(trial)
        series = list(_losses(trial))
        threshold, name = (None, "") if chance is None else (chance.loss, "guessing")
    if threshold is not None and series:
        steps = np.array([series[0].steps[0], max(int(one.steps[-1]) for one in series)])
        series.append(
            _series("threshold" if measure and title != "loss" else name, steps, np.full(2, threshold), Ink.MARK)
        )
    return DrawnEvidence(title, series, logarithmic)


def _layers(found: Finding, trial: TrialState, measure: str) -> Iterator[Series]:
    """The layers that it is about, a few of many; without any the first and the last with weights."""
    values = trial.probe(measure)
    if values is None or not len(values):
        return
    weighted = [row for row, layer in enumerate(trial.layers) if layer.weight is not None]
    rows = list(found.layers) or weighted[:1] + weighted[-1:]
    if len(rows) > 1 and found.kind == "vanishing-gradient":
        rows = [*weighted[:1], *rows[1:-1], *weighted[-1:]]
    if len(rows) > MOST_LAYERS:
        rows = [rows[place] for place in np.linspace(0, len(rows) - 1, MOST_LAYERS).round().astype(int).tolist()]
    steps = np.array(trial.probe_steps)
    for number, row in enumerate(dict.fromkeys(rows)):
        yield _series(trial.layers[row].name, steps, values[:, row].astype(np.float64), Ink.series(number))


def _losses(trial: TrialState) -> Iterator[Series]:
    steps = np.array(trial.steps)
    for number, name in enumerate(LOSSES):
        values = trial.curve(name)
        if len(values) and np.isfinite(values).any():
            yield _series(name.replace("_", " "), steps, values, Ink.series(number))


def _series(name: str, steps: NDArray[np.int64], values: NDArray[np.float64], ink: int) -> Series:
    return Series(name, steps, values, values, values, ink, dashed=name in {"threshold", "guessing"})
