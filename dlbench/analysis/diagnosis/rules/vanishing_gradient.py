"""A gradient that shrinks on its way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.words.number_format import number

VANISHING = 1e-4
"""Gradient norm of the first layer over that of the last, below which the first hardly learns."""


@rule
class VanishingGradient(ProbeRule):
    """0 < |g of the first layer with weights| / |g of the last| < 10^-4 (Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010)."""

    kind = "vanishing-gradient"
    severity = "warning"
    title = "vanishing gradient"
    because = "On its way back each layer multiplies the gradient by less than 1, so the first layers are told next to nothing."
    refuted_by = "The gradient's norm would be of one size in all layers."
    remedies = ("relu", "init", "batch-norm", "residual")

    def holds(self, probes: ProbeEvidence) -> Marks:
        """At the first layer with weights."""
        return probes.of_first((probes.ratio > 0) & (probes.ratio < VANISHING))

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The ratio."""
        return {"first_last_gradient_ratio": float(probe.ratio)}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Whose gradient is what part of whose."""
        first, last = probe.ends
        return f"{first}'s is {number(found['first_last_gradient_ratio'])} of {last}'s"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Towards which layer, and what part of whose."""
        first, last = probe.whose_ends
        return f"the gradient vanishes towards {first}, {number(found['first_last_gradient_ratio'])} of {last}"
