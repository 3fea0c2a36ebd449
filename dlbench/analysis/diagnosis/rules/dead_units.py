"""Units that are off for every sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.diagnosis.aptness import by_its_time
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState

MOST = 0.9
"""The share of a layer's outputs from which on it is called dead."""


@rule
class DeadUnits(ProbeRule):
    """More than 90 % of a hidden layer's outputs are exactly 0, where its activation is one-sided (Lu et al. 2020, dying ReLU)."""

    kind = "dead-units"
    severity = "warning"
    title = "dead units"
    because = "A ReLU that is off for every sample passes no gradient back, so it stays off."
    refuted_by = "The units would be on for some of the samples."
    remedies = ("zero-bias", "init", "leaky-relu", "lower-rate")
    is_apt = staticmethod(by_its_time)

    def holds(self, probes: ProbeEvidence) -> Marks:
        """Hidden layers of one-sided activations, which have no saturated share."""
        dead: Marks = (probes["zero_fraction"] > MOST) & np.isnan(probes["saturated_fraction"])
        dead[..., -1:] = False
        return dead

    def applies(self, trial: TrialState) -> bool:
        """Whether weights were drawn: where they began at 0, that is what is wrong, and no unit has died."""
        norms = trial.probe("weight_norm")
        return norms is None or not (norms[0] == 0).any()

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The largest share."""
        return {"zero_fraction": float(probe["zero_fraction"][list(layers)].max())}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """How many outputs of which layers."""
        return f"{100 * found['zero_fraction']:.0f} % of the outputs of {probe.named(layers)} are exactly zero"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """That they are dead."""
        return f"{self.words(probe, layers, found)}: units are dead"
