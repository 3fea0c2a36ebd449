"""Why there is nothing to draw yet, or no more: in words, in place of the picture or above it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from dlbench.metrics.trial_view import Status
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture

if TYPE_CHECKING:
    from dlbench.state.event_records import PictureRecord
    from dlbench.state.trial_state import TrialState
    from dlbench.tui.model.view import View


CUT = " ..."
"""How a notice ends that goes on; where not even its dots have room nothing is written."""


@dataclass(frozen=True)
class Notice:
    """One thing to say about a trial, and the ink to say it in."""

    text: str
    ink: Ink = Ink.PLAIN


def missing_probes(view: View, index: int) -> Notice | None:
    """What stands where the probes' pictures would, while the trial has no probe."""
    trial = _trial(view, index)
    if trial is not None and len(trial.probe_steps) and trial.layers:
        return None
    begun = _not_begun(view, trial)
    if begun is not None or trial is None:
        return begun
    probes = view.info.plan.candidates[trial.plan.candidate].settings.get("probes", {})
    if probes.get("points") == 0:
        return Notice(
            "This recipe measures no layers: its [probes] points is 0. "
            "Run it with --set probes.points=200 to see the gradients."
        )
    return _waiting_for(view, trial, "probe")


def missing_curves(view: View, index: int) -> Notice | None:
    """What stands where the curves would, while the trial has no evaluation."""
    trial = _trial(view, index)
    if trial is not None and len(trial.steps):
        return None
    begun = _not_begun(view, trial)
    return begun if begun is not None or trial is None else _waiting_for(view, trial, "evaluation")


def missing_pictures(view: View, index: int, record: PictureRecord | None) -> Notice:
    """What stands where pictures would: why there are none, or that those of a record cannot be read."""
    trial = _trial(view, index)
    begun = _not_begun(view, trial)
    if begun is not None or trial is None:
        return begun or Notice("This run has no trials.")
    if record is not None:
        return Notice(f"The pictures of {record.layer} are not there, or damaged: {record.file}", Ink.ALARM)
    if view.info.plan.recorded:
        return Notice("The loop has given no pictures; run.pictures() after a step takes those of filters.", Ink.FAINT)
    if trial.stack.pretraining.layers:
        return Notice("There are no pictures of this layer: the data are not images.", Ink.FAINT)
    if trial.status is Status.RUNNING and view.status == "running":
        return Notice(
            "No pictures yet. Where the data are images, the first layer's filters come when the training has ended; "
            "layers of [train] pretrain have pictures meanwhile.",
            Ink.FAINT,
        )
    return Notice(
        "This run has no pictures. They are made where the data are images: of the filters of the first layer, where it is "
        "dense or convolutional, and of every layer that [train] pretrain trains."
    )


def ended_badly(view: View, index: int) -> Notice | None:
    """One line above a picture whose trial did not come to its end."""
    trial = _trial(view, index)
    if trial is None:
        return None
    if trial.status is Status.DIVERGED:
        last = "" if trial.last_loss is None else f"; last finite batch loss {trial.last_loss:.4g}"
        return Notice(f"diverged at step {trial.diverged_at:,}: its loss is NaN or infinite{last}", Ink.ALARM)
    return _failure(trial)


def blank(notice: Notice, width: int, height: int) -> Picture:
    """A notice in the middle of an empty picture, wrapped and cut to its size."""
    picture = Picture.blank(width, height)
    found = lines(notice, width - 4, height)
    for row, line in enumerate(found, (height - len(found)) // 2):
        picture.put(row, max((width - cell_len(line.text)) // 2, 0), line.text, line.ink)
    return picture


def lines(notice: Notice, width: int, most: int) -> list[Notice]:
    """A notice wrapped into lines of `width` cells, `most` at most, the last one cut where there are more; none without room."""
    if width < len(CUT.strip()) or most < 1:
        return []
    found = textwrap.wrap(notice.text, width, max_lines=most, placeholder=CUT)
    return [Notice(line, notice.ink) for line in found]


def _trial(view: View, index: int) -> TrialState | None:
    trials = view.state.trials
    return trials[index] if 0 <= index < len(trials) else None


def _not_begun(view: View, trial: TrialState | None) -> Notice | None:
    """Why the trial has no records at all, if its stack has not begun."""
    if view.problem is not None:
        return Notice(view.problem, Ink.ALARM)
    if trial is None:
        return Notice("This run has no trials.")
    return _unbegun(view) if trial.status is Status.WAITING else _failure(trial)


def _unbegun(view: View) -> Notice:
    """What a trial waits for whose stack has not begun."""
    if view.loading is not None:
        return Notice(f"Reading the run's events: {view.loading:.0%}", Ink.FAINT)
    if view.playback is not None:
        return Notice("At this point of the replay the trial has not begun.", Ink.FAINT)
    if view.status != "running":
        return Notice(f"This trial never began: the run is {view.status}.")
    if all(stack.status is Status.WAITING for stack in view.state.stacks):
        return Notice("Starting the workers ...", Ink.FAINT)
    return Notice("This trial waits for its turn: others train first. `F` follows those.", Ink.FAINT)


def _failure(trial: TrialState) -> Notice | None:
    if trial.status is not Status.FAILED:
        return None
    where = f" at step {trial.step:,}" if trial.step else ""
    return Notice(f"failed{where}: {' '.join((trial.error or 'no reason was given; see the log').split())}", Ink.ALARM)


def _waiting_for(view: View, trial: TrialState, what: str) -> Notice:
    if trial.status is Status.RUNNING and view.status == "running":
        return Notice(f"Training: waiting for the first {what} ...", Ink.FAINT)
    return Notice(f"No {what} was recorded.", Ink.FAINT)
