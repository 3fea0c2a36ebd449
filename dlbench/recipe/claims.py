"""What the comparison and the claims promise, held against the variants that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlbench.errors import hint
from dlbench.metrics.catalog import AT_END, METRICS, split_step
from dlbench.metrics.names import ENSEMBLE
from dlbench.parts.datasets.base import Source
from dlbench.plan import Candidate
from dlbench.plan.questions import Claim, Compare
from dlbench.recipe.messages import few, listed, nearest
from dlbench.recipe.source_map import KeyPath

SHARES = ("at_most", "at_least", "between")
"""Those of them that a claim on findings may have, of the share of seeds."""
NO_METRIC = ("near", "tolerance", "better_than", "by", "exact", "at_step")
"""What is of metrics alone."""

CONDITIONS = ("at_most", "at_least", "between", "near", "better_than")
"""The conditions of a claim, of which it has exactly one."""

Found = tuple[KeyPath, str]


def completed(compare: Compare, variants: Sequence[str], metric: str | None) -> Compare:
    """The comparison with its metric, and its baseline, the first of several variants, where it names none."""
    baseline = compare.baseline or (variants[0] if len(variants) > 1 else None)
    return replace(compare, baseline=baseline, metric=compare.metric or metric)


def compare_mistakes(compare: Compare, variants: Sequence[str], *, has_search: bool) -> Iterator[Found]:
    """What is wrong with `[compare]` in this recipe."""
    if compare.baseline is not None and compare.baseline not in variants:
        yield ("compare", "baseline"), no_variant(compare.baseline, variants)
    if has_search and compare.select is None:
        yield ("search",), "needs compare.select, the metric that picks each variant's best, such as 'validation_loss'"
    if compare.select and METRICS[compare.select].better is None:
        yield ("compare", "select"), f"'{compare.select}' has no better direction to pick by"
    if compare.solved and (compare.solved.at_least is None) == (compare.solved.at_most is None):
        yield ("compare", "solved"), "takes exactly one of 'at_least' and 'at_most'"


def claim_mistakes(claim: Claim, variants: Sequence[str], choices: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    """What is wrong with one claim; `choices` are those of the search inside its variant."""
    if claim.variant not in variants:
        yield ("variant",), no_variant(claim.variant, variants)
    if claim.better_than is not None and claim.better_than not in variants:
        yield ("better_than",), no_variant(claim.better_than, variants)
    if claim.better_than == claim.variant:
        yield ("better_than",), "a variant cannot be better than itself"
    yield from _mistakes_of_findings(claim) if claim.is_of_findings else _mistakes_of_metric(claim)
    if claim.between and claim.between[0] > claim.between[1]:
        yield ("between",), f"the low end {claim.between[0]:g} is above the high end {claim.between[1]:g}"
    if claim.choice is not None and not any(claim.choice.items() <= choice.items() for choice in choices):
        yield ("choice",), f"'{claim.variant}' has no such choice in its search"


def _mistakes_of_metric(claim: Claim) -> Iterator[Found]:
    if not claim.metric:
        yield (), "needs a 'metric', or instead of one 'finds' or 'finds_none'"
    if claim.better_than is not None and claim.metric in METRICS and METRICS[claim.metric].better is None:
        others = listed([condition for condition in CONDITIONS if condition != "better_than"], "or")
        yield ("better_than",), f"'{claim.metric}' has no better direction; claim it with {others}"
    has = [condition for condition in CONDITIONS if getattr(claim, condition) is not None]
    if len(has) != 1:
        yield (), f"needs exactly one of {listed(CONDITIONS)}, but has {listed(has) if has else 'none'}"
    if (claim.near is None) != (claim.tolerance is None):
        yield (), "'near' and 'tolerance' go together"
    if claim.notes:
        yield ("notes",), "needs 'finds'"
    if claim.by is not None and claim.better_than is None:
        yield ("by",), "'by' needs 'better_than'"
    yield from _exact_mistakes(claim)


def _mistakes_of_findings(claim: Claim) -> Iterator[Found]:
    own = "finds_none" if claim.finds is None else "finds"
    if claim.finds is not None and claim.finds_none:
        yield ("finds_none",), "a claim has 'finds' or 'finds_none', not both"
    if claim.finds_none and claim.notes:
        yield ("notes",), "is of 'finds'; 'finds_none' asks for alarms and warnings alone"
    if claim.metric:
        yield ("metric",), f"a claim has 'metric' or '{own}', not both"
    for key in NO_METRIC:
        if getattr(claim, key) not in {None, False}:
            yield (key,), f"is of metrics, and a claim with '{own}' takes {listed(SHARES, 'or')} of the share of seeds"
    has = [key for key in SHARES if getattr(claim, key) is not None]
    if len(has) > 1:
        yield (), f"takes at most one of {listed(SHARES)}, but has {listed(has)}"
    for key in has:
        bounds = claim.between if key == "between" else [getattr(claim, key)]
        if not all(0 <= bound <= 1 for bound in bounds or []):
            yield (key,), "is of a share of seeds, which lies from 0 to 1"


def finding_mistakes(claims: Mapping[int, Claim], candidates: Sequence[Candidate]) -> Iterator[Found]:
    """Claims on findings of variants whose layers are not measured."""
    for index, claim in claims.items():
        own = [one for one in candidates if one.variant == claim.variant]
        if claim.is_of_findings and own and not any(one.settings["probes"]["points"] for one in own):
            key = "finds_none" if claim.finds is None else "finds"
            yield ("claims", index, key), "needs probes.points, at how many points layers are measured"


def _exact_mistakes(claim: Claim) -> Iterator[Found]:
    if not claim.exact:
        return
    if claim.source != "theory":
        yield ("exact",), "only theory can say that a number is exact; another seed may contradict what was measured"
    if claim.every_seed:
        yield ("exact",), "already asks every seed; remove 'every_seed'"
    if claim.metric in ENSEMBLE:
        yield ("exact",), f"applies to trials, but '{claim.metric}' is a metric of ensembles"


def metrics_named(compare: Compare, claims: Mapping[int, Claim]) -> Iterator[tuple[KeyPath, str]]:
    """Every metric that the comparison and the claims name, and where."""
    for key in ("metric", "select"):
        if name := getattr(compare, key):
            yield ("compare", key), name
    if compare.solved:
        yield ("compare", "solved", "metric"), compare.solved.metric
    for index, name in enumerate(compare.columns or []):
        yield ("compare", "columns", index), name
    for index, claim in claims.items():
        if claim.metric:
            yield ("claims", index, "metric"), claim.metric


def without_steps(compare: Compare, claims: Mapping[int, Claim]) -> Iterator[tuple[KeyPath, str]]:
    """The same without the steps of columns."""
    return ((path, _with_step(path, name)[0]) for path, name in metrics_named(compare, claims))


def split_mistakes(compare: Compare, claims: Mapping[int, Claim], sources: Sequence[Source]) -> Iterator[Found]:
    """Metrics of validation data where no variant splits any off."""
    if sources and not any(source.validation for source in sources):
        for path, name in metrics_named(compare, claims):
            if "validation" in name:
                yield path, f"'{name}' needs data.validation, the number of samples to split off"


def end_mistakes(compare: Compare, claims: Mapping[int, Claim], end: int) -> Iterator[Found]:
    """Metrics that are known at the end alone, asked for at a step before `end`, the first of all trainings to end."""
    asked = [(path, *_with_step(path, name)) for path, name in metrics_named(compare, claims)]
    asked += [(("claims", i, "at_step"), claim.metric, claim.at_step) for i, claim in claims.items()]
    for path, metric, step in asked:
        if step is not None and step < end and metric.partition("@")[0] in AT_END:
            yield (
                path,
                f"'{metric}' is known only at the end of training, not at step {step:,}; remove the step",
            )


def class_mistakes(compare: Compare, claims: Mapping[int, Claim], sources: Sequence[Source]) -> Iterator[Found]:
    """Metrics of one class that no variant's data has."""
    known = dict.fromkeys(name for source in sources for name in source.names)
    for path, name in metrics_named(compare, claims):
        _, at, of_class = _with_step(path, name)[0].partition("@")
        if at and known and of_class not in known:
            close = hint(of_class, known, f"there are {few(list(known))}")
            yield path, f"the data has no class '{of_class}'{close}"


def _with_step(path: KeyPath, name: str) -> tuple[str, int | None]:
    """A metric with the step that a column gives it."""
    metric, step = split_step(name) if "columns" in path else (name, None)
    return metric, int(step) if step else None


def no_variant(name: str, variants: Sequence[str]) -> str:
    """That no variant is called so, with the likely meant."""
    return f"no variant is called '{name}'" + nearest(name, variants, "there are")
