"""A loss that no guess would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlbench.analysis.diagnosis.aptness import of_explosions
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.words.number_format import number

COSTLY = 200.0
"""A loss of so many times ln K is that of logits in the hundreds. Of the shipped recipes' nets that learn, the first loss is below
half of that (three layers of 784, 100 and 100 units whose weights begin as N(0, 1): about 85 times ln 10)."""


@rule
class ExplodingLoss(ProbeRule):
    """loss > 200 times that of blind guessing (ln K among K equal classes): the signal has exploded on its way forward."""

    kind = "exploding-gradient"
    severity = "alarm"
    title = "exploding loss"
    because = "The outputs are in the hundreds where a few would do: the signal has grown on its way forward."
    refuted_by = "The loss would be about that of guessing, or below."
    remedies = ("init", "zero-start", "normalize-input", "batch-norm", "clip-norm", "lower-rate")
    is_apt = staticmethod(of_explosions)
    is_remembered = True

    def holds(self, probes: ProbeEvidence) -> Marks:
        """All layers with weights."""
        return probes.of_layers(probes.loss > COSTLY)

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The loss over that of blind guessing."""
        return {"loss_over_guessing": float(probe.loss)}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """How many times the price of guessing."""
        return f"{number(found['loss_over_guessing'])} times what blind guessing costs"

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """How large it becomes."""
        return f"the loss explodes, {self.words(probe, layers, found)}"
