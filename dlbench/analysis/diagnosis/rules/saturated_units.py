"""Units at the flat ends of their activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.aptness import by_its_time
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule

MOST = 0.7
"""The share of a layer's outputs from which on it is called saturated."""


@rule
class SaturatedUnits(ProbeRule):
    """More than 70 % of a hidden layer's outputs are within a hundredth of their activation's ends (Glorot & Bengio 2010)."""

    kind = "saturated-units"
    severity = "warning"
    title = "saturated"
    because = "At the ends of its range an activation has no slope, so hardly any gradient gets through."
    refuted_by = "Most outputs would be away from the ends of their range."
    remedies = ("init", "normalize-input", "relu", "batch-norm", "lower-rate")
    is_apt = staticmethod(by_its_time)

    def holds(self, probes: ProbeEvidence) -> Marks:
        """Hidden layers: an output layer that is sure of its answers is a good one."""
        saturated: Marks = probes["saturated_fraction"] > MOST
        saturated[..., -1:] = False
        return saturated

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The largest share."""
        return {"saturated_fraction": float(probe["saturated_fraction"][list(layers)].max())}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """How many outputs of which layers."""
        return f"{100 * found['saturated_fraction']:.0f} % of the outputs of {probe.named(layers)} are at the ends of their range"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """How many outputs of which layers."""
        return f"units are saturated: {self.words(probe, layers, found)}"
