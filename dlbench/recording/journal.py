"""What a recording writes: the events of a run with one worker, one stack and one trial."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dlbench.engine.breakpoints import WatchedLayer
from dlbench.engine.devices import device_name, memory
from dlbench.errors import DlbenchError
from dlbench.recording.layers import RecordedLayer, described, rows_in_order
from dlbench.recording.series import LoggedStep
from dlbench.run import workers
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import CommitQuery, commit_of_this_process, complete_commit, environment, facts_of
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder
from dlbench.run.processes import token_of
from dlbench.run.workers import Launched

SESSION = WORKER = STACK = 0

DIVERGING = "train_loss"
"""The loss whose end as no number is a divergence."""


class Journal:
    """Writes the events of a recording, in the process that made it and no copy of that.

    The layers are told of once their order is known: at the end of the first step, or of the recording.
    """

    def __init__(self, folder: RunFolder, layers: Sequence[RecordedLayer], device: torch.device) -> None:
        """Introduce this process as the recording's worker, before there is a plan: from then on the folder is a run."""
        self.folder = folder
        self._layers, self._device = layers, device
        me = token_of(os.getpid())
        workers.record(folder, Launched(SESSION, WORKER, me, [STACK], 0))
        commit = commit_of_this_process()
        self._commit: CommitQuery | None = None if commit.is_answered else commit
        facts = {
            "device": str(device),
            "device_name": device_name(device),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        surroundings = environment(commit) | {"workers": facts_of(folder, SESSION, WORKER, facts)}
        write_json_atomic(folder.env_file, surroundings)
        self._events = EventWriter(folder.events_file(SESSION, WORKER))
        who = {"session": SESSION, "worker": WORKER, "pid": me.id, "started": me.started, "host": me.host}
        self.write("run", **who, stacks=[STACK], **facts)
        self._order: list[int] | None = None
        self._after_layers: list[tuple[str, dict[str, Any]]] = []
        self._last_loss: float | None = None
        self._diverged_at: int | None = None

    def write(self, kind: str, **fields: Any) -> None:
        """Write one event."""
        self._events.write(kind, **fields)

    def write_of_layer(self, kind: str, **fields: Any) -> None:
        """Write an event that names a layer: after the layers were told of, which may be later."""
        if self._order is None:
            self._after_layers.append((kind, fields))
        else:
            self.write(kind, **fields)

    def introduce(self, called: Sequence[int], shapes: Mapping[int, tuple[int, ...]]) -> None:
        """Tell of the layers, once; `called` are their rows as the first pass went through them."""
        if self._order is not None:
            return
        self._order = rows_in_order(self._layers, called)
        told = described([self._layers[row] for row in self._order], shapes)
        unknown = dict.fromkeys(("steps", "steps_per_epoch", "train", "validation", "test", "classes", "task"))
        self.write("stack", stack=STACK, step=0, **told, **unknown)
        for kind, fields in self._after_layers:
            self.write(kind, **fields)
        self._after_layers = []

    @property
    def layers(self) -> list[WatchedLayer]:
        """The layers in the order that was told."""
        assert self._order is not None
        told = [self._layers[row] for row in self._order]
        return [WatchedLayer(one.name, one.kind, not one.is_frozen) for one in told]

    def probe(self, step: int, fields: Mapping[str, NDArray[Any]], cost: float) -> Mapping[str, NDArray[Any]]:
        """Write a probe, `[1][layers]` in the order of the model, with the layers in the order that was told, and return it so."""
        assert self._order is not None
        ordered = {name: np.ascontiguousarray(values[:, self._order]) for name, values in fields.items()}
        self.write("probe", stack=STACK, step=step, **ordered, cost=cost)
        return ordered

    def metrics(self, record: LoggedStep) -> None:
        """Write what was logged after one number of steps."""
        values = dict(record.values)
        epoch = values.pop("epoch", None)
        lists = {name: [value] for name, value in values.items()}
        self.write("metrics", stack=STACK, step=record.step, epoch=epoch, seconds=round(record.seconds, 4), **lists)
        loss = values.get(DIVERGING)
        if isinstance(loss, float) and np.isfinite(loss):
            self._last_loss, self._diverged_at = loss, None
        elif loss is not None and self._diverged_at is None:
            self._diverged_at = record.step

    def heartbeat(self, step: int, rate: float | None, *, paused: bool) -> None:
        """Give a sign of life; `rate` is in steps a second."""
        told = None if rate is None else round(rate, 2)
        self.write("heartbeat", stack=STACK, step=step, rate=told, paused=paused, memory=memory(self._device))
        if self._commit is not None and self._commit.is_answered:
            self._tell_commit()

    def note(self, text: str) -> None:
        """Say something that whoever reads the recording must know."""
        self.write("note", stack=STACK, text=text)

    def _tell_commit(self) -> None:
        """Complete env.json by what git was asked for at the beginning."""
        query, self._commit = self._commit, None
        if query is not None and (commit := query.answer()) is not None:
            with suppress(DlbenchError):  # a damaged file stays as it is, and a full disk is told by the events
                complete_commit(self.folder, commit)

    def end(self, status: str, error: str | None, step: int, seconds: float) -> None:
        """Write the end and close the files. A loss that is no number any more at the end has diverged."""
        self._tell_commit()
        self.introduce([], {})
        if self._diverged_at is not None:
            self.write("diverged", stack=STACK, step=self._diverged_at, trial=0, last_loss=self._last_loss)
        end = {"status": status, "error": error}
        self.write("end", stack=STACK, **end, step=step, seconds=round(seconds, 4))
        self.write("end", stack=None, **end, step=None, seconds=None)
        self.close()

    def close(self) -> None:
        """Write what is left."""
        self._events.close()
