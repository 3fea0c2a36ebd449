"""Trials held against all rules: one, again and again while it trains, or every one of a run at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

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


class Diagnosis:
    """One trial held against rules, each of its probes once, however often it is asked."""

    def __init__(
        self, trial: TrialState, rules: list[Rule] | None = None, outcome: TrainingOutcome | None = None
    ) -> None:
        """Without `rules`, all that there are; `outcome` is what its whole training has come to, where that is known already."""
        self.trial = trial
        rules = RULES if rules is None else rules
        self._others = [rule for rule in rules if not isinstance(rule, ProbeRule | TrainingRule)]
        self._of_training = [rule for rule in rules if isinstance(rule, TrainingRule)]
        self._history = ProbeHistory(trial, [rule for rule in rules if isinstance(rule, ProbeRule)])
        self._outcome, self._is_given = outcome or TrainingOutcome(), outcome is not None
        self._seen: object = None
        self._told: list[Finding] = []

    def findings(self) -> list[Finding]:
        """What is wrong: how it ended, if not well, then what its probes and its whole training tell, symptoms under their causes.

        Of a trial that diverged only what led to it. Past things are told only where they are remembered. Looked up again only
        where there is anything new: a dashboard asks with every frame.
        """
        if self._is_given or self._has_new():
            self._told = self._found()
        return self._told

    def _found(self) -> list[Finding]:
        ends = [found for rule in self._others for found in rule.finds(self.trial)]
        found, diverged = self._history.findings(), self.trial.diverged_at
        before = [one for one in found if diverged is None or one.since < diverged]
        if not self._is_given:
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
        rules = self._of_training
        if self.trial.status is not Status.OK and self.trial.diverged_at is None:
            rules = [rule for rule in rules if not rule.waits_for_end]
        (found,) = outcomes(TrainingEvidence([self.trial]), rules)
        return found


@dataclass(frozen=True)
class TrainingOutcome:
    """What a whole training has come to: what rules found in it, and whether it has ended and learned well."""

    found: Sequence[Finding] = ()
    is_good: bool = False


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
    for stack in state.stacks if stacks is None else stacks:
        trials = iter([state.trials[index] for index in stack.plan.trials])
        while some := list(islice(trials, AT_ONCE)):
            for diagnosis in _diagnoses(some):
                if own := diagnosis.findings():
                    found[diagnosis.trial.index] = own
    return dict(sorted(found.items()))


def _diagnoses(trials: list[TrialState]) -> Iterator[Diagnosis]:
    """The trials of one stack, each with the rules that may find anything in it."""
    training = TrainingEvidence(trials)
    holds = {}
    if training.has_probes:
        probes = training.probes
        holds = {rule: np.logical_or.reduce(rule.holds(probes), axis=(0, 2)) for rule in probe_rules()}
    others = [rule for rule in RULES if not isinstance(rule, ProbeRule | TrainingRule)]
    for place, (trial, outcome) in enumerate(zip(trials, outcomes(training, training_rules()), strict=True)):
        yield Diagnosis(trial, [*others, *(rule for rule in holds if holds[rule][place])], outcome)
