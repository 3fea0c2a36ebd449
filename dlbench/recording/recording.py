"""A recording: what a loop holds in its hands, and what its hooks report to."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from statistics import mean
from time import perf_counter, process_time
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from dlbench.errors import UnwritableError, UsageError
from dlbench.metrics.names import CLIPPED_FRACTION
from dlbench.plan import Plan
from dlbench.recording.backward import BackwardWatch, is_distributed
from dlbench.recording.budget import Stopwatch, TimeBudget
from dlbench.recording.journal import Journal
from dlbench.recording.layers import RecordedLayer
from dlbench.recording.looks import LookPace
from dlbench.recording.outputs import OutputWatch
from dlbench.recording.pictures import LoopPictures, Pictured
from dlbench.recording.scaling import ScalerWatch
from dlbench.recording.series import LoggedSeries, LoggedStep
from dlbench.recording.steering import RecordingControls, RecordingStopped
from dlbench.recording.steps import NO_STEPS, StepWatch
from dlbench.run.folder import RunFolder


class Recording:
    """The recording of one training loop, made by `dlbench.record`.

    A context manager: an error that leaves its block ends it as failed and goes on its way, Ctrl-C ends it as stopped. What the
    recording itself cannot do (a full disk, a module that cannot be measured) is a warning, never the end of the training.
    """

    def __init__(  # noqa: PLR0913  # only the door makes one
        self,
        journal: Journal,
        plan: Plan,
        layers: Sequence[RecordedLayer],
        optimizers: Sequence[Optimizer],
        roots: Sequence[nn.Module] | None,
        budget: TimeBudget,
        *,
        by_hand: bool,
        controls: bool,
        attended: bool,
        scaler: GradScaler | None,
    ) -> None:
        """`roots` are the modules whose layers' outputs are looked at, `None` where they cannot be.

        `attended` is as for `RecordingControls`.
        """
        self._journal = journal
        stopwatch = Stopwatch()
        self._outputs = None if roots is None else OutputWatch(layers, roots, stopwatch)
        self._budget, self._by_hand = budget, by_hand
        weights = [one for layer in layers for one in layer.weights]
        is_alone = roots is not None and not is_distributed()
        backward = BackwardWatch(weights, stopwatch, scaler) if is_alone else None
        self._steps = StepWatch(layers, optimizers, self._outputs, backward, budget, stopwatch, self)
        self._scaler = None if scaler is None else ScalerWatch(scaler, lambda: self._steps.calls)
        self._controls = (
            RecordingControls(plan, journal, self._steps.optimizers, attended=attended) if controls else None
        )
        self._series, self._pictures = LoggedSeries(), LoopPictures(journal, layers)
        self._looks = LookPace()
        self._is_over = self._is_copy = self._is_lost = False
        self.on_stop: Callable[[], None] | None = None
        """What ends the loop where someone asks for that, mostly a library's own way; without it RecordingStopped is raised."""
        self.on_rate: Callable[[float], None] | None = None
        """What sets another learning rate where someone asks for one and the recording has no optimizer."""
        _ALIVE.add(self)
        if self._scaler is not None:
            self._scaler.attach()
        self._steps.attach()

    @property
    def folder(self) -> RunFolder:
        """Where it is written."""
        return self._journal.folder

    @property
    def name(self) -> str:
        """What it is called on the command line: `mine/20261130-101500`."""
        return self.folder.name

    @property
    def steps(self) -> int:
        """How many steps were taken so far."""
        return self._steps.step

    def __repr__(self) -> str:
        return f"<Recording {self.name}, {self.steps} steps>"

    def _repr_html_(self) -> str:
        """What notebooks show: the table of all recordings of its name, as they are on disk."""
        import dlbench  # its table is made by rooms above this one, which the package's door knows

        return dlbench.table(self.folder.path.parent)._repr_html_()

    def log(self, /, **values: Any) -> None:
        """Keep single numbers, by names of your own, as they are after the steps so far; `epoch` is the epoch.

        Tensors may be on any device: they are copied there and fetched with the next probe, so nothing waits for them here. The
        names that dlbench knows are `train_loss`, `validation_accuracy`, `test_rmse` and their like. Logged at every step, numbers
        are kept at distances of 1/256 of the steps so far, and the last always. Raises UsageError where a value is no single
        number, and after the end.
        """
        if self._is_over or self._is_copy:
            self._refuse()
            return
        # Every step comes here: what can wait is done when records are written.
        started = perf_counter()
        steps, budget = self._steps, self._budget
        rate = steps.optimizers[0].param_groups[0]["lr"] if steps.optimizers else None
        if "epoch" in values and self._controls is not None:
            self._controls.told_epoch(values["epoch"], steps.step)
        self._series.log(steps.step, values, started - budget.origin, rate)
        budget.logged(perf_counter() - started)

    def _refuse(self, what: str = "log") -> None:
        """In a copy of the process and on a full disk nothing is kept; after the end it is an error."""
        if not self._is_copy and not self._is_lost:
            raise UsageError(f"{what}: the recording {self.name} has ended")

    def pictures(self, layer: Pictured = None, images: Any = None, *, shape: Sequence[int] | None = None) -> None:
        """Keep pictures of a layer as it is now: call it where you want them, once an epoch for instance.

        `layer` is a module or its name, without it the first that has filters. Pictured are the kernels of a convolution, the
        weights of dense units in the `shape` of their input, or `images` of your own, `[count, (channels,) height, width]`.
        Raises UsageError where there is nothing to picture.
        """
        if self._is_over or self._is_copy:
            self._refuse("pictures")
            return
        with self._budget.booking():
            try:
                self._pictures.write(self._steps.step, layer, images, shape)
            except UnwritableError as error:
                self.on_fault(error)

    def step(self) -> None:
        """Say that the weights have just been moved by hand: in loops without an optimizer, once a step.

        Raises UsageError where there are optimizers, whose steps are counted by themselves.
        """
        if not self._by_hand:
            raise UsageError(
                "step: the steps of the optimizer are counted by themselves; call it only with optimizer=None"
            )
        if not self._is_over and not self._is_copy:
            self._steps.by_hand()

    def close(self, status: str = "done", error: str | None = None) -> None:
        """End the recording; a second call does nothing."""
        if self._is_over or self._is_copy:
            return
        self._is_over = True
        self._steps.detach()
        if self._scaler is not None:
            self._scaler.detach()
        try:
            if self._series.names and not self._steps.calls + self._steps.step:
                self.on_note(NO_STEPS[self._by_hand])
            self._flush(last=True)
            if self._controls is not None:
                self._controls.close(self._steps.step)
            self._journal.end(status, error, self._steps.step, self._budget.trained)
        except UnwritableError as problem:
            warnings.warn(f"dlbench: the end of the recording is not written: {problem}", RuntimeWarning, stacklevel=2)

    def __del__(self) -> None:
        if not getattr(self, "_is_over", True):  # as where a cell of a notebook is run again
            self.close("stopped", "it was let go without run.close()")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End it by what ended the block; only a stop that someone asked for ends here."""
        if error is None:
            self.close()
        elif isinstance(error, RecordingStopped):
            self.close("stopped")
            return True
        elif isinstance(error, Exception):
            self.close("failed", f"{type(error).__name__}: {error}")
        else:
            self.close("stopped", type(error).__name__)
        return False

    # --- what the steps report ----------------------------------------------------------------------------------------

    def on_probe(self, step: int, fields: dict[str, Any]) -> None:
        """Write a probe, and what was logged until then."""
        called, shapes = ([], {}) if self._outputs is None else (list(self._outputs.order), self._outputs.shapes)
        self._journal.introduce(called, shapes)
        while self._outputs is not None and self._outputs.faults:
            self.on_note(self._outputs.faults.pop())
        ordered = self._journal.probe(step, fields, self._budget.cost)
        if self._controls is not None:
            self._controls.probed(step, self._journal.layers, ordered)
        self._flush()

    def on_step(self, step: int) -> float:
        """Between two steps: look at controls, give a sign of life; returns the seconds until the next look."""
        is_steered = self._controls is not None and self._controls.is_on
        if not is_steered and (rest := self._looks.wait()) > 0:
            return rest
        with self._looks.looking():
            if self._controls is not None:
                if self._controls.has_breakpoints:
                    self._flush()
                is_steered = self._obey(self._controls, step)
            if (rate := self._looks.beat(step)) is not None:
                self._beat(step, rate)
        return 0.0 if is_steered else self._looks.wait()

    def on_fault(self, error: Exception) -> None:
        """Go on without what failed: on a full disk without anything, else without probes."""
        if isinstance(error, UnwritableError):
            self._is_over = self._is_lost = True
            self._steps.detach()
            warnings.warn(f"dlbench: {error}; the training goes on unrecorded", RuntimeWarning, stacklevel=2)
            return
        self._steps.probes = False
        text = f"the layers cannot be measured any more ({type(error).__name__}: {error}); the rest is recorded"
        self.on_note(text)
        warnings.warn(f"dlbench: {text}", RuntimeWarning, stacklevel=2)

    def on_note(self, text: str) -> None:
        """Say what whoever reads the recording must know."""
        self._journal.note(text)

    def _obey(self, controls: RecordingControls, step: int) -> bool:
        """Do what was asked for, waiting while paused; whether every step is steered from here on."""
        started, of_processor = perf_counter(), process_time()
        was_waiting = False

        def idle() -> None:
            nonlocal was_waiting
            was_waiting = True
            self._flush()
            self._journal.heartbeat(step, None, paused=True)

        controls.on_rate = self.on_rate
        try:
            controls.obey(step, idle)
        except RecordingStopped:
            if self.on_stop is None:
                raise
            self.on_stop()
        finally:
            took = perf_counter() - started, process_time() - of_processor
            (self._budget.skip if was_waiting else self._budget.booked)(*took)
        self._budget.is_watched = controls.is_watched
        return controls.is_on

    def _beat(self, step: int, rate: float) -> None:
        with self._budget.booking():
            self._flush()
            self._journal.heartbeat(step, rate, paused=False)

    def _flush(self, *, last: bool = False) -> None:
        """Write what was logged at steps that are complete; at the end all of it."""
        self._write_records(self._series.take(None if last else self._steps.step))

    def _write_records(self, records: Sequence[LoggedStep]) -> None:
        if records and (self._scaler is not None or self._steps.skipped):
            skipped = self._steps.skipped + (0 if self._scaler is None else self._scaler.skipped)
            records[-1].values["skipped_steps"] = float(skipped)
        if records and self._steps.clipped:
            records[-1].values.setdefault(CLIPPED_FRACTION, mean(self._steps.clipped))
        for record in records:
            self._journal.metrics(record)
            if self._controls is not None:
                self._controls.logged(record.step, record.values)


def _disown() -> None:
    """In a copy of this process: its recordings are those of its parent."""
    for recording in list(_ALIVE):
        recording._is_copy = True  # noqa: SLF001  # asking for the process at each step would cost a call of the system


_ALIVE: WeakSet[Recording] = WeakSet()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown)
