"""Units that are all alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.streak import LASTING
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.words.number_format import number

ALIKE = 1e-4
"""The units' standard deviation over the outputs' size below which they are alike; sums in another order differ by 10^-7."""


@rule
class SymmetricUnits(TrainingRule):
    """In a hidden layer the units' deviation is below 10^-4 of their outputs' root mean square at each of the first three probes.

    Units that begin alike get the same gradient, and stay alike forever (Rumelhart, Hinton & Williams 1986: symmetry breaking).
    """

    kind = "symmetric-units"
    waits_for_end = False
    severity = "warning"
    title = "units all alike"
    because = "Units that begin with equal weights see the same and get the same gradient: the layer stays as wide as one unit."
    refuted_by = "For one and the same sample the units of the layer would answer differently."
    remedies = ("init",)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials with a hidden layer of equal units from the first probe on."""
        holds: Marks = np.logical_or.reduce(training.of(self._alike), axis=1)
        return holds

    @staticmethod
    def _alike(training: TrainingEvidence) -> Marks:
        """`[trials, layers]`."""
        if not training.has_probes:
            return np.zeros((len(training.trials), 0), np.bool_)
        marks: Marks = np.logical_and.reduce(training.probes["unit_spread"][:LASTING] < ALIKE, axis=0)
        marks[:, -1:] = False
        return marks

    def layers(self, training: TrainingEvidence, place: int) -> tuple[int, ...]:
        """Those whose units are alike."""
        return tuple(np.flatnonzero(training.of(self._alike)[place]).tolist())

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The largest spread of theirs at the first probe."""
        return {
            "unit_spread": float(training.probes["unit_spread"][0, place, list(self.layers(training, place))].max())
        }

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """In which layers, and how alike."""
        where = training.probes.named(self.layers(training, place))
        return f"the units of {where} differ by {number(found['unit_spread'])} of their outputs' size"
