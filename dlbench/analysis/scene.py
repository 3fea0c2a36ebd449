"""The scene of a lesson in a run: which trials it means, and which step, as far as the run has come."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from dlbench.analysis.diagnosis.moment import Moment, first_moment
from dlbench.measures.names import TIME, first_times
from dlbench.metrics.catalog import METRICS
from dlbench.plan.scene import FINDINGS, OVERFITTING, Scene
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState, score_of


@dataclass(frozen=True)
class Staged:
    """A scene as it is played: trials by their indices in the plan, and the step that is known by now."""

    scene: Scene
    trial: int
    beside: int | None = None
    step: int | None = None
    """`None`: the newest, be it that the scene asks for it, or that its own has not come."""
    moment: Moment | None = None
    """What is found at the step, where the scene asks for a finding."""
    values: tuple[tuple[str, float], ...] = ()
    """What is measured at the step, where it asks for none: by layer, or by curve in the pane of curves."""

    @property
    def layer(self) -> int | None:
        """The row of the probes that it is about; `None` where it is about none."""
        return self.moment.layers[0] if self.moment is not None and self.moment.layers else None


def staged(scene: Scene, state: RunState, trial: int | None = None) -> Staged | None:
    """The scene in a run as it stands; `None` where the run does not have its first variant.

    The trial is the first seed of the first variant in which the step is found, as long as it is found in none the first seed; one
    that is given, and of that variant, comes before the others, so that what is watched does not change. Beside it is the same
    seed of the second variant. Of a searched variant the trials are those of its first candidate.
    """
    own = _trials(scene.variants[0], state)
    if not own:
        return None
    own.sort(key=lambda one: one.index != trial)
    chosen, (step, moment) = own[0], (None, None)
    for one in own:
        step, moment = _step(scene.step, one)
        if step is not None:
            chosen = one
            break
    mates = [mate for name in scene.variants[1:] for mate in _trials(name, state)]
    beside = next((mate for mate in mates if mate.plan.seed == chosen.plan.seed), next(iter(mates), None))
    is_found = moment is not None or (scene.step == OVERFITTING and step is not None)
    values = () if is_found else tuple(_values(scene, chosen, step))
    return Staged(scene, chosen.index, None if beside is None else beside.index, step, moment, values)


def _trials(variant: str, state: RunState) -> list[TrialState]:
    """The seeds of the first candidate of a variant."""
    found = [trial for trial in state.trials if trial.plan.variant == variant]
    return [trial for trial in found if trial.plan.candidate == found[0].plan.candidate]


def _step(asked: int | str, trial: TrialState) -> tuple[int | None, Moment | None]:
    """The step that a scene asks for, once the trial has come to it."""
    if isinstance(asked, int):
        return (asked if asked <= trial.step and trial.steps else None), None
    if asked == OVERFITTING:
        turned = METRICS["overfitting_step"].value(trial)
        return (None if turned is None else int(turned)), None
    moment = first_moment(trial, FINDINGS[asked]) if asked in FINDINGS else None
    return (None if moment is None else moment.step), moment


def _values(scene: Scene, trial: TrialState, step: int | None) -> Iterator[tuple[str, float]]:
    """The scene's measure at the first and the last layer with weights, or loss and score, at a step; without it the newest.

    Of a recurrent net it is at the first and the last step of time.
    """
    if scene.pane in {"gradients", "layers"} and (series := trial.probe(scene.measure)) is not None:
        row, layers = _last(trial.probe_steps, step), trial.layers
        weighted = [index for index, layer in enumerate(layers) if layer.weight is not None and layer.kind != TIME]
        rows = first_times([layer.kind for layer in layers]) or weighted
        found = {layers[index].name: float(series[row, index]) for index in rows[:1] + rows[-1:]} if len(series) else {}
    elif scene.pane == "curves" and trial.steps:
        split = "test" if "test_loss" in trial.stack.metrics.fields else "train"
        names = (f"{split}_loss", f"{split}_{score_of([trial])}")
        found = {name: float(trial.curve(name)[_last(trial.steps, step)]) for name in names}
    else:
        found = {}
    yield from ((name, value) for name, value in found.items() if math.isfinite(value))


def _last(steps: list[int], step: int | None) -> int:
    """The place of the last of some steps up to one."""
    return -1 if step is None else max(bisect_right(steps, step) - 1, 0)
