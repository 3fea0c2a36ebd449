"""One trial for TensorBoard: its curves, its layers, histograms, filters, net and hyperparameters."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dlbench.export.plots.canvas import color_pixels, factor_of, plain_pixels, signed_pixels, tiled
from dlbench.export.tensorboard import event_file, hyperparameters
from dlbench.export.tensorboard.event_file import EventFile
from dlbench.export.tensorboard.graph import graph
from dlbench.export.tensorboard.written import Written
from dlbench.metrics.trial_view import Status
from dlbench.run.folder import RunFolder
from dlbench.state.event_records import PictureRecord
from dlbench.state.pictures import Images, limit_of, read_pictures
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

SPLITS = ("train", "validation", "test", "batch")
RGB = 3


@dataclass
class TrialLog:
    """The events of one trial, handed out once each as its state grows."""

    trial: TrialState
    run: RunFolder
    file: EventFile
    settings: Mapping[str, hyperparameters.Setting]
    """What tells it from other trials."""
    group: str
    """The candidate, which its seeds share."""
    before: Written = field(default_factory=Written)
    """What an earlier session has written of it; a resumed run has the same numbers at the same steps."""
    _is_introduced: bool = field(default=False, init=False)
    _has_ended: bool = field(default=False, init=False)
    _evaluations: int = field(default=0, init=False)
    _probes: int = field(default=0, init=False)
    _binned_to: int = field(default=-1, init=False)
    _shown: int = field(default=0, init=False)

    def write(self) -> None:
        """Write what is new; raises UnwritableError where that cannot be done."""
        if events := list(self._new()):
            self.file.write(events)

    def _new(self) -> Iterator[Event]:
        if not self.trial.layers:  # its stack has not begun
            return
        if not self._is_introduced:
            self._is_introduced = True
            yield from self._introduction()
        yield from self._curves()
        yield from self._measures()
        yield from self._histograms()
        yield from self._filters()
        if self.trial.status.final and not self._has_ended:
            self._has_ended = True
            ended = self.file.started + self._after(self.trial.step)
            yield self._at(
                self.trial.step, hyperparameters.session_end(ended, is_success=self.trial.status is Status.OK)
            )

    def _introduction(self) -> Iterator[Event]:
        if not self.before.is_introduced:
            yield self._at(0, hyperparameters.session(self.settings, self.group, self.file.started))
        if not self.before.has_graph and (net := graph(self.trial.stack, self.file.started)) is not None:
            yield net

    def _curves(self) -> Iterator[Event]:
        """Every metric of its evaluations; the clock is the training time of its stack."""
        metrics = self.trial.stack.metrics
        curves = {tag_of(name): self.trial.curve(name) for name in curve_names(self.trial)}
        clock = {
            f"time/{name}": series for name in ("epoch", "seconds") if (series := metrics.series(name)) is not None
        }
        for index in range(self._evaluations, len(metrics.steps)):
            if metrics.steps[index] <= self.before.curves:
                continue
            numbers = {tag: float(values[index]) for tag, values in (curves | clock).items()}
            yield self._at(metrics.steps[index], event_file.scalars(numbers))
        self._evaluations = len(metrics.steps)

    def _measures(self) -> Iterator[Event]:
        """Every measure of every layer at every probe."""
        steps, names = self.trial.probe_steps, [layer.name for layer in self.trial.layers]
        series = {name: self.trial.probe(name) for name in self.trial.stack.probes.fields}
        for index in range(self._probes, len(steps)):
            if steps[index] <= self.before.measures:
                continue
            numbers = {
                f"{measure}/{layer}": float(value)
                for measure, values in series.items()
                if values is not None and values.shape[1] == len(names)
                for layer, value in zip(names, values[index], strict=True)
            }
            yield self._at(steps[index], event_file.scalars(numbers))
        self._probes = len(steps)

    def _histograms(self) -> Iterator[Event]:
        """The powers of ten of each layer's gradients, at the probes that the state has kept."""
        idle, names = self.trial.idle_from, [layer.name for layer in self.trial.layers]
        for record in self.trial.stack.histograms.records:
            if record.step <= max(self._binned_to, self.before.histograms) or (
                idle is not None and record.step >= idle
            ):
                continue
            self._binned_to = record.step
            counts = record.counts[self.trial.position]
            told = [
                event_file.histogram(f"gradient_log10/{name}", own) for name, own in zip(names, counts, strict=False)
            ]
            yield self._at(record.step, told)

    def _filters(self) -> Iterator[Event]:
        """What its layers have learned to see, and give back of samples."""
        records = self.trial.pictures
        for record in records[self._shown :]:
            own = [value for value in self._pictures(record) if (value.tag, record.step) not in self.before.images]
            if own:
                yield self._at(record.step, own)
        self._shown = len(records)

    def _pictures(self, record: PictureRecord) -> Iterator[event_file.Value]:
        found = read_pictures(self.run.path / record.file, self.trial.position)
        if found is None:
            return
        tag = f"{record.layer} in pre-training" if record.phase == "pretrain" else record.layer
        if found.filters is not None and len(found.filters):
            limit = limit_of(found.filters, robust=True)
            yield _sheet(f"filters/{tag}", found.filters, -limit, limit)
        if found.reconstructions is not None and len(found.reconstructions):
            yield _sheet(f"reconstructions/{tag}", found.reconstructions, 0.0, 1.0)

    def _at(self, step: int, values: Sequence[event_file.Value]) -> Event:
        return self.file.summary(step, self._after(step), values)

    def _after(self, step: int) -> float:
        """Seconds that its stack has trained at a step, as far as its evaluations tell."""
        metrics = self.trial.stack.metrics
        seconds = metrics.series("seconds")
        if seconds is None or not len(seconds):
            return 0.0
        return float(np.nan_to_num(np.interp(step, metrics.steps, seconds)))


def curve_names(trial: TrialState) -> list[str]:
    """The series of its evaluations that are its own."""
    metrics = trial.stack.metrics
    found = {name: metrics.series(name) for name in metrics.fields}
    return [name for name, values in found.items() if values is not None and values.ndim > 1]


def tag_of(name: str) -> str:
    """`loss/test` for `test_loss`: TensorBoard puts what is alike before the slash onto one sheet."""
    split = next((split for split in SPLITS if name.startswith(f"{split}_")), None)
    return name if split is None else f"{name.removeprefix(f'{split}_')}/{split}"


def _sheet(tag: str, images: Images, low: float, high: float) -> event_file.Value:
    """Images `[count, channels, height, width]` side by side in their colours, or in those of the plots."""
    from PIL.Image import fromarray

    if images.shape[1] == RGB:
        pixels = color_pixels(images, low, high)
    else:
        one = images.mean(axis=1)
        pixels = signed_pixels(one, high) if low < 0 else plain_pixels(one, low, high)
    sheet = fromarray(tiled(pixels, math.ceil(math.sqrt(len(images))), factor_of(images)))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return event_file.image(tag, file.getvalue(), sheet.size)
