"""A verdict: what the seeds of a run say of one claim, with the numbers that say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from dlbench.analysis.statistics.sign_test import Score
from dlbench.metrics.quantity import Interval
from dlbench.plan.questions import said

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim


class Outcome(StrEnum):
    """What can be said of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Decision:
    """What the evidence says of one claim alone: which way it points, how sure that is, and why where the numbers do not say."""

    outcome: Outcome
    """What the claim is at p, undecided where nothing points anywhere."""
    p: float | None
    """The least alpha at which its interval decides it, 1 where none does; `None` where each seed is asked and none is estimated."""
    why: str = ""
    advice: str = ""
    """What would decide it, where it stays undecided."""
    p_samples: float | None = None
    """The p by the seeds alone, where p is by seeds and test samples."""
    outcome_samples: Outcome = Outcome.UNDECIDED
    """Which way the seeds alone point: on these test samples."""


@dataclass(frozen=True)
class ClaimFinding:
    """A claim with what was found of it: the decision by itself, the numbers in words, and the numbers."""

    claim: Claim
    decision: Decision
    text: str
    value: float | None
    interval: Interval | None
    n: int
    score: Score | None = None
    """Of two variants, how many seeds the first won, tied and lost."""
    wide: Interval | None = None
    """The 95 % interval for other seeds and other test samples, where it is known what each trial got right."""

    @classmethod
    def nothing(cls, claim: Claim, why: str) -> ClaimFinding:
        """A claim of which there is nothing to judge by: it stays undecided, and counts among those judged together."""
        return cls(claim, Decision(Outcome.UNDECIDED, 1.0 if is_estimated(claim) else None), why, None, None, 0)


def is_estimated(claim: Claim) -> bool:
    """Whether seeds are a sample by which it is judged, so that chance may decide it wrongly."""
    return not (claim.every_seed or claim.exact)


ON_THESE_SAMPLES = " on these samples"

SIGNS = {Outcome.CONFIRMED: "✔", Outcome.REFUTED: "✖", Outcome.UNDECIDED: "?"}


@dataclass(frozen=True)
class Verdict:
    """What the seeds say of one claim, with the numbers that say it."""

    says: str
    source: str
    variant: str
    metric: str
    outcome: Outcome
    text: str
    """The numbers, the condition, and why it is undecided if it is."""
    value: float | None
    """Mean over the seeds, or mean paired difference; a share for metrics of 0 and 1."""
    interval: Interval | None
    """Its plain 95 % interval, as if it were the only claim."""
    n: int
    """Seeds (or pairs) with a value."""
    p: float | None = None
    """The least alpha at which an interval like this one decides the claim; `None` where each seed is asked."""
    p_holm: float | None = None
    """The same, corrected for all claims that are judged together: decided at 0.05 at most."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What it says in other languages, for people."""
    score: Score | None = None
    """Of two variants, how many seeds the first won, tied and lost."""
    interval_of_samples: Interval | None = None
    """Its plain 95 % interval for other test samples too, where it is known what each trial got right."""
    on_these_samples: bool = False
    """Whether it holds for other seeds, but perhaps not for other test samples."""

    @classmethod
    def of(cls, found: ClaimFinding, outcome: Outcome, text: str, p_holm: float | None) -> Verdict:
        """The verdict on a claim, whose words, source and metric it takes over."""
        claim = found.claim
        return cls(
            said(claim.says),
            claim.source,
            claim.variant,
            claim.metric,
            outcome,
            text,
            found.value,
            found.interval,
            found.n,
            found.decision.p,
            p_holm,
            {str(key): words for key, words in claim.says.items()} if isinstance(claim.says, dict) else {},
            found.score,
            found.wide,
        )

    @property
    def word(self) -> str:
        """The outcome, and of what it holds where that is less than everything."""
        return f"{self.outcome}{ON_THESE_SAMPLES}" if self.on_these_samples else str(self.outcome)

    def said(self, language: str) -> str:
        """What it says in a language, in English where it has not that one."""
        return self.texts.get(language, self.says)
