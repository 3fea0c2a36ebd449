"""What a recipe asks of ensembles, held against the seeds and the variants that there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from dlbench.metrics.names import ENSEMBLE, ENSEMBLE_ACCURACY, ENSEMBLE_GAIN
from dlbench.plan import Candidate
from dlbench.plan.questions import Claim, Ensemble
from dlbench.recipe.messages import listed
from dlbench.recipe.source_map import KeyPath

Found = tuple[KeyPath, str]


def ensemble_mistakes(asked: Ensemble, seeds: int, candidates: Sequence[Candidate]) -> Iterator[Found]:
    """What is wrong with `[ensemble]` in a recipe with so many seeds."""
    for index, size in enumerate(asked.sizes_of(seeds)):
        if size > seeds:
            yield (
                ("ensemble", "sizes", index),
                f"{size} members need {size} seeds, but there are {seeds} (trials.seeds)",
            )
    named: dict[str, list[Any]] = {"sizes": asked.sizes_of(seeds), "combine": asked.methods}
    for key, values in named.items():
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            yield ("ensemble", key), f"names {twice[0]} more than once"
    if not all(candidate.settings["evaluate"]["predictions"] for candidate in candidates):
        yield ("evaluate", "predictions"), "[ensemble] needs the predictions of every trial; remove this"


def ensemble_claim_mistakes(claim: Claim, asked: Ensemble | None, seeds: int) -> Iterator[Found]:
    """What is wrong with a claim as far as it is about ensembles, or is not."""
    if claim.metric not in ENSEMBLE:
        for key in ("members", "combine"):
            if getattr(claim, key) is not None:
                yield (key,), f"'{key}' needs a metric of ensembles: {listed(ENSEMBLE, 'or')}"
        return
    for key in ("at_step", "choice"):
        if getattr(claim, key) is not None:
            yield (key,), f"'{claim.metric}' is of the last step and of each variant's best; it takes no '{key}'"
    if asked is None:
        yield ("metric",), f"'{claim.metric}' needs [ensemble] with the numbers of members as 'sizes'"
    else:
        yield from _members(claim, asked.sizes_of(seeds))
        yield from _method(claim, asked.methods)


def _members(claim: Claim, sizes: Sequence[int]) -> Iterator[Found]:
    shown = ", ".join(map(str, sizes))
    if claim.members is None:
        yield (), f"'{claim.metric}' needs 'members', how many: one of {shown}"
    elif claim.members not in sizes:
        yield ("members",), f"there are no ensembles of {claim.members}; the sizes are {shown}"


def _method(claim: Claim, methods: Sequence[str]) -> Iterator[Found]:
    method = claim.combine or methods[0]
    if method not in methods:
        yield ("combine",), f"nothing is combined by '{method}'; [ensemble] combines by {listed(methods)}"
    elif method == "vote" and claim.metric not in {ENSEMBLE_ACCURACY, ENSEMBLE_GAIN}:
        yield ("metric",), f"votes are no probabilities and have no '{claim.metric}'"
