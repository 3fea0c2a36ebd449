"""What the bars say: how the run stands, and the numbers under the cursor, in words."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from rich.cells import cell_len

from dlbench.analysis.diagnosis.finding import Finding
from dlbench.measures.catalog import MEASURES
from dlbench.metrics.trial_view import Status
from dlbench.state.pretraining import Stand
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import squeezed
from dlbench.tui.model.rows import layer_of
from dlbench.tui.model.series import broken_layers, lacks_gradient, layer_values, probe_step
from dlbench.tui.model.trials import name_of
from dlbench.tui.model.view import View
from dlbench.words.number_format import number, percent

Piece: TypeAlias = tuple[str, int]
"""A text and its ink."""

SEPARATOR = " · "
ALONGSIDE = ("gradient_norm", "update_ratio", "zero_fraction", "saturated_fraction")
"""Told of a layer beside the focus's measure."""
SHORTEST_NAME = 3
"""Cells of a layer's name that stay."""
BADGES = {
    "running": ("LIVE", Ink.GOOD),
    "done": ("DONE", Ink.GOOD),
    "stopped": ("STOPPED", Ink.MARK),
    "failed": ("FAILED", Ink.ALARM),
    "crashed": ("CRASHED", Ink.ALARM),
    "empty": ("NEVER STARTED", Ink.FAINT),
}
"""How a run stands (`dlbench.launch.status.State`) in a word."""


@dataclass(frozen=True)
class Facts:
    """What the status bar tells of the run and of the focus's trial; `None` where it is not known."""

    recipe: str
    badge: Piece
    trial: str
    """The focus's trial by name."""
    trials: Counter[Status]
    """How many trials stand where."""
    step: int
    steps: int | None
    """`None` where nobody knows how many there will be."""
    pretrains: Stand | None
    """How far its pre-training is, while that is under way."""
    share: float | None
    """Of the trial's steps, or of its pre-training, 0 to 1; `None` where nobody knows."""
    progress: float
    """Of the whole run's work, 0 to 1."""
    rate: float | None
    """Steps a second of the trial's stack."""
    eta: float | None
    """Seconds left of the trial's stack."""
    seconds: float | None
    """Training time of the trial's stack."""
    device: str | None
    memory: int | None
    """Bytes of the stack's process, on a GPU those allocated there."""
    probe_cost: float | None
    """The probes' share of the time."""
    findings: list[Finding]
    to_come: int | None = None
    """How many trials a `dlbench repeat` has still to begin."""


def facts(view: View) -> Facts:
    """What there is to tell now."""
    trial = view.state.trials[view.focus.trial]
    stack, steps = trial.stack, trial.stack.plan.steps or None
    return Facts(
        recipe=view.info.plan.recipe,
        badge=badge(view),
        trial=name_of(trial.plan),
        trials=Counter(each.status for each in view.state.trials),
        step=trial.step,
        steps=steps,
        pretrains=stack.pretrains,
        share=stack.pretrains.progress if stack.pretrains else steps and min(trial.step / steps, 1.0),
        progress=view.state.progress,
        rate=stack.rate if stack.status is Status.RUNNING else None,
        eta=stack.eta,
        seconds=stack.seconds,
        device=stack.worker.device if stack.worker else None,
        memory=stack.memory if stack.status is Status.RUNNING else None,
        probe_cost=stack.probe_cost,
        findings=view.findings(view.focus.trial),
        to_come=view.to_come,
    )


def badge(view: View) -> Piece:
    """How the run stands in a word."""
    if view.loading is not None:
        return f"LOADING {100 * view.loading:.0f} %", Ink.FAINT
    if view.playback is not None:
        return "REPLAY", Ink.MARK
    return BADGES[view.status] if view.status != "running" else _of_stacks(view)


def _of_stacks(view: View) -> Piece:
    """A run whose processes are there, or were when they were last looked at."""
    stacks = view.state.stacks
    running = [stack for stack in stacks if stack.status is Status.RUNNING]
    if running and all(stack.paused for stack in running):
        return "PAUSED", Ink.MARK
    if all(stack.status is Status.WAITING for stack in stacks):
        return "STARTING", Ink.FAINT
    is_done = view.to_come is None and all(stack.status is Status.OK for stack in stacks)
    return BADGES["done" if is_done else "running"]


def cursor_line(view: View, width: int | None = None) -> list[Piece]:
    """The cursor in words, then what is wrong with the trial.

    `dense2 · step 1,212 · gradient norm 3.1e-03 · update/weight 8.7e-04 · 12 % exact zeros · vanishing gradient: ...`

    To fit into `width` cells, other findings go first, then other numbers, then the worst finding gets shorter, then there is no
    more than the layer, and its name gets shorter. The words of the worst finding stay.
    """
    place, alongside = cursor_words(view)
    found = view.findings(view.focus.trial)
    wrong: list[Piece] = [(finding.text, Ink.ALARM) for finding in found]
    shorter = list(found[0].shorter) if found else []
    while width is not None and _width(place, alongside, wrong) > width:
        if wrong[1:] or alongside:
            (wrong if wrong[1:] else alongside).pop()
        elif shorter:
            wrong = [(shorter.pop(0), Ink.ALARM)]
        elif place[1:]:
            place.pop()
        else:
            place = _squeezed(place, width - _width([], wrong) - len(SEPARATOR) * len(wrong))
            break
    told = [*place, *alongside, *wrong]
    return [piece for each in told for piece in ((SEPARATOR, Ink.FAINT), each)][1:]


def cursor_words(view: View) -> tuple[list[Piece], list[Piece]]:
    """Layer, step and the focus's measure under the cursor; and what else is measured there."""
    trial, step = view.focus.trial, probe_step(view, view.focus.trial)
    layers = view.state.trials[trial].layers
    if step is None or not layers:
        return [], []
    row = layer_of(view, trial)
    shown = view.focus.measure
    place: list[Piece] = [(layers[row].name, Ink.STRONG), (f"step {step:,}", Ink.PLAIN)]
    value = float(layer_values(view, trial, shown, step)[row])
    is_broken = np.isnan(value) and broken_layers(view, trial, shown, step)[row]
    text = measured(shown, math.inf if is_broken else value)
    if np.isnan(value) and MEASURES[shown].of == "weights" and lacks_gradient(view, trial, step, row):
        text = "no gradient in this step"
    place.append((text, Ink.ALARM if is_broken else Ink.STRONG))
    values = {name: float(layer_values(view, trial, name, step)[row]) for name in ALONGSIDE if name != shown}
    return place, [(measured(name, value), Ink.PLAIN) for name, value in values.items() if np.isfinite(value)]


def measured(measure: str, value: float) -> str:
    """A measure's value in words: `gradient norm 3.1e-03`, `12 % exact zeros`; NaN: the layer has none; infinity: not a number."""
    shown = MEASURES[measure]
    if np.isnan(value):
        return f"{shown.title}: n/a"
    if np.isinf(value):
        return f"{shown.title} NaN or infinite"
    if shown.bounds:
        return f"{percent(value)} {shown.title}"
    return f"{shown.title} {number(value)}"


def _squeezed(place: list[Piece], width: int) -> list[Piece]:
    """The name of the layer cut in its middle, to three cells at least."""
    return [(squeezed(name, max(width, SHORTEST_NAME), "…"), ink) for name, ink in place]


def _width(*lines: list[Piece]) -> int:
    pieces = [text for line in lines for text, _ in line]
    return sum(map(cell_len, pieces)) + len(SEPARATOR) * (len(pieces) - 1)
