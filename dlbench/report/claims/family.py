"""All claims of a recipe judged together, so that the chance of any false verdict stays what one claim's alone would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dlbench.plan.measures import ENSEMBLE
from dlbench.report.claims.ensemble import ensemble_finding
from dlbench.report.claims.judgement import finding
from dlbench.report.claims.p_values import holm
from dlbench.report.claims.text import p_text
from dlbench.report.claims.verdict import Finding, Outcome, Verdict
from dlbench.report.entries import entries
from dlbench.report.interval import ALPHA
from dlbench.report.state import RunState

if TYPE_CHECKING:
    from dlbench.recipe.sections import Claim, Compare
    from dlbench.report.ensemble import Ensembles


def judge(
    state: RunState, claims: Iterable[Claim], compare: Compare, ensembles: Ensembles | None = None
) -> list[Verdict]:
    """The verdict on each claim; all that names no trial of this run is undecided.

    By intervals over the seeds, corrected by Holm's method for all claims that are estimated: the chance that any of a recipe's
    verdicts is false is 5 % at most. The family is what the recipe says, whatever came of the run: a claim that cannot be
    judged counts with p = 1. Claims that ask every seed (`every_seed`, `exact`) estimate nothing, and do not count.
    """
    by_variant = entries(state)
    return verdicts(
        [
            ensemble_finding(claim, ensembles) if claim.metric in ENSEMBLE else finding(claim, by_variant, compare)
            for claim in claims
        ]
    )


def verdicts(found: Sequence[Finding]) -> list[Verdict]:
    """The verdicts on a family of findings, in their order."""
    p_values = [one.decision.p for one in found if one.decision.p is not None]
    corrected = iter(holm(p_values))
    return [_verdict(one, None if one.decision.p is None else next(corrected), together=len(p_values)) for one in found]


def _verdict(found: Finding, p_holm: float | None, *, together: int) -> Verdict:
    decision = found.decision
    outcome, why = decision.outcome, decision.why.strip("; ")
    if p_holm is not None and p_holm > ALPHA:
        if decision.p is not None and decision.p <= ALPHA:
            why = f"{outcome} if it were the only claim, undecided as one of {together}"
        outcome = Outcome.UNDECIDED
    parts = (found.text, p_text(decision.p, p_holm), why)
    return Verdict.of(found, outcome, "; ".join(filter(None, parts)), p_holm)
