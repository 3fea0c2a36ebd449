"""Trials held against all rules: one, again and again while it trains, or every one of a run at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from dlbench.analysis.diagnosis.evidence import evidence_of_several, is_judged
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.rule import ProbeHistory, ProbeRule, Rule
from dlbench.analysis.diagnosis.rules import RULES, probe_rules
from dlbench.state.run_state import RunState
from dlbench.state.stack_state import StackState
from dlbench.state.trial_state import TrialState

AT_ONCE = 128
"""Trials whose probes are looked at together: many enough for numpy, few enough for the memory."""


class Diagnosis:
    """One trial held against rules, each of its probes once, however often it is asked."""

    def __init__(self, trial: TrialState, rules: list[Rule] | None = None) -> None:
        """Without `rules`, all that there are."""
        self._trial = trial
        rules = RULES if rules is None else rules
        self._others = [rule for rule in rules if not isinstance(rule, ProbeRule)]
        self._history = ProbeHistory(trial, [rule for rule in rules if isinstance(rule, ProbeRule)])

    def findings(self) -> list[Finding]:
        """What is wrong: how it ended, if not well, then what its probes tell; past things only where they are remembered.

        Of a trial that diverged only what led to it.
        """
        ends = [found for rule in self._others for found in rule.finds(self._trial)]
        found, diverged = self._history.findings(), self._trial.diverged_at
        return [*ends, *(one for one in found if diverged is None or one.since < diverged)]

    def now(self) -> list[Finding]:
        """Those that hold still."""
        return [one for one in self.findings() if one.until is None]


def diagnose(state: RunState, stacks: Sequence[StackState] | None = None) -> dict[int, list[Finding]]:
    """What is wrong with each trial of some stacks, without them of all, by its index in the plan; only where there is something.

    All trials of a stack are looked at together, and one by one only those, and by those rules, where anything holds.
    """
    found = {}
    for stack in state.stacks if stacks is None else stacks:
        trials = iter([state.trials[index] for index in stack.plan.trials])
        while some := list(islice(trials, AT_ONCE)):
            for trial, rules in _suspected(some):
                if own := Diagnosis(trial, rules).findings():
                    found[trial.index] = own
    return dict(sorted(found.items()))


def _suspected(trials: list[TrialState]) -> Iterator[tuple[TrialState, list[Rule]]]:
    """The trials of one stack, each with the rules that may find anything in it."""
    others = [rule for rule in RULES if not isinstance(rule, ProbeRule)]
    if not is_judged(trials[0]):
        yield from ((trial, others) for trial in trials)
        return
    probes = evidence_of_several(trials)
    holds = {rule: np.logical_or.reduce(rule.holds(probes), axis=(0, 2)) for rule in probe_rules()}
    for place, trial in enumerate(trials):
        yield trial, [rule for rule in RULES if not isinstance(rule, ProbeRule) or holds[rule][place]]
