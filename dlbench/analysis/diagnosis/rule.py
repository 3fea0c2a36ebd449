"""What a rule is: a diagnosis with its formula, its thresholds and their source, and the words that tell it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

import numpy as np

from dlbench.analysis.diagnosis.aptness import Aptness, always
from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence, evidence_of, is_judged, size_of_input
from dlbench.analysis.diagnosis.finding import Finding, Remedy, Severity
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.analysis.diagnosis.streak import Streak

if TYPE_CHECKING:
    from dlbench.state.stack_state import StackState
    from dlbench.state.trial_state import TrialState


class PastStreak(NamedTuple):
    """From when to when a rule held before, and what it was then as part of a sentence, worked out when it is asked for."""

    since: int
    until: int
    clause: Callable[[], str]

    def __str__(self) -> str:
        return f"{self.clause()}, {_when(self.since, self.until)}"


def _when(since: int, until: int) -> str:
    return f"at step {since:,}" if since == until else f"from step {since:,} to {until:,}"


class Rule(ABC):
    """One diagnosis; its docstring says the formula, the thresholds and where they come from."""

    kind: ClassVar[str]
    """Of its findings, for programs; several rules may see one illness."""
    severity: ClassVar[Severity]
    because: ClassVar[str] = ""
    """Why it is so, and what it does to the training."""
    refuted_by: ClassVar[str] = ""
    """What one would see if it were not so."""
    remedies: ClassVar[tuple[str, ...]] = ()
    """Names of what may mend it (`dlbench.analysis.diagnosis.remedies`), the likeliest first."""
    is_apt: ClassVar[Aptness] = staticmethod(always)
    """Which of them may mend what was found, by when it began, its evidence and the recipe."""

    @abstractmethod
    def finds(self, trial: TrialState) -> list[Finding]:
        """What it finds in a trial as it stands."""

    def may_find(self, stack: StackState) -> bool:
        """Whether it may find anything in trials of a stack that stand as the stack does."""
        return True

    def mended(self, one: Finding, trial: TrialState) -> Finding:
        """The finding with what may mend it in this trial's recipe."""
        return replace(one, mend=partial(self._remedies, one, trial))

    def _remedies(self, one: Finding, trial: TrialState) -> tuple[Remedy, ...]:
        from dlbench.analysis.diagnosis.remedies import remedies  # a table tells none

        known = dict(one.evidence) | size_of_input(trial.facts)
        recipe = RecipeSettings(trial.settings, known)
        names = [name for name in self.remedies if self.is_apt(name, one, recipe)]
        return remedies(names, trial.settings, known)


class ProbeRule(Rule):
    """A rule that is held against every probe, and told of those layers for which it holds."""

    title: ClassVar[str]
    """What it is in a few words."""
    lasting: ClassVar[int] = 1
    """For how many probes in a row it must hold; those of one mean something of a single look, too."""
    is_remembered: ClassVar[bool] = False
    """Whether it is told of a run where it is over: whoever exploded once has lost what was learnt."""

    @abstractmethod
    def holds(self, probes: ProbeEvidence) -> Marks:
        """Where it holds, `[..., layers]`, whatever the axes before."""

    @abstractmethod
    def evidence(self, probe: ProbeEvidence, layers: Sequence[int]) -> Mapping[str, float]:
        """The numbers that tell it of some layers at one probe, whose measures are `[layers]`."""

    @abstractmethod
    def words(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """What is told behind its title, of layers at one probe and of what `evidence` has found there."""

    def clause(self, probe: ProbeEvidence, layers: Sequence[int], found: Mapping[str, float]) -> str:
        """The same as part of a sentence: `the gradient vanishes towards dense1, 2e-06 of output's`."""
        return f"there is {self.title}: {self.words(probe, layers, found)}"

    def applies(self, trial: TrialState) -> bool:
        """Whether it means anything in this trial as it stands."""
        return True

    def finding(
        self,
        probe: ProbeEvidence,
        layers: Sequence[int],
        since: int,
        until: int | None = None,
        past: Mapping[str, PastStreak] | None = None,
    ) -> Finding:
        """The finding of layers at one probe; `past` has from when to when other kinds held before, where that lasted."""
        found = self.evidence(probe, layers)
        says = f"{self.title}: {self.words(probe, layers, found)}"
        if until is None:
            told = self.told(says, since, past or {})
        else:
            told = (f"{says}, {_when(since, until)}", f"{self.title} {_when(since, until)}")

        def tell() -> str:
            clause = self.clause(probe, layers, found)
            return self.sentence(clause, since, past or {}) if until is None else f"{clause}, {_when(since, until)}"

        return Finding(
            self.kind,
            self.severity,
            says,
            told,
            since,
            until,
            tuple(layers),
            found,
            self.because,
            self.refuted_by,
            tell=tell,
        )

    def told(self, says: str, since: int, past: Mapping[str, PastStreak]) -> tuple[str, ...]:
        """What holds still in words with its time, ever shorter."""
        return f"{says}, since step {since:,}", f"{self.title} since step {since:,}"

    def sentence(self, clause: str, since: int, past: Mapping[str, PastStreak]) -> str:
        """What holds still as part of a sentence with its time."""
        return f"{clause}, since step {since:,}"

    def finds(self, trial: TrialState) -> list[Finding]:
        """What it finds in a trial by itself."""
        return ProbeHistory(trial, [self]).findings()


class ProbeHistory:
    """Rules held against each probe of a trial once, however long the run is and however often one looks."""

    def __init__(self, trial: TrialState, rules: Sequence[ProbeRule], marks: Sequence[Marks] | None = None) -> None:
        """`marks` are where each rule holds, `[probes, layers]`, where that is known of all probes so far."""
        self._trial, self._rules = trial, rules
        self._reset()
        if marks is not None:
            steps = self._new_steps()
            self._take(steps, [own[: len(steps)] for own in marks])

    def _reset(self) -> None:
        self._rewritten = self._trial.stack.probes.rewritten
        self._done = 0
        self._streaks = [Streak() for _ in self._rules]

    def findings(self) -> list[Finding]:
        """What holds now, and what is over but remembered, in the order of the rules."""
        if not self._rules:
            return []
        self._update()
        pairs = list(zip(self._rules, self._streaks, strict=True))
        past = {
            rule.kind: PastStreak(*streak.past, partial(self._clause_at, rule, streak.past[0]))
            for rule, streak in pairs
            if streak.past
        }
        found = [(rule, self._finding(rule, streak, past)) for rule, streak in pairs]
        return [rule.mended(one, self._trial) for rule, one in found if one is not None]

    def _update(self) -> None:
        """Look at the probes that are new; at all again where older ones have changed."""
        if self._trial.stack.probes.rewritten != self._rewritten:
            self._reset()
        steps = self._new_steps()
        if steps and is_judged(self._trial):
            probes = evidence_of(self._trial, self._done, self._done + len(steps))
            self._take(steps, [rule.holds(probes) for rule in self._rules])

    def _new_steps(self) -> list[int]:
        steps, idle = self._trial.stack.probes.steps[self._done :], self._trial.idle_from
        return steps if idle is None else [step for step in steps if step < idle]

    def _take(self, steps: Sequence[int], marks: Sequence[Marks]) -> None:
        if steps:
            for streak, own in zip(self._streaks, marks, strict=True):
                streak.go_on(steps, self._done, own)
            self._done += len(steps)

    def _finding(self, rule: ProbeRule, streak: Streak, past: dict[str, PastStreak]) -> Finding | None:
        if streak.since is not None and streak.count >= rule.lasting:
            if not rule.applies(self._trial):
                return None
            return rule.finding(self._probe(self._done - 1), streak.layers, streak.since, past=past)
        if not rule.is_remembered or streak.first is None:
            return None
        index, since, until = streak.first
        probe = self._probe(index)
        return rule.finding(probe, np.flatnonzero(rule.holds(probe)).tolist(), since, until)

    def _clause_at(self, rule: ProbeRule, step: int) -> str:
        probe = self._probe(bisect_left(self._trial.probe_steps, step))
        layers = np.flatnonzero(rule.holds(probe)).tolist()
        return rule.clause(probe, layers, rule.evidence(probe, layers))

    def _probe(self, index: int) -> ProbeEvidence:
        """What one probe tells."""
        return evidence_of(self._trial, index, index + 1).at(0)


RULES: list[Rule] = []
"""All rules, in the order in which they are told."""

R = TypeVar("R", bound=type[Rule])


def rule(kind: R) -> R:
    """Register the decorated class as a rule."""
    RULES.append(kind())
    return kind
