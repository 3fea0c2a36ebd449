"""What was recorded while trials trained: their curves, one row an evaluation, and measures of layers, one row each and probe."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from dlbench.analysis.summary import Report
from dlbench.export.records import RECORDS, RecordField, Records, Values, Who
from dlbench.measures.names import MISSING, UNCLIPPED
from dlbench.metrics.names import BATCH_LOSS, CURVES
from dlbench.state.trial_state import TrialState

SAYS = {**CURVES, BATCH_LOSS: "mean loss over the batches since the last evaluation"}

OF_RECORDINGS = {
    MISSING: "1 where a layer's weights had no gradient at all in this step",
    UNCLIPPED: "the gradient norm before anything changed the gradient, where anything did",
}


@RECORDS.add()
def curves(report: Report) -> Records:
    """The evaluations of every trial, one row each: its step, its epoch, and each series.

    A trial has rows up to the step before it diverged, or at which it was dropped. One that stopped early keeps its rows after
    that: it stays what it was at its best.
    """
    found = report.trials
    who, names = Who(found), _series(found)
    fields = [
        *who.fields,
        RecordField("step", "integer", "steps trained"),
        RecordField("epoch", "number"),
        *(RecordField(name, "number", SAYS.get(name, "")) for name in names),
    ]
    return Records(fields, lambda: (_curves_of(trial, who, names) for trial in found))


@RECORDS.add()
def layers(report: Report) -> Records:
    """The probes of every trial, one row a layer: its step, the layer with its place from 0 and its kind, and each measure.

    A layer without weights has no gradient; steps of time of a recurrent layer are layers of the kind `time`. Of recorded loops
    there are columns for gradients that were missing or clipped, where any was.
    """
    from dlbench.measures.catalog import MEASURES  # what they are; whoever reads a run needs only their names

    found = report.trials
    who = Who(found)
    told = {name: measure.explain for name, measure in MEASURES.items()}
    told |= {name: says for name, says in OF_RECORDINGS.items() if any(one.probe(name) is not None for one in found)}
    fields = [
        *who.fields,
        RecordField("step", "integer", "the step that was probed"),
        RecordField("place", "integer", "of the layer, the first is 0"),
        RecordField("layer", "text"),
        RecordField("kind", "text", "of the layer"),
        *(RecordField(name, "single", says) for name, says in told.items()),
    ]
    return Records(fields, lambda: (_probes_of(trial, who, list(told)) for trial in found))


def _series(trials: Sequence[TrialState]) -> list[str]:
    """The series that any trial has, in their usual order; the stack's own time is none of a trial's."""
    timelines = {id(trial.stack): trial.stack.metrics for trial in trials}.values()
    known = {
        name
        for timeline in timelines
        for name in timeline.fields
        if (series := timeline.series(name)) is not None and series.ndim == 2
    }
    return [name for name in SAYS if name in known] + sorted(known - set(SAYS))


def _curves_of(trial: TrialState, who: Who, names: Sequence[str]) -> list[Values]:
    end = len(trial.steps)
    if trial.dropped_at is not None:
        end = bisect_right(trial.steps, trial.dropped_at)
    if trial.diverged_at is not None:
        end = bisect_left(trial.steps, trial.diverged_at)
    epochs = trial.stack.metrics.series("epoch")
    epoch = np.full(end, np.nan) if epochs is None else epochs[:end]
    return [*who.repeated(trial, end), trial.steps[:end], epoch, *(trial.curve(name)[:end] for name in names)]


def _probes_of(trial: TrialState, who: Who, measures: Sequence[str]) -> list[Values]:
    many = len(trial.layers)
    ends = [step for step in (trial.idle_from, trial.diverged_at) if step is not None]
    steps = trial.probe_steps[: bisect_left(trial.probe_steps, min(ends))] if ends else trial.probe_steps
    rows = len(steps) * many
    named = [(place, layer.name, layer.kind) for place, layer in enumerate(trial.layers)] * len(steps)
    columns: Iterator[Values] = zip(*named, strict=True) if named else iter([[], [], []])
    return [
        *who.repeated(trial, rows),
        [step for step in steps for _ in range(many)],
        *columns,
        *(_measure(trial, name, len(steps), many) for name in measures),
    ]


def _measure(trial: TrialState, name: str, probes: int, many: int) -> Values:
    series = trial.probe(name)
    if series is None or series.shape[1:] != (many,):
        return np.full(probes * many, np.nan, np.float32)
    return series[:probes].astype(np.float32, copy=False).ravel()
