"""A verdict: what the seeds of a run say of one claim, with the numbers that say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from dlbench.recipe.sections import said
from dlbench.report.sign_test import Score
from dlbench.report.statistics import Interval

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim


class Outcome(StrEnum):
    """What can be said of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


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
    """Its 95 % interval."""
    n: int
    """Seeds (or pairs) with a value."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What it says in other languages, for people."""
    score: Score | None = None
    """Of two variants, how many seeds the first won, tied and lost."""

    @classmethod
    def of(
        cls, claim: Claim, outcome: Outcome, text: str, mean: float | None, interval: Interval | None, n: int
    ) -> Verdict:
        """The verdict on a claim, whose words, source and metric it takes over."""
        texts = {str(key): words for key, words in claim.says.items()} if isinstance(claim.says, dict) else {}
        return cls(said(claim.says), claim.source, claim.variant, claim.metric, outcome, text, mean, interval, n, texts)

    def said(self, language: str) -> str:
        """What it says in a language, in English where it has not that one."""
        return self.texts.get(language, self.says)
