"""Gradients that are too large by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.aptness import of_explosions
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.words.number_format import number

LARGE = 100.0
"""The norm of the gradient of all weights over the norm of all weights, from which on it is too large by itself, however alike
its layers are: plain gradient descent at a rate of 0.01 would move the weights by their own norm, and forget what they were. A
tiny net has a gradient of usual size and weights of hardly any, so the gradient's norm must be as large, too."""


@rule
class LargeGradient(ProbeRule):
    """|g| > 100 and |g| > 100 |w| over all weights: of layers that explode alike no ratio tells."""

    kind = "exploding-gradient"
    severity = "alarm"
    title = "gradients too large"
    because = (
        "The gradient is far longer than the weights that it moves: one step at a usual rate forgets what they were."
    )
    refuted_by = "A step of 0.01 times the gradient would be small beside the weights."
    remedies = ("init", "zero-start", "normalize-input", "batch-norm", "clip-norm", "lower-rate")
    is_apt = staticmethod(of_explosions)
    is_remembered = True

    def holds(self, probes: ProbeEvidence) -> Marks:
        """All layers with weights."""
        gradient, weights = probes.norm("gradient_norm"), probes.norm("weight_norm")
        return probes.of_layers((gradient > LARGE) & (weights > 0) & (gradient > LARGE * weights))

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The norm, and how many times that of all weights it is."""
        gradient, weights = float(probe.norm("gradient_norm")), float(probe.norm("weight_norm"))
        return {"gradient_norm": gradient, "times_weight_norm": gradient / weights}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Both numbers."""
        norm, times = number(found["gradient_norm"]), number(found["times_weight_norm"])
        return f"their norm is {norm}, {times} times that of all weights"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Both numbers."""
        return f"gradients are too large: {self.words(probe, layers, found)}"
