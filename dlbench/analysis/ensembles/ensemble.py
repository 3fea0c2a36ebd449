"""Ensembles: nets that were trained separately, combined, and what that gains over a single one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.candidate_results import CandidateResults
from dlbench.analysis.ensembles.combination import COMBINATIONS, Array, Indices, log_probabilities, rightness
from dlbench.analysis.ensembles.subsets import Estimate, estimate, subsets_of
from dlbench.analysis.statistics.intervals import mean_of
from dlbench.metrics.names import ENSEMBLE_ACCURACY, ENSEMBLE_GAIN, ENSEMBLE_LOSS, ENSEMBLE_LOSS_GAIN
from dlbench.metrics.quantity import ACCURACY, NUMBER, POSITIVE, gap
from dlbench.plan import choice_text
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from dlbench.plan.questions import Ensemble

QUANTITIES = {
    ENSEMBLE_ACCURACY: ACCURACY,
    ENSEMBLE_GAIN: ACCURACY.of_differences,
    ENSEMBLE_LOSS: POSITIVE,
    ENSEMBLE_LOSS_GAIN: NUMBER,
}
"""What is known of each ensemble, by name, and what kind of number it is."""


@dataclass(frozen=True)
class Wanted:
    """Which ensembles are made: of these sizes, combined in these ways, of each size at most so many, drawn by a seed."""

    sizes: tuple[int, ...]
    methods: tuple[str, ...]
    subsets: int
    seed: int

    @classmethod
    def of(cls, asked: Ensemble, seeds: int) -> Wanted:
        """What a recipe with so many seeds asks for."""
        return cls(tuple(asked.sizes_of(seeds)), tuple(asked.methods), asked.subsets, asked.seed)


@dataclass(frozen=True)
class Combined:
    """The ensembles of one size that were made out of so many members, combined in one way.

    `subsets` `[subsets, size]` are places among the members; `values` has one number a subset, `[subsets]`, for each of
    `QUANTITIES`; votes have no losses.
    """

    size: int
    method: str
    members: int
    subsets: Indices
    values: Mapping[str, Array]

    @property
    def possible(self) -> int:
        """How many subsets of this size there are."""
        return math.comb(self.members, self.size)

    def estimate(self, name: str) -> Estimate | None:
        """What the subsets say of one quantity, if they have it."""
        values = self.values.get(name)
        return None if values is None else estimate(values, self.subsets, self.members, QUANTITIES[name])


@dataclass(frozen=True)
class EnsembleGroup:
    """A variant's ensembles: its candidate, the trials that are members, and what these are together.

    `search` says why its search picked what it did for another reason than the recipe, if it did.
    """

    entry: CandidateResults
    members: Sequence[TrialState]
    combined: Sequence[Combined]
    search: str = ""
    picked_among: int = 1
    """Of how many candidates its search picked this one."""

    @property
    def name(self) -> str:
        """The candidate as people read it."""
        return ", ".join(filter(None, (self.entry.variant, choice_text(self.entry.choice))))

    def find(self, size: int, method: str) -> Combined | None:
        """The ensembles of a size that were combined by a method, if some were made."""
        return next((one for one in self.combined if (one.size, one.method) == (size, method)), None)


@dataclass(frozen=True)
class Ensembles:
    """The ensembles of a run, a group a variant, and what must be said so that their numbers mislead nobody."""

    wanted: Wanted
    groups: Sequence[EnsembleGroup]
    notes: Sequence[str]
    bytes: int = 0
    """What the predictions of all stacks take on disk."""

    @property
    def rows(self) -> Iterator[tuple[EnsembleGroup, Combined]]:
        """Everything that was combined, each with its variant."""
        return ((group, one) for group in self.groups for one in group.combined)


def combine(logits: NDArray[Any], labels: NDArray[Any], wanted: Wanted) -> Iterator[Combined]:
    """Every wanted ensemble of members with these logits `[members, samples, outputs]`, as far as the members suffice."""
    logs, members = log_probabilities(logits), len(logits)
    for method in wanted.methods:
        combination = COMBINATIONS[method]
        alone = rightness(logs, labels, np.arange(members)[:, None], combination)
        for size in (size for size in wanted.sizes if size <= members):
            subsets = subsets_of(members, size, wanted.subsets, wanted.seed)
            together = rightness(logs, labels, subsets, combination)
            values = {
                ENSEMBLE_ACCURACY: together.accuracy,
                ENSEMBLE_GAIN: _gains(together.accuracy, alone.accuracy, subsets),
            }
            if together.loss is not None and alone.loss is not None:
                values[ENSEMBLE_LOSS] = together.loss
                values[ENSEMBLE_LOSS_GAIN] = _gains(-together.loss, -alone.loss, subsets)
            yield Combined(size, method, members, subsets, values)


def _gains(together: Array, alone: Array, subsets: Indices) -> Array:
    """What each subset is better by than its members are on average; exactly 0 where that may be rounding."""
    means = (mean_of(alone[subset].tolist()) for subset in subsets)
    return np.array([gap(whole, mean) for whole, mean in zip(together.tolist(), means, strict=True)])
