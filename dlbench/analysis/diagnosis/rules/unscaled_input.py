"""Numbers that are far from the size that inits and rates are made for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlbench.analysis.diagnosis.aptness import by_scale
from dlbench.analysis.diagnosis.evidence import Marks, Values
from dlbench.analysis.diagnosis.rule import rule
from dlbench.analysis.diagnosis.rules.saturated_units import MOST
from dlbench.analysis.diagnosis.rules.wrong_output import ends_above
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.diagnosis.training_rule import TrainingRule
from dlbench.data_facts import Ranges
from dlbench.words.number_format import number

LARGE = 20.0
"""The root mean square of inputs from which on they are out of scale: pixels of 0 to 255 have about 80, standardized ones 1."""
SMALL = 0.01
"""The same of inputs that are too small to be heard."""
APART = 100.0
"""The largest of a table's columns over the middle one of them."""
TARGET = 30.0
"""The size of targets as they are learned that a net which begins near 0 needs long to reach."""
SHAKEN = 3.0
"""A first loss, in prices of guessing, that inputs of the right size hardly have."""


@rule
class UnscaledInput(TrainingRule):
    """Root mean square of a feature > 20, of all < 0.01, or > 100 times the middle one's; or targets > 30. Little learned.

    Or the first loss is shaken by it, or the first layer saturated; targets beyond the range of an output are that one's fault.

    The sum of a unit grows with its inputs, and so does the gradient of its weights, with their square (LeCun et al. 1998, 4.3).
    """

    kind = "unscaled-input"
    severity = "warning"
    title = "data out of scale"
    because = (
        "Inits and rates are made for numbers of about 1. Larger ones make sums, losses and steps too large, and the largest "
        "column drowns the others; smaller ones are not heard beside the biases."
    )
    refuted_by = "With inputs and targets of mean 0 and variance 1 the loss would fall no faster."
    remedies = ("normalize-input", "normalize-target")
    is_apt = staticmethod(by_scale)

    def holds(self, training: TrainingEvidence) -> Marks:
        """Trials of such data that were shaken by it."""
        sizes = training.of(self._sizes)
        if not sizes:
            return np.zeros(len(training.trials), np.bool_)
        poor = training.is_poor & (training.ended | training.diverged)
        if "largest_rms" not in sizes:
            return poor | ((training.first > SHAKEN) & ~training.is_good)
        pushed = self._pushed(training) & training.ended & ~training.is_good
        return poor | pushed | (training.first > SHAKEN)

    @staticmethod
    def _pushed(training: TrainingEvidence) -> Marks:
        """Where the first layer with weights is saturated at the first probe."""
        shares = training.of_weights("saturated_fraction")[:1, :, :-1][..., :1]
        pushed: Marks = np.logical_or.reduce(shares > MOST, axis=(0, 2))
        return pushed

    def _sizes(self, training: TrainingEvidence) -> dict[str, float]:
        """What is out of scale, by how much; empty where nothing is, or nothing is known."""
        facts = training.facts
        if facts is None:
            return {}
        found: dict[str, float] = {}
        if facts.ranges is not None:
            sizes = _rms(facts.ranges)
            middle = float(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 1.0
            largest = float(sizes.max(initial=0.0))
            if largest > LARGE or (0 < largest < SMALL) or largest > APART * middle:
                found = {"largest_rms": largest, "median_rms": middle}
        targets = self._targets(training)
        return found | ({"target_rms": targets} if targets > TARGET else {})

    @staticmethod
    def _targets(training: TrainingEvidence) -> float:
        """The size of targets as they are learned; 0 of classes, where they are scaled, and where the output is bounded."""
        facts = training.facts
        if facts is None or facts.target_ranges is None:
            return 0.0
        data = training.recipes[0].section("data")
        scaling = data.get("normalize_target") or data.get("normalize")
        if scaling == "standard" or np.isfinite(ends_above(training.recipes[0])):
            return 0.0
        return float(max(facts.target_ranges.std if scaling == "center" else _rms(facts.target_ranges)))

    def evidence(self, training: TrainingEvidence, place: int) -> Mapping[str, float]:
        """The sizes, and the first loss over guessing's."""
        first = float(training.first[place])
        return training.of(self._sizes) | ({"first_over_guessing": first} if np.isfinite(first) else {})

    def words(self, training: TrainingEvidence, place: int, found: Mapping[str, float]) -> str:
        """What is how large."""
        told = []
        if "largest_rms" in found:
            largest, middle = number(found["largest_rms"]), number(found["median_rms"])
            told.append(
                f"inputs are up to {largest} in size (root mean square), where most have {middle} and 1 is usual"
            )
        if "target_rms" in found:
            told.append(f"targets are about {number(found['target_rms'])} in size, and a net's answers begin near 0")
        return "; ".join(told)


def _rms(ranges: Ranges) -> Values:
    """The root mean square of each feature or channel."""
    found: Values = np.hypot(ranges.mean, ranges.std)
    return found
