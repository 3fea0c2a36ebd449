"""Steps that forget what was learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.analysis.diagnosis.streak import LASTING

WILD = 0.5
"""A step that moves weights by this share of their norm forgets what was learnt."""


@rule
class LargeSteps(ProbeRule):
    """|dw| / |w| > 0.5 in a layer, three probes running: the learning rate is too high."""

    kind = "learning-rate-too-high"
    severity = "warning"
    title = "steps too large"
    because = "A step that moves weights by half of their norm forgets what was learnt before."
    refuted_by = "The weights would move by about a thousandth of their norm a step."
    remedies = ("lower-rate", "adam")
    lasting = LASTING

    def holds(self, probes: ProbeEvidence) -> Marks:
        """Layers with weights that a step moves too far."""
        marks: Marks = (probes["update_ratio"] > WILD) & probes.weighted
        return marks

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The largest step over its weights."""
        return {"update_ratio": float(probe["update_ratio"][list(layers)].max())}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Which layers move, and how far."""
        return f"one moves {probe.named(layers)} by {100 * found['update_ratio']:.0f} % of its weights' norm"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """Which layers move, and how far."""
        return f"steps are too large: {self.words(probe, layers, found)}"
