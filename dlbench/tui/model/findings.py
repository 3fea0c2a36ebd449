"""What is wrong with a trial, in words: rules over its probes, looked at once each, however long the run is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.report.trial import Status
from dlbench.tui.charts.scale import number

if TYPE_CHECKING:
    from dlbench.report.trial_state import TrialState
    from dlbench.tui.model.view import View

Severity: TypeAlias = Literal["alarm", "warning"]
Probes: TypeAlias = dict[str, NDArray[np.float64]]
"""Measure -> its values `[probes, layers]`."""
Rule: TypeAlias = "Callable[[Probes, NDArray[np.bool_]], NDArray[np.bool_]]"
"""From probes, and which layers have weights, to where it holds, `[probes, layers]`."""

VANISHING = 1e-4
"""Gradient norm of the first layer over that of the last, below which the first hardly learns."""
EXPLODING = 1e4
"""The same the other way round."""
WILD = 0.5
"""A step that moves weights by this share of their norm forgets what was learnt."""
MOST = 0.9
"""The share of a layer's outputs from which on it is called dead or saturated."""
STILL = 1e-7
"""Weights in single precision that a step moves by a smaller share of their norm hardly change at all."""
FALLEN = 0.9
"""A loss above this share of what it was at first, or is by guessing, has not fallen."""
LASTING = 3
"""Probes in a row for which it must hold, where single ones mean nothing."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: in words, since which step, and the layers it is about, as rows of the probes."""

    severity: Severity
    text: str
    shorter: tuple[str, ...]
    """The same where there is less room, the shortest last."""
    since: int
    layers: tuple[int, ...] = ()


def findings(view: View, trial: int) -> list[Finding]:
    """What is wrong with a trial now, the worst first: how it ended, if not well, then what its probes tell."""
    state = view.state.trials[trial]
    watch = view.watches.get(trial)
    if watch is None:
        watch = view.watches[trial] = Watch(state)
    watch.update()
    found = watch.findings()
    if state.diverged_at is not None:
        return [_divergence(state, state.diverged_at), *(one for one in found if one.since < state.diverged_at)]
    return [*_ending(state), *found]


def _ending(state: TrialState) -> Iterator[Finding]:
    """That a trial came to an early end."""
    at = f"at step {state.step:,}"
    if state.status is Status.FAILED:
        text = f"failed {at}: {' '.join((state.error or 'no reason was given').split())}"
        yield Finding("alarm", text, (f"failed {at}",), state.step)
    elif state.status is Status.CRASHED:
        yield Finding("alarm", f"crashed {at}: its worker has gone without a word", (f"crashed {at}",), state.step)
    elif state.status is Status.DROPPED:
        yield Finding("warning", f"dropped {at}: it trains no further", (f"dropped {at}",), state.step)


def _divergence(state: TrialState, step: int) -> Finding:
    last = "" if state.last_loss is None else f", the last finite loss was {number(state.last_loss)}"
    text = f"diverged: the loss is NaN or infinite at step {step:,}{last}"
    return Finding("alarm", text, (f"diverged at step {step:,}",), step)


def _lost(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    lost: NDArray[np.bool_] = np.isnan(probes["gradient_norm"]) & weighted
    return lost


def _zero(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    zero: NDArray[np.bool_] = (probes["gradient_norm"] == 0) & weighted
    return zero


def _large(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    first, last = _ends(probes, weighted)
    return _at_the_first((last > 0) & (first > EXPLODING * last), weighted)


def _small(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    first, last = _ends(probes, weighted)
    return _at_the_first((first > 0) & (first < VANISHING * last), weighted)


def _ends(probes: Probes, weighted: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The gradient norms of the first and the last layer with weights, `[probes]` each."""
    norms = probes["gradient_norm"][:, weighted]
    return norms[:, 0], norms[:, -1]


def _at_the_first(holds: NDArray[np.bool_], weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = np.zeros((len(holds), len(weighted)), np.bool_)
    found[:, np.argmax(weighted)] = holds
    return found


def _wild(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wild: NDArray[np.bool_] = (probes["update_ratio"] > WILD) & weighted
    return wild


def _still(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All layers with weights, where none of them moves."""
    still: NDArray[np.bool_] = (probes["update_ratio"] < STILL) | ~weighted
    return still.all(axis=1, keepdims=True) & weighted


def _dead(probes: Probes, _: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hidden layers of one-sided activations, which have no saturated share."""
    dead: NDArray[np.bool_] = (probes["zero_share"] > MOST) & np.isnan(probes["saturated_share"])
    dead[:, -1:] = False
    return dead


def _saturated(probes: Probes, _: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hidden layers: an output layer that is sure of its answers is a good one."""
    saturated: NDArray[np.bool_] = probes["saturated_share"] > MOST
    saturated[:, -1:] = False
    return saturated


@dataclass(frozen=True)
class Law:
    """A rule with its words, in short up to their colon; they may name `layers`, the `first` and the `last` with weights, and two numbers.

    `gap` is the gradient norm of the first over that of the last, `percent` the largest `measure` of `layers`.
    """

    severity: Severity
    holds: Rule
    text: str
    measure: str
    lasting: int = 1


STUCK = Law("alarm", _still, "stuck: no layer moves, and the loss is no better than guessing", "update_ratio", LASTING)
VANISHED = Law("warning", _small, "vanishing gradient: {first}'s is {gap} of {last}'s", "gradient_norm")
LAWS = (
    Law("alarm", _lost, "NaN or infinity: the gradient of {layers} is no number", "gradient_norm"),
    Law("alarm", _zero, "zero gradient: {layers} {learn} nothing at all", "gradient_norm"),
    Law("alarm", _large, "exploding gradient: {first}'s is {gap} times {last}'s", "gradient_norm"),
    STUCK,
    VANISHED,
    Law(
        "warning",
        _wild,
        "steps too large: one moves {layers} by {percent} of its weights' norm",
        "update_ratio",
        LASTING,
    ),
    Law("warning", _dead, "dead units: {percent} of the outputs of {layers} are exactly zero", "zero_share"),
    Law("warning", _saturated, "saturated: {percent} of the outputs of {layers} are at their ends", "saturated_share"),
)
"""In the order in which they are told."""

MEASURES = ("gradient_norm", "update_ratio", "zero_share", "saturated_share")


class Watch:
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
        timeline, dropped = self._state.stack.probes, self._state.dropped_at
        if timeline.rewritten != self._rewritten:
            self._reset()
        steps = timeline.steps[self._done :]
        if dropped is not None:
            steps = [step for step in steps if step < dropped]
        weighted = np.array([layer.weight is not None for layer in self._state.layers], np.bool_)
        if not steps or not weighted.any() or "gradient_norm" not in timeline.fields:
            return
        probes = {name: self._fresh(name, len(steps)) for name in MEASURES}
        for law, streak in self._streaks.items():
            streak.go_on(steps, law.holds(probes, weighted))
        self._newest = {name: values[-1] for name, values in probes.items()}
        self._done += len(steps)

    def _fresh(self, name: str, count: int) -> NDArray[np.float64]:
        """The next probes of one measure, `[probes, layers]`; NaN where it was not measured."""
        series, layers = self._state.stack.probes.series(name), len(self._state.layers)
        if series is None or series.shape[2] != layers:
            return np.full((count, layers), np.nan)
        fresh: NDArray[np.float64] = series[self._done : self._done + count, self._state.position].astype(np.float64)
        return fresh

    def findings(self) -> list[Finding]:
        """What holds now."""
        found = []
        for law, streak in self._streaks.items():
            if streak.since is None or streak.count < law.lasting or (law is STUCK and self._has_learnt()):
                continue
            said, since = self._said(law, streak.layers), f"since step {streak.since:,}"
            forms = [f"{said}, {since}", f"{said.partition(':')[0]} {since}"]
            before = self._streaks[VANISHED].past
            if law is STUCK and before is not None:
                vanished = f"vanished from step {before[0]:,} to {before[1]:,}"
                forms = [f"{forms[0]}; its gradient had {vanished}", f"gradient {vanished}, {forms[1]}", forms[1]]
            found.append(Finding(law.severity, forms[0], tuple(forms[1:]), streak.since, streak.layers))
        return found

    def _has_learnt(self) -> bool:
        """Whether the loss on the training data has fallen below what guessing costs; a net of which it has may stand still."""
        series, classes = self._state.stack.metrics.series("train_loss"), self._state.classes
        if series is None:
            return True
        first, last = series[[0, -1], self._state.position]
        guessing = math.log(classes) if classes and classes > 1 else math.inf
        return not last > FALLEN * min(first, guessing)

    def _said(self, law: Law, layers: tuple[int, ...]) -> str:
        names = [layer.name for layer in self._state.layers]
        weighted = [row for row, layer in enumerate(self._state.layers) if layer.weight is not None]
        norms, values = self._newest["gradient_norm"], self._newest[law.measure][list(layers)]
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = float(norms[weighted[0]] / norms[weighted[-1]])
        return law.text.format(
            layers=_named(names, layers),
            learn="learn" if len(layers) > 1 else "learns",
            first=names[weighted[0]],
            last=names[weighted[-1]],
            gap=number(gap),
            percent=f"{100 * values.max():.0f} %",
        )


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


def _named(names: Sequence[str], layers: Sequence[int]) -> str:
    """Layers in words: one, two, or from the first to the last where they are in a row."""
    if 1 < len(layers) == len(names):
        return "all layers"
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        return f"{names[layers[0]]} to {names[layers[-1]]}"
    shown = [names[layer] for layer in layers[:3]]
    more = len(layers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
