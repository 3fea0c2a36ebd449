"""The scene of a lesson in a run: which trials it means, and which step, as far as the run has come."""

from __future__ import annotations

from dataclasses import dataclass

from dlbench.analysis.diagnosis.moment import Moment, first_moment
from dlbench.metrics.catalog import METRICS
from dlbench.plan.scene import FINDINGS, OVERFITTING, Scene
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState


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
    return Staged(scene, chosen.index, None if beside is None else beside.index, step, moment)


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
