"""A layer that the loss does not hang on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.streak import LASTING
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.measures.names import MISSING


@rule
class DisconnectedLayer(TrainingRule):
    """The weights of a layer that is trained have no gradient at all at any of three probes or more: none was computed for them.

    It was not called, or what it put out was detached, or thrown away. A layer that someone froze is not meant.
    """

    kind = "disconnected-layer"
    waits_for_end = False
    severity = "warning"
    title = "disconnected"
    because = "Autograd found no way from the loss to these weights: the layer is not used, or its output is detached."
    refuted_by = "Another number in the layer's weights would change the loss."
    remedies = ("connect",)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials with a layer that never had a gradient."""
        holds: Marks = np.logical_or.reduce(self._missing(training), axis=1)
        return holds

    @staticmethod
    def _missing(training: TrainingEvidence) -> Marks:
        """`[trials, layers]`."""
        if not training.has_probes or len(training.probe_steps) < LASTING:
            return np.zeros((len(training.trials), len(training.stack.layers)), np.bool_)
        missing: Marks = np.logical_and.reduce(training.probes[MISSING] == 1, axis=0)
        return missing

    def layers(self, training: TrainingEvidence, place: int) -> tuple[int, ...]:
        """Those without a gradient."""
        return tuple(np.flatnonzero(self._missing(training)[place]).tolist())

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """How many layers, at how many probes."""
        return {"layers": float(len(self.layers(training, place))), "probes": float(len(training.probe_steps))}

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """Which layers."""
        names = training.probes.named(self.layers(training, place))
        return f"no gradient comes to {names} at any of {found['probes']:.0f} probes"
