"""A watch over one trial: the laws held against each of its probes once, however long the run is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.diagnosis.evidence import judged
from dlbench.analysis.diagnosis.rules import FALLEN, LASTING, LAWS, STUCK, VANISHED, Probes, Severity
from dlbench.metrics.chance import chance_of
from dlbench.state.trial_state import TrialState


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: in words, since which step, and the layers it is about, as rows of the probes."""

    severity: Severity
    text: str
    shorter: tuple[str, ...]
    """The same where there is less room, the shortest last."""
    since: int
    layers: tuple[int, ...] = ()


class TrialWatch:
    """The laws held against every probe of a trial, each probe once."""

    def __init__(self, state: TrialState) -> None:
        self._state = state
        self._reset()

    def _reset(self) -> None:
        self._rewritten = self._state.stack.probes.rewritten
        self._done = 0
        self._streaks = {law: _Streak() for law in LAWS}
        self._newest: Probes = {}

    def update(self) -> None:
        """Look at the probes that are new; at all again where older ones have changed."""
        timeline, idle = self._state.stack.probes, self._state.idle_from
        if timeline.rewritten != self._rewritten:
            self._reset()
        steps = timeline.steps[self._done :]
        if idle is not None:
            steps = [step for step in steps if step < idle]
        weighted = self._weighted
        if not steps or not weighted.any() or "gradient_norm" not in timeline.fields:
            return
        probes = judged(self._state, self._done, self._done + len(steps))
        for law, streak in self._streaks.items():
            streak.go_on(steps, law.holds(probes, weighted))
        self._newest = {name: values[-1] for name, values in probes.items()}
        self._done += len(steps)

    @property
    def _weighted(self) -> NDArray[np.bool_]:
        """Which rows of the probes have weights, `[layers]`."""
        return np.array([layer.weight is not None for layer in self._state.layers], np.bool_)

    def findings(self) -> list[Finding]:
        """What holds now."""
        found, names = [], [layer.name for layer in self._state.layers]
        for law, streak in self._streaks.items():
            if streak.since is None or streak.count < law.lasting or (law is STUCK and self._has_learnt()):
                continue
            said = law.said(streak.layers, names, self._weighted, self._newest)
            since = f"since step {streak.since:,}"
            forms = [f"{said}, {since}", f"{said.partition(':')[0]} {since}"]
            before = self._streaks[VANISHED].past
            if law is STUCK and before is not None:
                vanished = f"vanished from step {before[0]:,} to {before[1]:,}"
                forms = [f"{forms[0]}; its gradient had {vanished}", f"gradient {vanished}, {forms[1]}", forms[1]]
            found.append(Finding(law.severity, forms[0], tuple(forms[1:]), streak.since, streak.layers))
        return found

    def _has_learnt(self) -> bool:
        """Whether the loss on the training data has fallen below what guessing costs; a net of which it has may stand still."""
        series, chance = self._state.stack.metrics.series("train_loss"), chance_of(self._state)
        if series is None:
            return True
        first, last = series[[0, -1], self._state.position]
        return not last > FALLEN * min(first, math.inf if chance is None else chance.loss)


class _Streak:
    """Since when a rule has held without a break, for any layer, and how often; `layers` are those for which it holds now.

    `past` is from when to when it held before, if that lasted.
    """

    def __init__(self) -> None:
        self.since: int | None = None
        self.count = 0
        self.layers: tuple[int, ...] = ()
        self.past: tuple[int, int] | None = None
        self._last = 0

    def go_on(self, steps: Sequence[int], holds: NDArray[np.bool_]) -> None:
        anywhere = np.logical_or.reduce(holds, axis=1)
        edges = np.flatnonzero(np.diff(anywhere, prepend=self.since is not None)).tolist()
        for begin, end in zip([0, *edges], [*edges, len(steps)], strict=True):
            if end > begin:
                self._take(steps[begin:end], holds=bool(anywhere[begin]))
        self.layers = tuple(int(layer) for layer in np.flatnonzero(holds[-1]))

    def _take(self, steps: Sequence[int], *, holds: bool) -> None:
        """Steps at all of which the rule holds, or at none."""
        if holds:
            self.since = steps[0] if self.since is None else self.since
            self.count += len(steps)
            self._last = steps[-1]
            return
        if self.since is not None and self.count >= LASTING:
            self.past = (self.since, self._last)
        self.since, self.count = None, 0
