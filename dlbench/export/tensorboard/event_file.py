"""One event file of TensorBoard: summaries, graphs and hyperparameters, written with TensorBoard's own classes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.run.atomic import writing

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

FILE = "events.out.tfevents.{started:010.0f}.dlbench"
VERSION = "brain.Event:2"
LOWEST = -65
"""The power of two at which the first bin of the gradients' histograms begins."""
WIDTH = 2
"""Powers of two in a bin."""
DECADES = math.log10(2)
"""Powers of ten in a power of two."""

Value: TypeAlias = "Summary.Value"


def require() -> None:
    """Raise SetupError where the library that writes such files is not installed."""
    try:
        import tensorboard.compat.proto.event_pb2  # noqa: F401
    except ImportError:
        raise SetupError(
            "TensorBoard's files need its library; install it with `pip install 'dlbench[tensorboard]'`"
        ) from None


@dataclass
class EventFile:
    """A file of events in a folder of its own, which TensorBoard calls a run; it is not kept open between two writings.

    Events of many trials are written in turn, and a system allows few open files.
    """

    folder: Path
    started: float
    """Seconds since 1970; what happened a while later is written with that much more."""
    opened: float | None = None
    """When a resumed run goes on: it writes into a file of its own, which TensorBoard reads behind the older ones."""
    _is_begun: bool = field(default=False, init=False)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / FILE.format(started=self.started if self.opened is None else self.opened)

    def write(self, events: Iterable[Event]) -> None:
        """Append events; raises UnwritableError where that cannot be done."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        with writing(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                records = RecordWriter(file)
                if not self._is_begun:
                    records.write(Event(wall_time=self.started, file_version=VERSION).SerializeToString())
                    self._is_begun = True
                for event in events:
                    records.write(event.SerializeToString())

    def summary(self, step: int, after: float, values: Iterable[Value]) -> Event:
        """The event of what is known of one step, so many seconds after the beginning."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        return Event(wall_time=self.started + after, step=step, summary=Summary(value=values))


def scalars(numbers: Mapping[str, float]) -> list[Value]:
    """Numbers by their tags; those that are not there are not written."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    return [Summary.Value(tag=tag, simple_value=number) for tag, number in numbers.items() if np.isfinite(number)]


def histogram(tag: str, counts: NDArray[np.unsignedinteger]) -> Value:
    """The powers of ten of gradients' sizes, of counts by their powers of two `[bins]`; exact zeros have none.

    On an axis of the sizes themselves all but the largest would fall into one bar. Mean and spread that TensorBoard makes of sum
    and squares are as if each gradient lay in the middle of its bin.
    """
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary

    filled = np.flatnonzero(counts)
    first, end = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 0)
    edges = DECADES * (LOWEST + WIDTH * np.arange(first, end + 1, dtype=np.float64))
    numbers, middles = counts[first:end].astype(np.float64), (edges[:-1] + edges[1:]) / 2
    binned = HistogramProto(
        min=edges[0],
        max=edges[-1],
        num=numbers.sum(),
        sum=numbers @ middles,
        sum_squares=numbers @ middles**2,
        # A bucket reaches from the limit before it to its own; the first, up to where the first bin begins, is empty.
        bucket_limit=edges.tolist(),
        bucket=[0.0, *numbers.tolist()],
    )
    return Summary.Value(tag=tag, histo=binned)


def image(tag: str, png: bytes, size: tuple[int, int]) -> Value:
    """A picture of so many pixels across and down."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    width, height = size
    return Summary.Value(
        tag=tag, image=Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
    )
