"""The curves of a view: of one trial, of a candidate's seeds, or of every variant as mean and band; other runs beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.candidate_results import CandidateResults, candidate_results, selected, selection_metric
from dlbench.metrics.catalog import METRICS
from dlbench.plan import choice_text
from dlbench.state.run_state import RunState
from dlbench.state.stack_state import StackState
from dlbench.state.trial_state import TrialState, loss_of, score_of
from dlbench.tui.charts.ink import SERIES_INKS, Ink
from dlbench.tui.charts.trace import Series
from dlbench.tui.model.buckets import Buckets, Floats
from dlbench.tui.model.focus import Curves
from dlbench.tui.model.trials import name_of, passes
from dlbench.tui.model.view import View

Reduce: TypeAlias = Callable[..., Buckets]
"""From a timeline and a field, and `until` which step there shall be room, to its buckets."""

SPLITS: tuple[str, ...] = ("train", "test", "validation")
BEST_FIRST: tuple[str, ...] = ("test", "validation", "train")
WHOLE = ""
"""In place of a split: a recorded loop logged the metric under this very name."""
MOST_CURVES = SERIES_INKS
"""Train is drawn beside test while no more curves come of it: more cannot be told apart."""
MOST_SEEDS = 100
"""Seeds of a candidate that each have a curve: more are one band, with the curve of the trial in focus over it."""
MOST_BANDS = 3
"""Variants that each have a band: more lie over each other."""


@dataclass(frozen=True)
class CurveGroup:
    """Trials that become one curve, and what it is called; of several it is their mean, with a band or without."""

    name: str
    trials: Sequence[TrialState]
    ink: int
    is_band: bool = False


def curve_series(
    view: View, what: Curves | None = None, *, log_steps: bool = False, pair: bool = False
) -> list[Series]:
    """The curves of the loss or the score (without `what`, the focus's), in the order of the legend, the trial in focus first.

    Solid for training data, dashed for others; where there would be too many curves, only those of the test data (of the
    validation data, or the training data, where there are no better), solid. A number that is logged once is no curve while
    there are others, as that of the test data often is, which loops look at in the end. With `log_steps` the first steps are not
    reduced, for an axis that gives them most room. Of the trial in focus alone the onset of overfitting is told. With `pair`
    they are those of the focus's two trials, where it has two.
    """
    trial = view.state.trials[view.focus.trial]
    metric = metric_of(what or view.focus.curves, trial)
    lines = _lines(view, pair=pair)
    trials = [trial for line in lines for trial in line.trials]
    found = [split for split in (*SPLITS, WHOLE) if any(_has(trial, field_of(split, metric)) for trial in trials)]
    best = _best(found, metric, trials)
    if best is None:
        return []
    is_alone = len(lines) == 1 and not lines[0].name
    splits = [split for split in found if is_alone or split in {"train", best}]
    if len(lines) * len(splits) > MOST_CURVES and view.focus.spread != "trial":
        splits = [best]
    return list(_drawn(partial(view.curves.of, log_steps=log_steps), lines, splits, metric, trial))


def _best(found: Sequence[str], metric: str, trials: Sequence[TrialState]) -> str | None:
    """The split to look at of those that were found: the first that is a curve, or else the first."""
    ranked = [split for split in (*BEST_FIRST, WHOLE) if split in found]
    drawn = (split for split in ranked if any(_is_curve(trial, field_of(split, metric)) for trial in trials))
    return next(drawn, ranked[0] if ranked else None)


def _is_curve(trial: TrialState, field: str) -> bool:
    series = trial.stack.metrics.series(field)
    return series is not None and np.isfinite(series[:, trial.position]).sum() > 1


def metric_of(what: Curves, trial: TrialState) -> str:
    """The metric of the loss or the score of a trial."""
    return loss_of([trial]) if what == "loss" else score_of([trial])


def field_of(split: str, metric: str) -> str:
    """The series of a metric of a split; of what is logged as a whole, its name."""
    return metric if split == WHOLE else f"{split}_{metric}"


def _drawn(
    reduce: Reduce, lines: list[CurveGroup], splits: list[str], what: str, focus: TrialState
) -> Iterable[Series]:
    for line in lines:
        for number, split in enumerate(splits):
            several = len(splits) > 1
            name = " ".join(filter(None, (line.name, split if several or not line.name else "")))
            ink = line.ink if line.name else Ink.series(number)
            field = field_of(split, what)
            series = _series(reduce, line, field, name, ink, dashed=several and split != "train")
            if series is not None:
                has_onset = field == "test_loss" and list(line.trials) == [focus]
                yield replace(series, onset_at=_onset(focus)) if has_onset else series


def _onset(trial: TrialState) -> int | None:
    """The step from which on the loss on the test data rose."""
    step = METRICS["overfitting_step"].value(trial)
    return None if step is None else int(step)


def _lines(view: View, *, pair: bool) -> list[CurveGroup]:
    """Whose curves are drawn."""
    trial = view.state.trials[view.focus.trial]
    if pair and len(pair_names(view)) > 1:
        own = [
            CurveGroup(name, [view.state.trials[one]], Ink.series(number))
            for number, (one, name) in enumerate(pair_names(view).items())
        ]
    elif view.focus.spread == "trial" or (view.focus.spread == "seeds" and len(mates(view.state, trial)) == 1):
        own = [CurveGroup("", [trial], Ink.series(0))]
    elif view.focus.spread == "seeds":
        own = _seeds(view, trial)
    else:
        own = _bands(view)
    return sorted(own, key=lambda line: trial not in line.trials) + _overlaid(view, trial)


def _seeds(view: View, trial: TrialState) -> list[CurveGroup]:
    """The seeds of a trial's candidate that the filter leaves, a curve each; where they are too many, all of them as a band."""
    shown = [
        (number, mate)
        for number, mate in enumerate(mates(view.state, trial))
        if mate is trial or not view.focus.filter or passes(mate.plan, view.focus.filter)
    ]
    if len(shown) > MOST_SEEDS:
        every = [mate for _, mate in shown]
        focus = CurveGroup(trial.plan.seed_text, [trial], Ink.STRONG)
        return [focus, CurveGroup(f"{len(every):,} seeds", every, Ink.series(0), is_band=True)]
    return [
        CurveGroup(mate.plan.seed_text, [mate], Ink.STRONG if mate is trial else Ink.series(number))
        for number, mate in shown
    ]


def pair_names(view: View) -> dict[int, str]:
    """The focus's two trials, without the seed that they share; one, where none other is beside it."""
    both = [one for one in (view.focus.trial, view.focus.mate) if one is not None]
    plans = [view.info.plan.trials[one] for one in both]
    if len({one.seed for one in plans}) > 1 or len({one.candidate for one in plans}) == 1:
        return dict(zip(both, map(name_of, plans), strict=True))
    return {
        one: ", ".join(filter(None, (plan.variant, choice_text(plan.choice))))
        for one, plan in zip(both, plans, strict=True)
    }


def mates(state: RunState, trial: TrialState) -> list[TrialState]:
    """The trials of one candidate, which differ by their seeds."""
    return [other for other in state.trials if other.plan.candidate == trial.plan.candidate]


def _bands(view: View) -> list[CurveGroup]:
    """Every variant that the filter leaves, by the candidate that its search picks; the focus's own variant by the focus's.

    Where more bands than `MOST_BANDS` would lie over each other, only the focus's variant has one.
    """
    focus = view.state.trials[view.focus.trial].plan
    metric = selection_metric(view.info.questions.compare)
    lines = []
    for number, candidates in enumerate(candidate_results(view.state).values()):
        left = [kept for entry in candidates if (kept := _filtered(entry, view.focus.filter)).trials]
        if not left:
            continue
        own = [entry for entry in left if entry.trials[0].plan.candidate == focus.candidate]
        shown = own[0] if own else selected(left, metric) if len(left) > 1 else left[0]
        name = ", ".join(filter(None, (shown.variant, choice_text(shown.choice))))
        lines.append(_mean_line(name, shown.trials, number))
    if len(lines) > MOST_BANDS:
        lines = [
            replace(line, is_band=line.is_band and line.trials[0].plan.candidate == focus.candidate) for line in lines
        ]
    return lines


def _filtered(entry: CandidateResults, text: str) -> CandidateResults:
    return CandidateResults(
        entry.variant, entry.choice, tuple(trial for trial in entry.trials if passes(trial.plan, text))
    )


def _mean_line(name: str, trials: Sequence[TrialState], number: int) -> CurveGroup:
    lost = sum(trial.diverged_at is not None for trial in trials)
    told = f" ({lost} of {len(trials)} diverged)" if lost else ""
    return CurveGroup(f"{name}{told}", trials, Ink.series(number), is_band=len(trials) > 1)


def _overlaid(view: View, trial: TrialState) -> list[CurveGroup]:
    """Other runs: the variant of the same name where there is one and one is looked at, else every variant."""
    lines: list[CurveGroup] = []
    first = len(view.info.plan.candidates)
    for overlay in view.overlays:
        variants = {name: found[0] for name, found in candidate_results(overlay.state).items()}
        same = variants.get(trial.plan.variant)
        shown = [same] if same and view.focus.spread != "band" else list(variants.values())
        lines += [
            _mean_line(f"{overlay.name}: {entry.variant}", entry.trials, first + len(lines) + number)
            for number, entry in enumerate(shown)
        ]
    return lines


def _has(trial: TrialState, field: str) -> bool:
    """Whether any evaluation has had that number."""
    return field in trial.stack.metrics.fields


def _series(reduce: Reduce, line: CurveGroup, field: str, name: str, ink: int, *, dashed: bool) -> Series | None:
    """One curve: of a trial what it went through, of several their mean, with a band from the lowest to the highest."""
    until = max((trial.steps[-1] for trial in line.trials if trial.steps), default=0)
    stacks = {id(trial.stack): trial.stack for trial in line.trials}
    reduced = {key: _reduced(reduce, stack, field, until) for key, stack in stacks.items()}
    tracks = [_track(own, trial) for trial in line.trials if (own := reduced[id(trial.stack)]) is not None]
    if not any(np.isfinite(track.middle).any() for track in tracks):
        return None
    length = max(len(track.steps) for track in tracks)
    steps = np.full(length, -1, np.int64)
    for track in tracks:
        steps[: len(track.steps)] = np.maximum(steps[: len(track.steps)], track.steps)
    middles = np.stack([_padded(track.middle, length) for track in tracks])
    known = steps >= 0
    there: NDArray[np.bool_] = np.logical_or.reduce(np.isfinite(middles))
    last = np.flatnonzero(there)[-1]
    # What is logged at fewer steps than the rest is a line all the same, from one of its steps to the next.
    known[:last] &= there[:last]
    if all(trial.dropped_at is not None for trial in line.trials):
        # What was dropped ends with its last number.
        known[last + 1 :] = False
    middles = middles[:, known]
    mean = _mean(middles)
    if line.is_band:
        low, high = np.fmin.reduce(middles), np.fmax.reduce(middles)
    elif len(line.trials) > 1:
        low = high = mean
    else:
        low, high = tracks[0].low[known], tracks[0].high[known]
    ends = [trial.diverged_at for trial in line.trials]
    broken_at = max((end for end in ends if end is not None), default=None) if None not in ends else None
    return Series(name, steps[known], low, high, mean, ink, line.is_band, broken_at, dashed)


@dataclass(frozen=True)
class _Track:
    """One trial's evaluations by buckets, or `[buckets, trials]`; -1 among the steps, and NaN, where a bucket has none."""

    steps: NDArray[np.int64]
    low: Floats
    high: Floats
    middle: Floats


def _reduced(reduce: Reduce, stack: StackState, field: str, until: int) -> _Track | None:
    """All trials of a stack. Made with room for one step in all trials of a curve, their buckets are alike."""
    buckets = reduce(stack.metrics, field, until=until)
    mean = buckets.mean
    return None if mean.ndim != 2 else _Track(buckets.steps, buckets.low, buckets.high, mean)


def _track(stack: _Track, trial: TrialState) -> _Track:
    steps, dropped = stack.steps, trial.dropped_at
    values = [values[:, trial.position] for values in (stack.low, stack.high, stack.middle)]
    if dropped is not None:
        values = [np.where(steps <= dropped, each, np.nan) for each in values]
    return _Track(steps, *values)


def _padded(values: Floats, length: int) -> Floats:
    if len(values) == length:
        return values
    return np.pad(values, (0, length - len(values)), constant_values=np.nan)


def _mean(values: Floats) -> Floats:
    """The mean over the first axis of what is there."""
    count = (~np.isnan(values)).sum(axis=0)
    total = np.where(np.isnan(values), 0.0, values).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean
