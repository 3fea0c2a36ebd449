"""Two variants held against each other seed by seed, those seeds included in which one of them failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dlbench.analysis.claims.verdict import Decision, Outcome
from dlbench.analysis.interventions import which_seeds
from dlbench.analysis.statistics.proportions import Score
from dlbench.metrics.format import interval_text
from dlbench.metrics.tolerance import gap

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim

DIVERGED, NEVER, NUMBER = range(3)
"""How well a seed went: the larger is better, and between two numbers these decide."""


class Side(Protocol):
    """What is known of one variant's seeds."""

    @property
    def values(self) -> Mapping[int, float]:
        """Of the seeds that have one, by seed."""

    @property
    def never(self) -> Mapping[int, float]:
        """The steps within which a seed did not get there, by seed."""

    @property
    def lost(self) -> frozenset[int]:
        """The seeds that diverged."""


@dataclass(frozen=True)
class Pairs:
    """Who won each seed: diverged < never got there < any number; between numbers the better by more than the claim asks.

    `won`, `tied` and `lost` are seeds; so are `ours_failed` and `theirs_failed`, with which a side has no number.
    """

    won: frozenset[int]
    tied: frozenset[int]
    lost: frozenset[int]
    ours_failed: frozenset[int]
    theirs_failed: frozenset[int]

    @property
    def failed(self) -> frozenset[int]:
        """Seeds with which a side, or both, have no number: a mean would be of the survivors."""
        return self.ours_failed | self.theirs_failed

    @property
    def both_failed(self) -> frozenset[int]:
        """Seeds with which neither side has a number."""
        return self.ours_failed & self.theirs_failed

    @property
    def score(self) -> Score:
        """How many."""
        return Score(len(self.won), len(self.tied), len(self.lost))


def pairs_of(ours: Side, theirs: Side, advantages: Mapping[int, float], by: float) -> Pairs:
    """The pairs of all seeds of which both sides are known; `advantages` are those of seeds in which both have a number."""
    went = {seed: (_went(ours, seed), _went(theirs, seed)) for seed in known_pairs(ours, theirs)}
    order = {seed: gap(advantages[seed], by) if seed in advantages else a - b for seed, (a, b) in went.items()}
    return Pairs(
        frozenset(seed for seed, sign in order.items() if sign > 0),
        frozenset(seed for seed, sign in order.items() if sign == 0),
        frozenset(seed for seed, sign in order.items() if sign < 0),
        *(frozenset(seed for seed, levels in went.items() if levels[side] < NUMBER) for side in (0, 1)),
    )


def known_pairs(ours: Side, theirs: Side) -> Iterable[int]:
    """The seeds of which it is known how both sides went, in order."""
    return sorted(seed for seed in _all(ours) & _all(theirs) if not beyond_horizon(ours, theirs, seed))


def beyond_horizon(ours: Side, theirs: Side, seed: int) -> bool:
    """Whether one side trained too few steps to say that it would not have got there as soon as the other did, or did not."""
    for one, other in ((ours, theirs), (theirs, ours)):
        if seed in one.never and (other.values.get(seed, other.never.get(seed, 0.0)) > one.never[seed]):
            return True
    return False


def _all(side: Side) -> set[int]:
    return {*side.values, *side.never, *side.lost}


def _went(side: Side, seed: int) -> int:
    return DIVERGED if seed in side.lost else NEVER if seed in side.never else NUMBER


def by_sign_test(pairs: Pairs, claim: Claim) -> Decision:
    """Confirmed where more seeds were won than a fair coin would win, refuted where fewer; and the score in words."""
    score, text = pairs.score, _score_text(pairs, claim)
    if score.won == score.lost:
        return Decision(Outcome.UNDECIDED, 1.0, text)
    return Decision(Outcome.CONFIRMED if score.won > score.lost else Outcome.REFUTED, score.p, text)


def _score_text(pairs: Pairs, claim: Claim) -> str:
    """`'sgd' failed with seeds 2, 3; better with 8 of 10 seeds, 1 tie (85%, 95 % interval [...]), by the sign test`."""
    sides = ((claim.variant, pairs.ours_failed), (claim.better_than, pairs.theirs_failed))
    failed = [f"'{variant}' failed with {which_seeds(seeds)}" for variant, seeds in sides if seeds]
    score = pairs.score
    ties = f", {score.tied} tie{'s' if score.tied > 1 else ''}" if score.tied else ""
    interval = "" if score.interval is None else f", 95 % interval {interval_text(score.interval, '.0%')}"
    share = f"{score.share:.0%}{interval}"
    return "; ".join([*failed, f"better with {score.won} of {score.n} seeds{ties} ({share}), by the sign test"])
