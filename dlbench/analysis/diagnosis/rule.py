"""What a rule is: a diagnosis with its formula, its thresholds and their source, and the words that tell it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks, ProbeEvidence, evidence_of, is_judged
from dlbench.analysis.diagnosis.finding import Finding, Severity
from dlbench.analysis.diagnosis.streak import Streak

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState


class Rule(ABC):
    """One diagnosis; its docstring says the formula, the thresholds and where they come from."""

    kind: ClassVar[str]
    """Of its findings, for programs; several rules may see one illness."""
    severity: ClassVar[Severity]

    @abstractmethod
    def finds(self, trial: TrialState) -> list[Finding]:
        """What it finds in a trial as it stands."""


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

    def applies(self, trial: TrialState) -> bool:
        """Whether it means anything in this trial as it stands."""
        return True

    def finding(
        self,
        probe: ProbeEvidence,
        layers: Sequence[int],
        since: int,
        until: int | None = None,
        past: Mapping[str, tuple[int, int]] | None = None,
    ) -> Finding:
        """The finding of layers at one probe; `past` has from when to when other kinds held before, where that lasted."""
        found = self.evidence(probe, layers)
        says = f"{self.title}: {self.words(probe, layers, found)}"
        told = self.told(says, since, past or {}) if until is None else self._over(says, since, until)
        return Finding(self.kind, self.severity, says, told, since, until, tuple(layers), found)

    def told(self, says: str, since: int, past: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
        """What holds still in words with its time, ever shorter."""
        return f"{says}, since step {since:,}", f"{self.title} since step {since:,}"

    def _over(self, says: str, since: int, until: int) -> tuple[str, ...]:
        when = f"at step {since:,}" if since == until else f"from step {since:,} to {until:,}"
        return f"{says}, {when}", f"{self.title} {when}"

    def finds(self, trial: TrialState) -> list[Finding]:
        """What it finds in a trial by itself."""
        return ProbeHistory(trial, [self]).findings()


class ProbeHistory:
    """Rules held against each probe of a trial once, however long the run is and however often one looks."""

    def __init__(self, trial: TrialState, rules: Sequence[ProbeRule]) -> None:
        self._trial, self._rules = trial, rules
        self._reset()

    def _reset(self) -> None:
        self._rewritten = self._trial.stack.probes.rewritten
        self._done = 0
        self._streaks = [Streak() for _ in self._rules]

    def findings(self) -> list[Finding]:
        """What holds now, and what is over but remembered, in the order of the rules."""
        self._update()
        past = {rule.kind: streak.past for rule, streak in zip(self._rules, self._streaks, strict=True) if streak.past}
        found = [self._finding(rule, streak, past) for rule, streak in zip(self._rules, self._streaks, strict=True)]
        return [one for one in found if one is not None]

    def _update(self) -> None:
        """Look at the probes that are new; at all again where older ones have changed."""
        timeline, idle = self._trial.stack.probes, self._trial.idle_from
        if timeline.rewritten != self._rewritten:
            self._reset()
        steps = timeline.steps[self._done :]
        if idle is not None:
            steps = [step for step in steps if step < idle]
        if not steps or not is_judged(self._trial):
            return
        probes = evidence_of(self._trial, self._done, self._done + len(steps))
        for rule, streak in zip(self._rules, self._streaks, strict=True):
            streak.go_on(steps, self._done, rule.holds(probes))
        self._done += len(steps)

    def _finding(self, rule: ProbeRule, streak: Streak, past: dict[str, tuple[int, int]]) -> Finding | None:
        if streak.since is not None and streak.count >= rule.lasting:
            if not rule.applies(self._trial):
                return None
            return rule.finding(self._probe(self._done - 1), streak.layers, streak.since, past=past)
        if not rule.is_remembered or streak.first is None:
            return None
        index, since, until = streak.first
        probe = self._probe(index)
        return rule.finding(probe, np.flatnonzero(rule.holds(probe)).tolist(), since, until)

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
