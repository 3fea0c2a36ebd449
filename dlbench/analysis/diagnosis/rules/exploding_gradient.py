"""A gradient that grows on its way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.aptness import of_explosions
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.words.number_format import number

EXPLODING = 1e4
"""Gradient norm of the first layer over that of the last, above which it explodes: four powers of ten, as for vanishing."""


@rule
class ExplodingGradient(ProbeRule):
    """|g of the first layer with weights| / |g of the last| > 10^4 (Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010)."""

    kind = "exploding-gradient"
    severity = "alarm"
    title = "exploding gradient"
    because = "On its way back each layer multiplies the gradient by more than 1, so the first are thrown about."
    refuted_by = "The gradient's norm would be of one size in all layers."
    remedies = ("init", "zero-start", "normalize-input", "batch-norm", "clip-norm", "lower-rate")
    is_apt = staticmethod(of_explosions)
    is_remembered = True

    def holds(self, probes: ProbeEvidence) -> Marks:
        """At the first layer with weights."""
        return probes.of_first(probes.ratio > EXPLODING)

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The ratio."""
        return {"first_last_gradient_ratio": float(probe.ratio)}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Whose gradient is how many times whose."""
        first, last = probe.ends
        return f"{first}'s is {number(found['first_last_gradient_ratio'])} times {last}'s"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Towards which layer, and how many times whose."""
        first, last = probe.whose_ends
        return f"the gradient explodes towards {first}, {number(found['first_last_gradient_ratio'])} times {last}"
