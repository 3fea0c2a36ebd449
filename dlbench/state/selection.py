"""Which trial and which of its pictures the names on a command line select."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dlbench.errors import DlbenchError, UsageError, hint
from dlbench.state.event_records import PHASES, PictureRecord
from dlbench.state.pictures import Pictures, read_pictures
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState

NONE_MADE = (
    "this run has no pictures of layers; they are made where the data are images: of the first layer's filters when its "
    "training has ended, and of every layer that [train] pretrain trains"
)


@dataclass(frozen=True)
class Selection:
    """What was named; `None` leaves it to whoever chooses: the first variant, seed and layer, the newest step."""

    variant: str | None = None
    seed: int | None = None
    layer: str | None = None
    step: int | None = None
    phase: str | None = None


def chosen_trials(state: RunState, variant: str | None) -> list[TrialState]:
    """The trials of a variant, or of all, in the order of the plan; raises UsageError where there is none of that name."""
    if variant is None:
        return state.trials
    found = [trial for trial in state.trials if trial.plan.variant == variant]
    if not found:
        raise UsageError(
            f"no variant is called '{variant}'{_instead(variant, (one.plan.variant for one in state.trials))}"
        )
    return found


def chosen_trial(state: RunState, choice: Selection) -> TrialState:
    """The first trial of the variant with the seed; raises UsageError where there is none."""
    trials = chosen_trials(state, choice.variant)
    found = [trial for trial in trials if choice.seed in {None, trial.plan.seed}]
    if not found:
        seeds = ", ".join(map(str, sorted({trial.plan.seed for trial in trials})))
        raise UsageError(
            f"no trial{f' of {choice.variant}' if choice.variant else ''} has seed {choice.seed}; there are {seeds}"
        )
    return found[0]


def chosen_pictures(
    state: RunState, folder: Path, choice: Selection, kind: str
) -> tuple[TrialState, PictureRecord, Pictures]:
    """The trial and its newest pictures, at or before the step, that have one `kind`, a field of `Pictures`.

    Raises UsageError where nothing fits what was named, DlbenchError where a file is not there or damaged.
    """
    found: TrialState | None = None
    if choice.variant is None and choice.seed is None:
        found = next((trial for trial in state.trials if trial.pictures), None)
    trial = found or chosen_trial(state, choice)
    lost = None
    for record in reversed(_records(trial, choice)):
        pictures = read_pictures(folder / record.file, trial.position)
        lost = lost or (record if pictures is None else None)
        if pictures is not None and getattr(pictures, kind) is not None:
            return trial, record, pictures
    if lost is not None:
        raise DlbenchError(f"{folder / lost.file}: missing or damaged: not a file of pictures")
    raise UsageError(
        f"the pictures of this layer have no {kind}; choose another with --layer, or another step with --step"
    )


def _records(trial: TrialState, choice: Selection) -> list[PictureRecord]:
    """Those of one layer that fit, by time."""
    everything = trial.pictures
    if not everything:
        raise UsageError(NONE_MADE)
    layer = choice.layer or next(
        (one.name for one in trial.layers if any(record.layer == one.name for record in everything)),
        everything[0].layer,
    )
    own = [record for record in everything if record.layer == layer]
    if not own:
        raise UsageError(
            f"there are no pictures of a layer '{layer}'{_instead(layer, (one.layer for one in everything))}"
        )
    phases = [phase for phase in PHASES if any(record.phase == phase for record in own)]
    phase = choice.phase or (None if choice.step is None else phases[-1])
    if phase is not None:
        own = [record for record in own if record.phase == phase]
    if not own:
        raise UsageError(f"the pictures of {layer} are all of {' and '.join(phases)}, none of {phase}; remove --phase")
    fitting = [record for record in own if choice.step is None or record.step <= choice.step]
    if not fitting:
        raise UsageError(
            f"the first pictures of {layer} in {own[0].phase} are of step {own[0].step:,}; there are none before it"
        )
    return fitting


def _instead(name: str, names: Iterable[str]) -> str:
    there = list(dict.fromkeys(names))
    return hint(name, there, f"there are {', '.join(there)}")
