"""All claims of a recipe judged together, so that the chance of any false verdict stays what one claim's alone would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dlbench.analysis.candidate_results import candidate_results
from dlbench.analysis.claims.judgement import Basis, finding
from dlbench.analysis.claims.looks import NOT_SEQUENTIAL, is_decided_by_sequence
from dlbench.analysis.claims.of_findings import Findings
from dlbench.analysis.claims.p_values import holm
from dlbench.analysis.claims.verdict import ClaimFinding, Decision, Looks, Verdict, looks_text, p_text
from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.statistics.item_noise import Answers
from dlbench.analysis.statistics.methods import method_of
from dlbench.metrics.names import ENSEMBLE
from dlbench.metrics.quantity import ALPHA
from dlbench.state.run_state import RunState
from dlbench.words.outcomes import Outcome

if TYPE_CHECKING:
    from dlbench.analysis.ensembles.ensemble import Ensembles
    from dlbench.plan.questions import Claim, Compare


def judge(
    state: RunState,
    claims: Iterable[Claim],
    compare: Compare,
    ensembles: Ensembles | None = None,
    answers: Answers | None = None,
    findings: Findings | None = None,
) -> list[Verdict]:
    """The verdict on each claim; all that names no trial of this run is undecided.

    By intervals over the seeds, corrected by Holm's method for all claims that are estimated: the chance that any of a recipe's
    verdicts is false is 5 % at most. The family is what the recipe says, whatever came of the run: a claim that cannot be
    judged counts with p = 1. A claim on the final test accuracy is judged for other seeds and other test samples where `answers`
    tell what each trial got right; one on findings by `findings`, which are made where a claim needs them and they are not given.
    Where only the seeds' interval holds, the verdict is on these test samples. Claims that ask
    every seed (`every_seed`, `exact`) estimate nothing, and do not count. In a run that gets seeds until its claims are decided,
    each claim has .05 / m of that chance for all looks together.
    """
    wanted, by_variant = list(claims), candidate_results(state)
    if findings is None and any(claim.is_of_findings for claim in wanted):
        findings = diagnose(state)
    basis = Basis.of(wanted, compare, answers, method_of(state.plan), findings)
    found = [
        _of_ensembles(claim, ensembles, basis) if claim.metric in ENSEMBLE else finding(claim, by_variant, basis)
        for claim in wanted
    ]
    return sequential_verdicts(found) if basis.method.is_sequential else verdicts(found)


def _of_ensembles(claim: Claim, found: Ensembles | None, basis: Basis) -> ClaimFinding:
    from dlbench.analysis.claims.ensemble import ensemble_finding  # most recipes have none

    told = ensemble_finding(claim, found, basis.alpha)
    if not basis.method.is_sequential or claim.every_seed:
        return told
    return replace(told, decision=Decision(Outcome.UNDECIDED, None, NOT_SEQUENTIAL), interval=None)


def verdicts(found: Sequence[ClaimFinding]) -> list[Verdict]:
    """The verdicts on a family of findings, in their order."""
    decisions = [one.decision for one in found if one.decision.p is not None]
    corrected = iter(holm([one.p for one in decisions if one.p is not None]))
    by_seeds = iter(holm([one.p if one.p_samples is None else one.p_samples for one in decisions if one.p is not None]))
    return [
        _every(one) if one.decision.p is None else _verdict(one, next(corrected), next(by_seeds), len(decisions))
        for one in found
    ]


def sequential_verdicts(found: Sequence[ClaimFinding]) -> list[Verdict]:
    """The verdicts on findings by sequences, each of which was looked at with its share of the chance to err."""
    together = sum(is_decided_by_sequence(one.claim) for one in found)
    return [_every(one) if one.decision.p is None else _by_looks(one, together) for one in found]


def _by_looks(found: ClaimFinding, together: int) -> Verdict:
    decision = found.decision
    p = 1.0 if decision.p is None else decision.p
    looks = Looks(together, min(p * together, 1.0), decision.decided_after, decision.is_open)
    text = _joined(found.text, looks_text(p, looks), decision.why, decision.advice)
    verdict = replace(Verdict.of(found, decision.outcome, text, None), looks=looks)
    if decision.outcome_samples is Outcome.UNDECIDED:
        return verdict
    return replace(verdict, outcome=decision.outcome_samples, on_these_samples=True)


def _every(found: ClaimFinding) -> Verdict:
    """The verdict on a claim that asks every seed, and estimates nothing."""
    decision = found.decision
    return Verdict.of(found, decision.outcome, _joined(found.text, decision.why), None)


def _verdict(found: ClaimFinding, p_holm: float, p_samples: float, together: int) -> Verdict:
    decision, told = found.decision, [found.text, p_text(found.decision.p, p_holm), found.decision.why]
    if p_holm <= ALPHA:
        return Verdict.of(found, decision.outcome, _joined(*told), p_holm)
    if decision.p_samples is not None and p_samples <= ALPHA:
        told += [f"on these test samples, judged by the seeds alone, {p_text(decision.p_samples, p_samples)}"]
        verdict = Verdict.of(found, decision.outcome_samples, _joined(*told), p_holm)
        return replace(verdict, on_these_samples=True)
    if decision.p is not None and decision.p <= ALPHA:
        told += [f"{decision.outcome} if it were the only claim, but undecided as one of {together}"]
    return Verdict.of(found, Outcome.UNDECIDED, _joined(*told, decision.advice), p_holm)


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, (part.strip("; ") for part in parts)))
