"""A verdict: what the seeds of a run say of one claim, with the numbers that say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.statistics.intervals import Summary
from dlbench.analysis.statistics.proportions import Score
from dlbench.metrics.catalog import Metric
from dlbench.metrics.format import fine_format, interval_text, number, spread_text, value_format
from dlbench.metrics.quantity import Interval
from dlbench.plan.questions import said
from dlbench.words.outcomes import Outcome

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim


@dataclass(frozen=True)
class Decision:
    """What the evidence says of one claim alone: which way it points, how sure that is, and why where the numbers do not say."""

    outcome: Outcome
    """What the claim is at p, undecided where nothing points anywhere."""
    p: float | None
    """The least alpha at which its interval decides it, 1 where none does; `None` where each seed is asked."""
    why: str = ""
    advice: str = ""
    """What would decide it, where it stays undecided."""
    p_samples: float | None = None
    """The p by the seeds alone, where p is by seeds and test samples."""
    outcome_samples: Outcome = Outcome.UNDECIDED
    """Which way the seeds alone point: on these test samples."""
    decided_after: int | None = None
    """Of a sequence, how many seeds have decided it."""
    is_open: bool = False
    """Of a sequence, whether more seeds can decide it."""


@dataclass(frozen=True)
class Looks:
    """How a claim stands of which the seeds are looked at again and again: by a sequence, at .05 / `claims`."""

    claims: int
    """Those that share the chance of a false decision."""
    p: float
    """The verdict's p times the number of claims, 1 at most (Bonferroni)."""
    decided_after: int | None
    """How many seeds have decided it: what later ones say changes nothing."""
    is_open: bool
    """Whether more seeds can decide it."""


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
    looks: Looks | None = None
    """In a run that gets seeds until its claims are decided; `p_holm` is `None` there."""

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


LEAST_SHOWN = 0.0001

INTERVAL, SEQUENCE = "95 % interval", "95 % confidence sequence"
"""What an interval is called: one for a number of seeds that was set before, or one of those that hold for all numbers together."""


def finding_text(
    found: Summary,
    condition: Condition,
    metric: Metric,
    claim: Claim,
    wide: Interval | None = None,
    *,
    called: str = INTERVAL,
) -> str:
    """The numbers of a finding, its interval for other test samples too where that is known, and what was claimed."""
    low, high = (condition.limits[0], condition.limits[-1]) if condition.limits else (0.0, 0.0)
    finest = min(filter(None, (found.std, claim.tolerance, high - low)), default=0.0)
    # Each has a format of its own: a loss of 1e9 would print a claim of 0.6930 to 0.6932 as 6.9e-01 to 6.9e-01.
    spec, bounds = (fine_format(value_format(metric, *of), finest) for of in ([found.mean], condition.limits))
    at = "" if claim.at_step is None else f" at step {claim.at_step:,}"
    named = f"{metric.name}{at}"
    if condition.is_difference:
        named = f"advantage over {claim.better_than} in {named}"
    samples = "" if wide is None else f", for other test samples too {interval_text(wide, spec)}"
    claimed = condition.text(bounds)
    return f"{named} {_numbers(found, condition, metric, spec, called)}{samples}; claimed {claimed}"


def picked_text(claim: Claim, picked_among: int) -> str:
    """What a number owes to being picked by what judges it: by the same seeds, or on test data."""
    told = []
    if picked_among > 1:
        things = "pairs of candidates" if claim.better_than else "candidates"
        counted = f", so p counts {picked_among} times" if is_estimated(claim) else ""
        told.append(f"picked among {picked_among} {things} by the same seeds{counted}")
    if claim.metric.startswith("best_test"):
        told.append("the best evaluation was picked on test data")
    return "; ".join(told)


def p_text(p: float | None, p_holm: float | None) -> str:
    """`p = 0.012, Holm 0.036`; nothing where no interval decides at all."""
    return "" if p is None or p_holm is None or p >= 1 else f"p {_p(p)}, Holm {_p(p_holm).removeprefix('= ')}"


def looks_text(p: float, looks: Looks) -> str:
    """`sequential p = 0.012, of 3 claims 0.036; decided after 7 seeds`; nothing where no sequence decides at all."""
    if p >= 1:
        return ""
    of = f", of {looks.claims} claims {_p(looks.p).removeprefix('= ')}" if looks.claims > 1 else ""
    after = "" if looks.decided_after is None else f"; decided after {looks.decided_after} seeds"
    return f"sequential p {_p(p)}{of}{after}"


def _p(p: float) -> str:
    return f"< {LEAST_SHOWN:g}" if p < LEAST_SHOWN else f"= {p:.2g}"


def _numbers(found: Summary, condition: Condition, metric: Metric, spec: str, called: str) -> str:
    if found.mean is None:
        return "unknown"
    interval = "" if found.interval is None else f", {called} {interval_text(found.interval, spec)}"
    if metric.is_share and not condition.is_difference:
        return f"{round(found.mean * found.n)}/{found.n}{interval}"
    spread = "" if metric.is_share else spread_text(found.std, metric, spec)
    middle = "" if found.median is None else f"median {number(found.median, spec)}, "
    return f"{' '.join(filter(None, (number(found.mean, spec), spread)))} ({middle}n={found.n}){interval}"
