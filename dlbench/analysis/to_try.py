"""Which variants of a run are to be mended, and by which remedies: each of a finding's once, the worst finding's first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlbench.analysis.candidate_results import CandidateResults, candidate_results, selected, selection_metric
from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding, Remedy
from dlbench.analysis.diagnosis.remedies import remedies, remedy_names
from dlbench.analysis.diagnosis.rules.ending import OUTSIDE
from dlbench.errors import UsageError, hint
from dlbench.metrics.metric import METRICS
from dlbench.plan import candidate_text
from dlbench.plan.questions import Compare
from dlbench.state.run_state import RunState

ACCURACY_OF_RARE = "balanced_accuracy"
"""What is compared where classes are unequal: to guess the largest one is no accuracy that anybody wants."""
CHANGING_LOSS = ("train.loss", "train.class_weights")
"""Keys whose change makes losses that are no longer comparable."""


@dataclass(frozen=True)
class ProposedRemedy:
    """A remedy with the kinds of the findings that it is for, the worst first; none where it was asked for by its name."""

    remedy: Remedy
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class ToMend:
    """A candidate of a run with what is wrong with it, the worst first, and the remedies for that."""

    candidate: int
    name: str
    findings: tuple[Finding, ...]
    """One of each kind, that of the seed in which it began first."""
    proposed: tuple[ProposedRemedy, ...]


def to_mend(
    state: RunState,
    findings: Mapping[int, Sequence[Finding]],
    compare: Compare,
    variants: Sequence[str] = (),
    fixes: Sequence[str] = (),
) -> list[ToMend]:
    """The candidates of a run that have findings; of a search those alone that it picks.

    Without `variants` those with an alarm or a warning; of variants that are named notes count too. `fixes` are the names of the
    only remedies that are wanted, whether a finding proposes them or not. Raises UsageError where there is no such variant, or
    no such remedy.
    """
    by_variant = candidate_results(state)
    for asked, names, what in ((variants, list(by_variant), "variant"), (fixes, list(remedy_names()), "remedy")):
        for wrong in (name for name in asked if name not in names):
            raise UsageError(f"there is no {what} '{wrong}'{hint(wrong, names, 'there are ' + ', '.join(names))}")
    picked = [selected(own, selection_metric(compare)) for own in by_variant.values()]
    found = [_to_mend(state, one, findings, fixes) for one in picked if not variants or one.variant in variants]
    return [
        one
        for one in found
        if (variants and (one.findings or fixes)) or any(own.severity != "note" for own in one.findings)
    ]


def _to_mend(
    state: RunState, entry: CandidateResults, findings: Mapping[int, Sequence[Finding]], fixes: Sequence[str]
) -> ToMend:
    first: dict[str, Finding] = {}
    for trial in entry.trials:
        for one in findings.get(trial.index, ()):
            if one.kind not in OUTSIDE and (one.kind not in first or one.since < first[one.kind].since):
                first[one.kind] = one
    own = sorted(first.values(), key=lambda one: SEVERITIES.index(one.severity))
    candidate = state.plan.candidates[entry.index]
    proposed: dict[str, ProposedRemedy] = {}
    for one in own:
        for remedy in one.remedies:
            before = proposed.get(remedy.name)
            kinds = (*(before.kinds if before else ()), one.kind)
            proposed[remedy.name] = ProposedRemedy(before.remedy if before else remedy, kinds)
    if fixes:
        asked = {one.name: ProposedRemedy(one, ()) for one in remedies(fixes, candidate.settings, {})}
        proposed = {name: proposed.get(name) or asked[name] for name in fixes if name in proposed or name in asked}
    return ToMend(entry.index, candidate_text(candidate), tuple(own), tuple(proposed.values()))


def metric_to_try(state: RunState, compare: Compare, wanted: Sequence[ToMend]) -> str:
    """By which metric remedies are held against what they are to mend.

    That of the run's comparison, on the validation data where every candidate has some, since remedies are chosen by it. A loss
    gives way to what the task is judged by where a remedy changes what it measures, an accuracy to the mean of the classes' where
    these are unequal.
    """
    metric = compare.metric or "test_accuracy"
    keys = {key for one in wanted for own in one.proposed for key in own.remedy.set}
    if metric.endswith("_loss") and any(key.startswith(CHANGING_LOSS) for key in keys):
        split = metric.removesuffix("_loss")
        is_of_classes = all(
            state.plan.candidates[one.candidate].task == METRICS["test_accuracy"].task for one in wanted
        )
        metric = f"{split}_{'accuracy' if is_of_classes else 'rmse'}"
    if metric.endswith("_accuracy") and any(
        found.kind == "class-imbalance" for one in wanted for found in one.findings
    ):
        return ACCURACY_OF_RARE
    of_validation = metric.replace("test_", "validation_")
    has = all(state.plan.candidates[one.candidate].settings.get("data", {}).get("validation") for one in wanted)
    return of_validation if has and of_validation in METRICS else metric
