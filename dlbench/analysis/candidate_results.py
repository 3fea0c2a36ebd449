"""Candidates with their trials, and which of a variant's candidates the search picks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlbench.metrics.catalog import DEFAULT_METRIC, METRICS, Metric, has_end
from dlbench.metrics.metric import is_known, split_step
from dlbench.metrics.trial_view import LOST, Status
from dlbench.plan.questions import Compare
from dlbench.state.run_state import RunState
from dlbench.state.trial_columns import TrialColumns, by_stack
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim, Compare


@dataclass(frozen=True)
class CandidateResults:
    """One candidate with its trials, one a seed, in the order of the plan.

    What it has told once it tells again: of a state that has gone on new ones are made.
    """

    variant: str
    choice: Mapping[str, Any]
    trials: tuple[TrialState, ...]
    index: int = 0
    """Its place in the plan."""

    @cached_property
    def _columns(self) -> list[TrialColumns]:
        return by_stack(self.trials)

    @cached_property
    def _values(self) -> dict[tuple[int, int | None], tuple[Metric, dict[int, float]]]:
        return {}

    def values(self, metric: Metric, at_step: int | None = None) -> Mapping[int, float]:
        """Seed -> value of the metric, for the trials that have one; none at a step that training never reaches."""
        key = id(metric), at_step  # what it computes may be no key; beside the values it stays what has this id
        if key not in self._values:
            found = {
                trial.plan.seed: value
                for some in self._columns
                if at_step is None or at_step <= some.trials[0].stack.steps
                for trial, value in zip(some.trials, metric.values(some, at_step), strict=True)
                if value is not None
            }
            self._values[key] = metric, found
        return self._values[key][1]

    def never(self, metric: Metric, at_step: int | None = None) -> dict[int, float]:
        """Seed -> the steps it trained, for the trials to which what the metric times did not happen in them; else none."""
        if not metric.may_never:
            return {}
        known = self.values(metric, at_step)

        def steps(trial: TrialState) -> int | None:
            if not (is_settled(trial, at_step) and has_end(trial, at_step)):
                return None
            return trial.stack.steps if at_step is None else at_step

        return {
            trial.plan.seed: float(trained)
            for some in self._columns
            for trial, trained in zip(some.trials, some.told(steps).tolist(), strict=True)
            if trained >= 0 and trial.plan.seed not in known
        }

    @cached_property
    def counts(self) -> Counter[Status]:
        """How many of its trials stand where."""
        return Counter([status for some in self._columns for status in some.statuses])


def is_settled(trial: TrialState, at_step: int | None = None) -> bool:
    """Whether the trial's number at that point will not change any more; a step that training never reaches has none."""
    if at_step is not None and at_step > trial.stack.steps:
        return False
    return trial.status.final or (at_step is not None and trial.step > at_step)


def candidate_results(state: RunState) -> dict[str, list[CandidateResults]]:
    """Every variant with its candidates, both in the order of the plan."""
    trials: dict[int, list[TrialState]] = {}
    for trial in state.trials:
        trials.setdefault(trial.plan.candidate, []).append(trial)
    found: dict[str, list[CandidateResults]] = {}
    for index, candidate in enumerate(state.plan.candidates):
        entry = CandidateResults(candidate.variant, candidate.choice, tuple(trials.get(index, ())), index)
        found.setdefault(candidate.variant, []).append(entry)
    return found


def candidates_of(
    variant: str, choice: Mapping[str, Any] | None, by_variant: Mapping[str, list[CandidateResults]]
) -> list[CandidateResults]:
    """A variant's candidates that have these choices, all of them without any."""
    return [entry for entry in by_variant.get(variant, []) if (choice or {}).items() <= entry.choice.items()]


def trials_of(
    claim: Claim, by_variant: Mapping[str, list[CandidateResults]], compare: Compare
) -> tuple[TrialState, ...]:
    """The trials of the variant that a claim is about, of a search those of its best choice."""
    return selected(candidates_of(claim.variant, claim.choice, by_variant), selection_metric(compare)).trials


def selected(candidates: list[CandidateResults], metric: Metric) -> CandidateResults:
    """The candidate that the search picks: the best mean of `metric`.

    A candidate of which seeds diverged, failed or were dropped loses against any with fewer such seeds: a mean over the
    survivors would favour it.
    """
    sign = -1 if metric.better == "higher" else 1

    def rank(entry: CandidateResults) -> tuple[int, float]:
        counts, values = entry.counts, list(entry.values(metric).values())
        lost = sum(counts[status] for status in LOST)
        return lost, sign * math.fsum(values) / len(values) if values else math.inf

    return min(candidates, key=rank)


def deciding_metric(compare: Compare) -> Metric:
    """The metric by which variants are compared."""
    return METRICS[compare.metric or DEFAULT_METRIC]


def selection_metric(compare: Compare) -> Metric:
    """The metric by which a search picks."""
    return METRICS[compare.select] if compare.select else deciding_metric(compare)


def unknown_text(name: str) -> str:
    """What is said of a metric that is not there."""
    return f"no metric is called '{name}' here; if a file of parts defines it, pass that file with --parts"


def known_part(compare: Compare) -> tuple[Compare, list[str]]:
    """The comparison without what is not known here, and what that is, in words."""
    columns = compare.columns or []
    lacking = [column for column in columns if not is_known(split_step(column)[0])]
    named = {"metric": compare.metric, "select": compare.select}
    unknown = {key: name for key, name in named.items() if name is not None and not is_known(name)}
    if not (lacking or unknown):
        return compare, []
    kept = [column for column in columns if column not in lacking]
    names = dict.fromkeys([*unknown.values(), *(split_step(column)[0] for column in lacking)])
    without = replace(compare, columns=kept or None, **dict.fromkeys(unknown))
    return without, [unknown_text(name) for name in names]
