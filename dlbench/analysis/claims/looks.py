"""Claims of a run that gets seeds until they are decided: each by a sequence that is looked at after every seed from the fifth on.

The seeds are looked at in their order whatever batches they came in, so a table says the same however often somebody looked. The
first look that decides counts, whatever later ones say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dlbench.analysis.claims.condition import Condition
from dlbench.analysis.claims.evidence import EQUALS, Evidence, Pairs, by_sign_test, lacking
from dlbench.analysis.claims.p_values import decide, judged
from dlbench.analysis.claims.verdict import Decision, is_estimated
from dlbench.analysis.statistics.proportions import Score
from dlbench.metrics.names import ENSEMBLE
from dlbench.plan import FIRST_LOOK
from dlbench.words.outcomes import Outcome

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim

NOT_SEQUENTIAL = "this claim is not decided sequentially (--until-decided): no sequence is known for ensembles' subsets"

OF_MEANS, OF_SIGNS = 0.9, 0.1
"""How the chance to err on two variants is shared: the means' sequence decides until a seed of either fails, the signs' from
then on. Failures are rarer, and a rival that fails often is soon beaten by signs."""


def is_decided_by_sequence(claim: Claim) -> bool:
    """Whether it is estimated, and a sequence can decide it."""
    return is_estimated(claim) and claim.metric not in ENSEMBLE


def not_sequential(claims: Sequence[Claim]) -> list[str]:
    """The claims that are estimated and that no sequence decides, in words."""
    return [
        f"claims[{index}]: {NOT_SEQUENTIAL}"
        for index, claim in enumerate(claims)
        if is_estimated(claim) and not is_decided_by_sequence(claim)
    ]


def by_looks(evidence: Evidence, condition: Condition, claim: Claim, alpha: float) -> Decision:
    """What the looks say of an estimated claim that may be decided wrongly with a chance of alpha, all looks together.

    Seeds behind one that is not known yet are not looked at. Where answers of test samples are known, the decision is on these
    samples: more seeds say nothing of others.
    """
    if not evidence.touched and evidence.pairs and evidence.pairs.failed:
        return _by_signs(evidence, evidence.pairs, claim, alpha)
    if why := lacking(replace(evidence, pending=frozenset())):
        return Decision(Outcome.UNDECIDED, 1.0, why, is_open=bool(evidence.pending) and not evidence.touched)
    n = _known(evidence, evidence.values)
    if n >= FIRST_LOOK and evidence.look(n)(0.5) is None:
        return Decision(Outcome.UNDECIDED, 1.0, EQUALS)
    share = (1.0 if evidence.pairs is None else OF_MEANS) / evidence.picked_among
    looks = range(FIRST_LOOK, n + 1)
    first = next(
        (k for k in looks if judged(evidence.look(k)(alpha * share), condition) is not Outcome.UNDECIDED), None
    )
    found = decide(lambda one: evidence.look(first or n)(one * share), condition)
    if first is None:
        return Decision(Outcome.UNDECIDED, found.p, _open_text(evidence), is_open=True)
    if evidence.noise is None:
        return replace(found, decided_after=first)
    return Decision(Outcome.UNDECIDED, found.p, outcome_samples=found.outcome, decided_after=first)


def _by_signs(evidence: Evidence, pairs: Pairs, claim: Claim, alpha: float) -> Decision:
    """By who won: the martingale of a fair coin over the seeds that were won or lost, looked at after each."""
    order = sorted(pairs.won | pairs.tied | pairs.lost)
    n, share = _known(evidence, order), OF_SIGNS / evidence.picked_among
    scores = [_score(order[:k], pairs) for k in range(FIRST_LOOK, n + 1)]
    from dlbench.analysis.statistics.sequences import log_sign_martingale

    p_values = [min(math.exp(-log_sign_martingale(score)) / share, 1.0) for score in scores]
    first = next((place for place, p in enumerate(p_values) if p <= alpha), None)
    told = by_sign_test(pairs, claim).why
    if first is None:
        why = "; ".join(filter(None, (told, _open_text(evidence))))
        return Decision(Outcome.UNDECIDED, p_values[-1] if p_values else 1.0, why, is_open=True)
    won = scores[first].won > scores[first].lost
    outcome = Outcome.CONFIRMED if won else Outcome.REFUTED
    return Decision(outcome, p_values[first], told, decided_after=first + FIRST_LOOK)


def _score(seeds: list[int], pairs: Pairs) -> Score:
    counts = (
        len(pairs.won.intersection(seeds)),
        len(pairs.tied.intersection(seeds)),
        len(pairs.lost.intersection(seeds)),
    )
    return Score(*counts)


def _known(evidence: Evidence, seeds: list[int] | dict[int, float]) -> int:
    """How many of the seeds stand before the first that is not known."""
    unknown = min(evidence.pending, default=None)
    return sum(unknown is None or seed < unknown for seed in seeds)


def _open_text(evidence: Evidence) -> str:
    """How many seeds have not decided it."""
    n = len(evidence.seeds)
    return f"open after {n} seeds" if not evidence.pending else ""
