"""A net that stands still without having learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence
from dlbench.analysis.diagnosis.rule import PastStreak, ProbeRule, rule
from dlbench.analysis.diagnosis.streak import LASTING
from dlbench.metrics.chance import chance_of

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState

STILL = 1e-7
"""Weights in single precision that a step moves by a smaller share of their norm hardly change at all."""
FALLEN = 0.9
"""A loss above this share of what it was at first, or is by guessing, has not fallen."""


@rule
class Stuck(ProbeRule):
    """|dw| / |w| < 10^-7 in all layers with weights, three probes running; loss above 0.9 of its first value and of guessing's."""

    kind = "not-learning"
    severity = "alarm"
    title = "stuck"
    because = "No weight moves by more than single precision can tell, though nothing has been learnt."
    refuted_by = "The loss would fall, or a layer would move by more than 1e-7 of its weights a step."
    remedies = ("init", "relu", "higher-rate", "batch-norm")
    lasting = LASTING

    def holds(self, probes: ProbeEvidence) -> Marks:
        """All layers with weights, where none of them moves."""
        still = (probes["update_ratio"] < STILL) | ~probes.weighted
        return probes.of_layers(np.logical_and.reduce(still, axis=-1))

    def applies(self, trial: TrialState) -> bool:
        """Whether the loss on the training data has not fallen below what guessing costs; a net of which it has may stand still."""
        series, chance = trial.stack.metrics.series("train_loss"), chance_of(trial)
        if series is None:
            return False
        first, last = series[[0, -1], trial.position]
        return bool(last > FALLEN * min(first, math.inf if chance is None else chance.loss))

    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The largest step of any layer, over its weights."""
        return {"update_ratio": float(probe["update_ratio"][list(layers)].max())}

    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """What stands still."""
        return "no layer moves, and the loss is no better than guessing"

    def told(self, says: str, since: int, past: Mapping[str, PastStreak]) -> tuple[str, ...]:
        """Where the gradient had vanished before, a plateau remembers how it came."""
        text, short = super().told(says, since, past)
        before = past.get("vanishing-gradient")
        if before is None:
            return text, short
        vanished = f"vanished from step {before.since:,} to {before.until:,}"
        return (
            f"{text}; its gradient had {vanished}",
            f"gradient {vanished}, {short}",
            f"gradient vanished, {short}",
            f"vanished, {short}",
        )

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """What stands still."""
        return self.words(probe, layers, found)

    def sentence(self, clause: str, since: int, past: Mapping[str, PastStreak]) -> str:
        """Where the gradient had vanished before, that comes first: it is why."""
        before = past.get("vanishing-gradient")
        if before is None:
            return super().sentence(clause, since, past)
        return f"{before}; since step {since:,} {clause}"
