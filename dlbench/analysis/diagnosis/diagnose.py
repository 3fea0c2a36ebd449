"""Trials held against all rules: one, again and again while it trains, or every one of a run at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.folding import folded
from dlbench.analysis.diagnosis.rule import ProbeHistory, ProbeRule, Rule
from dlbench.analysis.diagnosis.rules import RULES, TrainingRule, probe_rules, training_rules
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.metrics.trial_view import Status
from dlbench.state.run_state import RunState
from dlbench.state.stack_state import StackState
from dlbench.state.trial_state import TrialState

AT_ONCE = 128
"""Trials whose probes are looked at together: many enough for numpy, few enough for the memory."""


@dataclass(frozen=True)
class RuleSets:
    """Rules by what they are held against: probes, whole trainings, or a trial as it stands."""

    of_probes: Sequence[ProbeRule]
    of_training: Sequence[TrainingRule]
    others: Sequence[Rule]

    @classmethod
    def all(cls) -> RuleSets:
        """All that there are."""
        others = [rule for rule in RULES if not isinstance(rule, ProbeRule | TrainingRule)]
        return cls(probe_rules(), training_rules(), others)


class Diagnosis:
    """One trial held against rules, each of its probes once, however often it is asked."""

    def __init__(self, trial: TrialState, rules: RuleSets | None = None, known: Known | None = None) -> None:
        """Without `rules`, all that there are; `known` is what they tell of the trial so far."""
        self.trial, self._known = trial, known
        self._rules = RuleSets.all() if rules is None else rules
        self._history = ProbeHistory(trial, self._rules.of_probes, None if known is None else known.marks)
        self._outcome = TrainingOutcome() if known is None else known.outcome
        self._seen: object = None
        self._told: list[Finding] = []

    def findings(self) -> list[Finding]:
        """What is wrong: how it ended, if not well, then what its probes and its whole training tell, symptoms under their causes.

        Of a trial that diverged only what led to it. Past things are told only where they are remembered. Looked up again only
        where there is anything new: a dashboard asks with every frame.
        """
        if self._known is not None or self._has_new():
            self._told = self._found()
        return self._told

    def _found(self) -> list[Finding]:
        ends = [found for rule in self._rules.others for found in rule.finds(self.trial)]
        found, diverged = self._history.findings(), self.trial.diverged_at
        before = [one for one in found if diverged is None or one.since < diverged]
        if self._known is None:
            self._outcome = self._outcome_now()
        begun = {one.kind for one in self._outcome.found if one.since == 0}
        return folded([*ends, *before, *self._outcome.found], begun, is_good=self._outcome.is_good)

    def now(self) -> list[Finding]:
        """Those that hold still."""
        return [one for one in self.findings() if one.until is None]

    def _has_new(self) -> bool:
        trial, stack = self.trial, self.trial.stack
        seen = (
            len(stack.metrics), len(stack.probes), stack.metrics.rewritten, stack.probes.rewritten, trial.status, trial.error,
            trial.step if trial.status.final else None, trial.idle_from, stack.confusion is None, trial.facts is None,
        )  # fmt: skip
        is_new, self._seen = seen != self._seen, seen
        return is_new

    def _outcome_now(self) -> TrainingOutcome:
        """Hold the rules against the whole training; of one that goes on, those alone that do not wait for its end."""
        rules = self._rules.of_training
        if self.trial.status is not Status.OK and self.trial.diverged_at is None:
            rules = [rule for rule in rules if not rule.waits_for_end]
        (found,) = outcomes(TrainingEvidence([self.trial]), rules)
        return found


@dataclass(frozen=True)
class TrainingOutcome:
    """What a whole training has come to: what rules found in it, and whether it has ended and learned well."""

    found: Sequence[Finding] = ()
    is_good: bool = False


class Known(NamedTuple):
    """What of a trial is known of all its stack's: what its training has come to, and where rules hold in its probes.

    `marks` are `[probes, layers]` each.
    """

    outcome: TrainingOutcome
    marks: Sequence[Marks]


def outcomes(training: TrainingEvidence, rules: Sequence[TrainingRule]) -> list[TrainingOutcome]:
    """The outcome of each of some trials, found together."""
    found: list[list[Finding]] = [[] for _ in training.trials]
    for rule in rules:
        for place, one in rule.found_in(training):
            found[place].append(one)
    is_good = training.ended & training.is_good if training.ended.any() else training.ended
    return [TrainingOutcome(own, good) for own, good in zip(found, is_good.tolist(), strict=True)]


def diagnose(state: RunState, stacks: Sequence[StackState] | None = None) -> dict[int, list[Finding]]:
    """What is wrong with each trial of some stacks, without them of all, by its index in the plan; only where there is something.

    All trials of a stack are looked at together; one by one their probes alone, by those rules that hold somewhere in them.
    """
    found = {}
    rules = RuleSets.all()
    for stack in state.stacks if stacks is None else stacks:
        trials = iter([state.trials[index] for index in stack.plan.trials])
        while some := list(islice(trials, AT_ONCE)):
            for diagnosis in _diagnoses(some, rules):
                if own := diagnosis.findings():
                    found[diagnosis.trial.index] = own
    return dict(sorted(found.items()))


class RunFindings(Mapping[int, Sequence[Finding]]):
    """What is wrong with each trial of a state, as `diagnose` has it, found when it is first asked for: few exports tell it."""

    def __init__(self, state: RunState) -> None:
        self._state = state

    @cached_property
    def _found(self) -> dict[int, list[Finding]]:
        return diagnose(self._state)

    def __getitem__(self, trial: int) -> Sequence[Finding]:
        return self._found[trial]

    def __iter__(self) -> Iterator[int]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _diagnoses(trials: list[TrialState], rules: RuleSets) -> Iterator[Diagnosis]:
    """The trials of one stack, each with the rules that may find anything in it."""
    training, stack = TrainingEvidence(trials), trials[0].stack
    holds = {rule: rule.holds(training.probes) for rule in rules.of_probes} if training.has_probes else {}
    telling = _telling(training, holds)
    of_stack = [rule for rule in rules.others if rule.may_find(stack)]
    for place, (trial, outcome) in enumerate(zip(trials, outcomes(training, rules.of_training), strict=True)):
        own, others = telling[place], rules.others if stack.is_marked(trial.position) else of_stack
        if own or others or outcome.found:
            known = Known(outcome, [holds[rule][:, place] for rule in own])
            yield Diagnosis(trial, RuleSets(own, (), others), known)


def _telling(training: TrainingEvidence, holds: Mapping[ProbeRule, Marks]) -> list[list[ProbeRule]]:
    """Of each trial the rules that hold anywhere in its probes, where any of them holds still or is remembered.

    Where none does there is nothing to tell, not even of what is over.
    """
    found: list[list[ProbeRule]] = [[] for _ in training.trials]
    is_telling = np.zeros(len(training.trials), np.bool_)
    count = [bisect_left(training.stack.probes.steps, idle) for idle in training.idle.tolist()]
    last = np.maximum(np.array(count) - 1, 0)
    for rule, marks in holds.items():
        anywhere = np.logical_or.reduce(marks, axis=2)
        ever = np.logical_or.reduce(anywhere, axis=0)
        is_telling |= ever if rule.is_remembered else anywhere[last, np.arange(len(last))]
        for place in np.flatnonzero(ever).tolist():
            found[place].append(rule)
    return [own if tells else [] for own, tells in zip(found, is_telling.tolist(), strict=True)]
