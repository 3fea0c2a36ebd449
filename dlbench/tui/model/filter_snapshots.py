"""Which pictures are looked at: of a layer near the cursor's, at or before its step, in pre-training or in training."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.aligned import Aligned
from dlbench.plan import choice_text
from dlbench.state.event_records import PRETRAIN, TRAIN, PictureRecord
from dlbench.state.timeline import Timeline
from dlbench.state.trial_state import TrialState
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.trace import Series
from dlbench.tui.model.buckets import Floats
from dlbench.tui.model.curves import mates
from dlbench.tui.model.trials import passes
from dlbench.tui.model.view import View

FACTS = ("epoch", "seconds")
"""What a record of pre-training has beside its measures."""


def layers(view: View) -> list[str]:
    """The layers of the focus's trial that have pictures or were pre-trained, as far as the net names them, from the input up."""
    trial = view.state.trials[view.focus.trial]
    known = {*trial.stack.pretraining.layers, *(record.layer for record in trial.pictures)}
    return [layer.name for layer in trial.layers if layer.name in known]


def layer_shown(view: View) -> str | None:
    """The one of these layers that is nearest to the cursor's, the lower of two."""
    names = [layer.name for layer in view.state.trials[view.focus.trial].layers]
    row = min(max(view.focus.layer, 0), len(names) - 1)
    return min(layers(view), key=lambda name: (abs(names.index(name) - row), names.index(name)), default=None)


def records(view: View) -> list[PictureRecord]:
    """The pictures of this layer, by time."""
    name = layer_shown(view)
    return [record for record in view.state.trials[view.focus.trial].pictures if record.layer == name]


def record_shown(view: View) -> PictureRecord | None:
    """The pictures at the cursor, or the last before it; the newest where it follows, the first where it is before all."""
    found, focus = records(view), view.focus
    if not found:
        return None
    if focus.pretrained is not None and found[0].phase == PRETRAIN:
        own = [record for record in found if record.phase == PRETRAIN]
        return _last(own, focus.pretrained)
    if focus.step is None:
        return found[-1]
    own = [record for record in found if record.phase == TRAIN and record.step <= focus.step]
    before = [record for record in found if record.phase == PRETRAIN]
    return own[-1] if own else before[-1] if before else found[0]


def _last(found: Sequence[PictureRecord], step: int) -> PictureRecord:
    return found[max(bisect_right(found, step, key=lambda record: record.step) - 1, 0)]


def timeline(view: View, trial: TrialState | None = None) -> Timeline | None:
    """What was told of the layer while it was pre-trained, of the focus's trial or another; `None` where nothing was."""
    trial = trial or view.state.trials[view.focus.trial]
    return trial.stack.pretraining.layers.get(layer_shown(view) or "")


def measures(view: View) -> list[str]:
    """The measures of its pre-training that the trial has any number of."""
    trial, found = view.state.trials[view.focus.trial], timeline(view)
    known = [name for name in (found.fields if found else ()) if name not in FACTS]
    return [name for name in known if len(_points(trial, found, name)[0])]


def charted(view: View) -> list[str]:
    """Those of them that make a curve; what is told only once is none, unless there is nothing else yet."""
    trial, found, names = view.state.trials[view.focus.trial], timeline(view), measures(view)
    return [name for name in names if len(_points(trial, found, name)[0]) > 1] or names


def measure_shown(view: View) -> str | None:
    """The focus's, where the layer has it, else the first; `None` where it was not pre-trained."""
    found = charted(view)
    return view.focus.pretraining if view.focus.pretraining in found else next(iter(found), None)


def measured_at(view: View, record: PictureRecord) -> dict[str, float]:
    """Every measure of pre-training at a record, or last before it; none of a record of the training."""
    trial, found = view.state.trials[view.focus.trial], timeline(view)
    if record.phase != PRETRAIN or found is None:
        return {}
    points = {name: _points(trial, found, name) for name in measures(view)}
    ends = {name: int(np.searchsorted(steps, record.step, side="right")) for name, (steps, _) in points.items()}
    return {name: float(points[name][1][end - 1]) for name, end in ends.items() if end}


def pretraining_curves(view: View, measure: str) -> list[Series]:
    """A measure over the steps of pre-training: of the trial, of its seeds, or of every variant as mean and band."""
    own = view.state.trials[view.focus.trial]
    if view.focus.spread == "band":
        candidates = range(len(view.info.plan.candidates))
        groups = [[one for one in view.state.trials if one.plan.candidate == candidate] for candidate in candidates]
    else:
        groups = [[one] for one in ([own] if view.focus.spread == "trial" else mates(view.state, own))]
    drawn = [
        (own not in group, series)
        for number, group in enumerate(groups)
        if (series := _curve(view, group, measure, _ink(view, group, number))) is not None
    ]
    return [series for _, series in sorted(drawn, key=lambda one: one[0])]


def _ink(view: View, group: Sequence[TrialState], number: int) -> int:
    """The trial stands out among its seeds."""
    is_own = view.focus.spread == "seeds" and group[0].index == view.focus.trial
    return Ink.STRONG if is_own else Ink.series(number)


def _curve(view: View, group: Sequence[TrialState], measure: str, ink: int) -> Series | None:
    """One curve of trials: their mean with a band from the lowest to the highest, or the one's own."""
    listed = [trial for trial in group if trial.index == view.focus.trial or passes(trial.plan, view.focus.filter)]
    found = Aligned.of([_points(trial, timeline(view, trial), measure) for trial in listed])
    if not len(found.steps):
        return None
    plan, is_band = listed[0].plan, len(listed) > 1
    name = ", ".join(filter(None, (plan.variant, choice_text(plan.choice))))
    if view.focus.spread != "band":
        name = plan.seed_text
    return Series(name, found.steps, found.low, found.high, found.mean, ink, is_band)


def _points(trial: TrialState, found: Timeline | None, measure: str) -> tuple[NDArray[np.int64], Floats]:
    """The steps at which a trial has a number, and these."""
    series = None if found is None else found.series(measure)
    if found is None or series is None or series.ndim != 2:
        return np.empty(0, np.int64), np.empty(0)
    values = series[:, trial.position].astype(np.float64)
    known = np.isfinite(values)
    return np.array(found.steps, np.int64)[known], values[known]


def as_one(images: NDArray[np.float32]) -> Floats:
    """Images `[count, channels, height, width]` without their channels: these' mean."""
    one: Floats = images.mean(axis=1, dtype=np.float64)
    return one
