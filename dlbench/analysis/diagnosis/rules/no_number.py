"""A gradient that is no number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.measures.names import MISSING


@rule
class NoNumber(ProbeRule):
    """The gradient norm of a layer with weights is NaN or infinite: the next step makes its weights so."""

    kind = "diverged"
    severity = "alarm"
    title = "NaN or infinity"
    because = "A number has left the range of single precision: a step was too large, or the signal grew without end."
    refuted_by = "The gradient would be finite at every probe."
    remedies = ("lower-rate", "clip-norm", "init", "normalize-input")

    def holds(self, probes: ProbeEvidence) -> Marks:
        """Layers with weights whose gradient norm is no number; one of a recorded loop that had no gradient at all has none."""
        marks: Marks = np.isnan(probes["gradient_norm"]) & probes.weighted & (probes[MISSING] != 1)
        return marks

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """How many layers."""
        return {"layers": len(layers)}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Which layers."""
        return f"the gradient of {probe.named(layers)} is not a number"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Which layers."""
        return f"{self.words(probe, layers, found)} but NaN or infinite"
