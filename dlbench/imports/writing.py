"""A trial of a log as a recording: a run's folder with its events, which becomes a run once its plan is written."""

from __future__ import annotations

import heapq
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from dlbench.imports.log import Log, wrong
from dlbench.imports.names import EPOCH, RESERVED, SECONDS_FIELD, can_be, new_names
from dlbench.imports.tensorboard_layers import LayerRecords
from dlbench.imports.trials import ImportedTrial
from dlbench.plan import Plan
from dlbench.plan.recorded import recorded_plan
from dlbench.run.atomic import write_json_atomic
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, create
from dlbench.run.processes import token_of

DIVERGING = "train_loss"
"""The loss whose end as no number is a divergence."""

Record = tuple[int, str, Any]
"""A step, a name, a value."""


@dataclass(frozen=True)
class PendingRecording:
    """A folder with everything but its plan; `source` is the log that it was made of."""

    source: str
    folder: RunFolder
    plan: Plan
    names: dict[str, str]
    """What numbers of the log are called here, by the log's own names."""
    remarks: list[str]


def told_names(log: Log, trial: ImportedTrial, wanted: Mapping[str, str]) -> dict[str, str]:
    """What each number of a trial is called here; raises UsageError where two would be one, or a name means another kind."""
    ranges = {name: _range([value for _, value in series.items()]) for name, series in trial.series.items()}
    told = new_names(ranges, wanted)
    for name, ours in told.items():
        if ours in RESERVED or not ours:
            raise wrong(log.label, None, f"--rename: no number can be called '{ours}'")
        if twice := [other for other in told if told[other] == ours and other != name]:
            raise wrong(
                log.label, None, f"'{name}' and '{twice[0]}' would both be called '{ours}'; --rename {name}=NAME"
            )
        if not can_be(ours, ranges[name]):
            low, high = ranges[name] or (0.0, 0.0)
            what = (
                f"'{name}' goes from {low:.6g} to {high:.6g}, which {ours} cannot (an accuracy is a share from 0 to 1)"
            )
            raise wrong(log.label, None, f"{what}; --rename '{name}=NAME' gives it another name")
    return told


def write_recording(
    out: Path, name: str, log: Log, trial: ImportedTrial, env: Mapping[str, Any], wanted: Mapping[str, str]
) -> PendingRecording:
    """Write everything of a recording but its plan; raises UsageError as `told_names` does, before anything is written."""
    names = told_names(log, trial, wanted)
    remarks = [*log.remarks.texts, *trial.remarks]
    layers = getattr(log, "layers", None)
    plan = recorded_plan(name, trial.variant, trial.seed, settings=trial.settings, steps=trial.last_step)
    folder = create(out, name, datetime.now(UTC).astimezone())
    try:
        write_json_atomic(folder.env_file, {**env, "imported": {**env["imported"], "names": names}})
        with EventWriter(folder.events_file(0, 0)) as events:
            _begin(events, trial, layers, [f"{log.label}: {text}" for text in remarks])
            for step, kind, fields in heapq.merge(_metrics(trial, names), _probes(layers), key=itemgetter(0, 1)):
                events.write(kind, stack=0, step=step, **fields)
            _end(events, trial, names, has_failed=log.has_failed)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return PendingRecording(log.label, folder, plan, names, remarks)


def _begin(events: EventWriter, trial: ImportedTrial, layers: LayerRecords | None, remarks: list[str]) -> None:
    me = token_of(os.getpid())
    facts = dict.fromkeys(("device", "device_name", "threads", "torch"))
    events.write("run", session=0, worker=0, pid=me.id, started=me.started, host=me.host, stacks=[0], **facts)
    told = [] if layers is None else layers.names
    rows = [{"name": name, "kind": layers.kinds.get(name, "?") if layers else "?", "weight": None} for name in told]
    unknown = dict.fromkeys(("steps_per_epoch", "train", "validation", "test", "classes", "task"))
    events.write("stack", stack=0, step=0, layers=rows, net=None, steps=trial.last_step or None, **unknown)
    for text in remarks:
        events.write("note", stack=0, text=text)


def _metrics(trial: ImportedTrial, names: Mapping[str, str]) -> Iterator[Record]:
    """A `metrics` event a step, with every number of that step."""
    epochs, seconds = dict(trial.epochs.items()), dict(trial.seconds.items())
    every = heapq.merge(
        *([(step, names[name], value) for step, value in series.items()] for name, series in trial.series.items()),
        key=itemgetter(0),
    )
    for step, group in groupby(every, key=itemgetter(0)):
        values: dict[str, Any] = {EPOCH: epochs.get(step), SECONDS_FIELD: seconds.get(step)}
        yield step, "metrics", values | {name: [value] for _, name, value in group}


def _probes(layers: LayerRecords | None) -> Iterator[Record]:
    for step, fields in layers.probes() if layers is not None else ():
        yield step, "probe", fields


def _end(events: EventWriter, trial: ImportedTrial, names: Mapping[str, str], *, has_failed: bool) -> None:
    """How it ended: done where the log does not say otherwise; a training loss that is no number any more has diverged."""
    loss = next((series for name, series in trial.series.items() if names[name] == DIVERGING), None)
    items = [] if loss is None else loss.items()
    if items and not math.isfinite(items[-1][1]):
        finite = [index for index, (_, value) in enumerate(items) if math.isfinite(value)]
        first = finite[-1] + 1 if finite else 0
        last_loss = items[finite[-1]][1] if finite else None
        events.write("diverged", stack=0, step=items[first][0], trial=0, last_loss=last_loss)
    end = {"status": "failed", "error": "its log says so"} if has_failed else {"status": "done", "error": None}
    events.write("end", stack=0, step=trial.last_step, seconds=None, **end)
    events.write("end", stack=None, step=None, seconds=None, **end)


def _range(values: list[float]) -> tuple[float, float] | None:
    finite = [value for value in values if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else None
