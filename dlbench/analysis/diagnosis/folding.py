"""Symptoms under their causes: the one table of what explains what, and in which order findings are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding

FATE = ("not-learning", "underfitting", "too-few-steps", "learning-rate-too-low")
"""What becomes of a net that something else keeps from learning."""
WILD = ("exploding-gradient", "diverged", "oscillating-loss")
"""What becomes of one that something else throws about."""
SPENT = ("dead-units", "saturated-units", "zero-gradient", "vanishing-gradient")
"""What becomes of its units."""
BY_HEART = ("overfitting", "label-noise")
"""What comes of samples that are learned one by one, since what they share cannot be learned."""
TIMES = ("vanishing-through-time", "exploding-through-time")
HIGH = "learning-rate-too-high"

EXPLAINS: dict[str, tuple[str, ...]] = {
    "unscaled-input": (
        *FATE,
        *WILD,
        *SPENT,
        *TIMES,
        HIGH,
        "over-regularised",
        "overfitting",
        "label-noise",
        "wrong-loss",
    ),
    "wrong-output": (*FATE, *WILD, *SPENT, "wrong-loss", HIGH, "over-regularised", "overfitting"),
    "symmetric-units": (*FATE, *WILD, *SPENT, *TIMES, HIGH, "wrong-loss", "over-regularised"),
    "disconnected-layer": (*FATE, *SPENT),
    "zero-gradient": (*FATE, *SPENT, "symmetric-units", "wrong-loss", HIGH, "over-regularised"),
    "dead-units": (*FATE, *SPENT, *TIMES, HIGH, "wrong-loss", "over-regularised"),
    "exploding-through-time": (*FATE, *WILD, *SPENT, *BY_HEART, "vanishing-through-time", HIGH),
    "exploding-gradient": (*FATE, *WILD, *SPENT, *BY_HEART, HIGH, "over-regularised"),
    "vanishing-through-time": (*FATE, *BY_HEART, "vanishing-gradient"),
    "saturated-units": (*FATE, *SPENT, *BY_HEART, "exploding-gradient", "oscillating-loss", "wrong-loss"),
    "vanishing-gradient": (*FATE, *SPENT, "symmetric-units", "wrong-loss"),
    "batch-norm-statistics": (*FATE, *SPENT, "overfitting", "oscillating-loss", HIGH, "exploding-gradient"),
    "over-regularised": (*FATE, *SPENT, "oscillating-loss", HIGH, "wrong-loss", "diverged", "exploding-gradient"),
    HIGH: (*FATE, *WILD, *SPENT, *TIMES, "overfitting", "class-imbalance", "label-noise", "wrong-loss"),
    "learning-rate-too-low": ("not-learning", "underfitting", "too-few-steps", "class-imbalance", "vanishing-gradient"),
    "wrong-loss": (*FATE, "saturated-units", "oscillating-loss"),
    "dropout-at-test": ("underfitting", "label-noise", "overfitting"),
    "class-imbalance": (*FATE, *BY_HEART),
    "label-noise": ("overfitting", "underfitting", "not-learning", "too-few-steps", "oscillating-loss"),
    "too-few-steps": ("underfitting", "not-learning"),
    "underfitting": (*SPENT, "not-learning", "too-few-steps"),
    "data-leak": (),
    "overfitting": (),
    "oscillating-loss": (*SPENT, "not-learning", "underfitting"),
    "diverged": ("not-learning",),
    "not-learning": (),
}
"""Cause -> symptoms, by kind. A cause in the setting (data, layers, a start) explains what holds from its step on; one in the steps
(a rate, a penalty) what comes after its step, since what is there before any step no step has made."""

BY_STEPS = frozenset({HIGH, "over-regularised"})
"""Causes that work by the steps that are taken."""

LATER = ("dead-units", "saturated-units", "zero-gradient", "vanishing-gradient", "exploding-gradient")
"""What is a cause where it is there from the beginning, and comes behind the causes in the steps where it is not."""

ORDER = (
    "data-leak",
    "unscaled-input",
    "symmetric-units",
    "wrong-output",
    "disconnected-layer",
    "dead-units",
    "zero-gradient",
    "batch-norm-statistics",
    "exploding-through-time",
    "exploding-gradient",
    "vanishing-through-time",
    "saturated-units",
    "vanishing-gradient",
    "over-regularised",
    "dropout-at-test",
    HIGH,
    "wrong-loss",
    "learning-rate-too-low",
    "class-imbalance",
    "label-noise",
    "overfitting",
    "oscillating-loss",
    "underfitting",
    "too-few-steps",
    "diverged",
    "not-learning",
)
"""Of two that explain each other, the first is the cause."""

LASTING_COSTS = frozenset(
    {
        "oscillating-loss",
        "unscaled-input",
        "data-leak",
        "overfitting",
        "label-noise",
        "class-imbalance",
        "batch-norm-statistics",
        "dropout-at-test",
        "symmetric-units",
        "disconnected-layer",
        "wrong-output",
    }
)
"""What is wrong with a net that has learned its training data well, too."""


def folded(found: Sequence[Finding], begun: Collection[str] = (), *, is_good: bool = False) -> list[Finding]:
    """Findings without those that another one explains, which says so; a net that has learned well is told of no symptoms.

    The order is that of `found`; `begun` are kinds that were there from the beginning, whatever step their finding has. What is
    over and would be remembered is a note where the net has learned all the same.
    """
    if not found:
        return []
    if is_good:
        found = [_forgiven(one) for one in found if _stays(one)]
    kept: list[Finding] = []
    symptoms: dict[int, list[Finding]] = {}
    for one in sorted(found, key=lambda one: _place(one, begun)):
        cause = next((place for place, other in enumerate(kept) if explains(other, one, begun)), None)
        if cause is None:
            kept.append(one)
        else:
            symptoms.setdefault(cause, []).append(one)
    told = [_with_symptoms(one, symptoms.get(place, ())) for place, one in enumerate(kept)]
    places = {(one.kind, one.says): place for place, one in enumerate(found)}
    return sorted(told, key=lambda one: places[one.kind, one.says])


def _stays(one: Finding) -> bool:
    never_learned = one.kind == "zero-gradient" and one.since == 0
    return one.kind in LASTING_COSTS or never_learned or one.until is not None or one.severity == "note"


def _forgiven(one: Finding) -> Finding:
    return one if one.until is None else replace(one, severity="note")


def explains(cause: Finding, symptom: Finding, begun: Collection[str] = ()) -> bool:
    """Whether a finding is the reason of another one: by the table, and by the order in time."""
    if cause.kind == symptom.kind:
        return True
    if cause.severity == "note" or symptom.kind not in EXPLAINS.get(cause.kind, ()):
        return False
    if symptom.kind not in LATER:
        return True
    begins = 0 if symptom.kind in begun else symptom.since
    return begins > cause.since if cause.kind in BY_STEPS else begins >= cause.since


def _place(one: Finding, begun: Collection[str]) -> tuple[int, int]:
    """The causes first: those there from the beginning, those in the steps, what came of them."""
    if one.kind not in ORDER:
        return len(ORDER), 0
    is_late = one.kind in LATER and one.since > 0 and one.kind not in begun
    place = ORDER.index(one.kind)
    return (ORDER.index("diverged"), place - len(ORDER)) if is_late else (place, 0)


def _with_symptoms(one: Finding, symptoms: Iterable[Finding]) -> Finding:
    """The finding with what it explains at the end of its cause, and as grave as the worst of that."""
    in_time = sorted(symptoms, key=lambda symptom: symptom.since)
    seen = (symptom.symptom or symptom.told[-1] for symptom in in_time if symptom.kind != one.kind)
    other = list(dict.fromkeys(seen))
    if not other:
        return one
    severity = min((one.severity, *(symptom.severity for symptom in in_time)), key=SEVERITIES.index)
    return replace(one, severity=severity, because=f"{one.because} That explains: {'; '.join(other)}.".strip())
