"""A gradient that is exactly zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.aptness import by_its_time
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule


@rule
class ZeroGradient(ProbeRule):
    """The gradient norm of a layer with weights is exactly 0: it learns nothing, whatever the rate."""

    kind = "zero-gradient"
    severity = "alarm"
    title = "zero gradient"
    because = "What is multiplied on the way back is 0 somewhere: all weights behind it, or every unit."
    refuted_by = "Some sample would move some weight of these layers."
    remedies = ("init", "zero-bias", "leaky-relu", "lower-rate")
    is_apt = staticmethod(by_its_time)

    def holds(self, probes: ProbeEvidence) -> Marks:
        """Layers with weights whose gradient norm is 0."""
        marks: Marks = (probes["gradient_norm"] == 0) & probes.weighted
        return marks

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """How many layers."""
        return {"layers": len(layers)}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Which layers."""
        return f"{probe.named(layers)} {'learn' if len(layers) > 1 else 'learns'} nothing at all"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Which layers learn nothing."""
        return f"the gradient is exactly zero: {self.words(probe, layers, found)}"
