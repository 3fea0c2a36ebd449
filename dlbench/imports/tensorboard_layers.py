"""What dlbench told TensorBoard of layers, as probes again: measures and histograms by their tags, kinds by the net's graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlbench.imports.log import wrong
from dlbench.imports.series import LogSeries
from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM

if TYPE_CHECKING:
    from pathlib import Path

    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import HistogramProto

HISTOGRAMS = "gradient_log10"
"""The tags' beginning of gradients' powers of ten."""
LOWEST, WIDTH, BINS = -65, 2, 40
"""The power of two at which the first bin begins, powers of two in a bin, and how many bins probes have."""
MERGE = "merge"
"""The node of a layer of layers, in the group that has its name."""
MOST_LAYERS = 10_000


@dataclass
class LayerRecords:
    """Measures and histograms of the layers of one trial; `names` are the rows of its probes."""

    names: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """Of the layers of the net, by their names."""
    measures: dict[tuple[str, str], LogSeries[float]] = field(default_factory=dict)
    histograms: dict[str, LogSeries[NDArray[np.int64]]] = field(default_factory=dict)
    _before: tuple[str, str] | None = None

    def describe(self, event: Event) -> None:
        """Take the kinds of layers from the net's graph, where an event has it."""
        if not event.graph_def:
            return
        from google.protobuf.message import DecodeError
        from tensorboard.compat.proto.graph_pb2 import GraphDef

        try:
            nodes = GraphDef.FromString(event.graph_def).node
        except DecodeError:
            return
        for node in nodes:
            path = PurePosixPath(node.name)
            self.kinds[path.parent.name if path.name == MERGE else path.name] = node.op

    def take(self, tag: str, step: int, value: float) -> bool:
        """Take a number if it is one of a layer; returns whether it is."""
        measure, _, layer = tag.partition("/")
        if not layer or not (measure in MEASURES or layer in self.kinds):
            return False
        self._place(measure, layer)
        self.measures.setdefault((measure, layer), LogSeries()).add(step, value)
        return True

    def take_histogram(self, tag: str, step: int, told: HistogramProto) -> bool:
        """Take a histogram if it is one of a layer's gradients; returns whether it is."""
        begin, _, layer = tag.partition("/")
        counts = _counts(told) if begin == HISTOGRAMS and layer else None
        if counts is None:
            return False
        self._place(begin, layer)
        self.histograms.setdefault(layer, LogSeries()).add(step, counts)
        return True

    def check(self, path: Path) -> None:
        """Raise UsageError where there are more layers than any net has."""
        if len(self.names) > MOST_LAYERS:
            raise wrong(path, None, f"has more than {MOST_LAYERS:,} layers")

    def probes(self) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
        """Each step with what was measured there, `[1][layers]` and `[1][layers][bins]`; what is missing is NaN."""
        rows = {name: row for row, name in enumerate(self.names)}
        found: dict[int, dict[str, NDArray[Any]]] = {}
        for (measure, layer), series in self.measures.items():
            for step, value in series.items():
                own = found.setdefault(step, {})
                if measure not in own:
                    own[measure] = np.full((1, len(rows)), np.nan, np.float32)
                own[measure][0, rows[layer]] = value
        for layer, counts in self.histograms.items():
            for step, own_counts in counts.items():
                own = found.setdefault(step, {})
                if HISTOGRAM not in own:
                    own[HISTOGRAM] = np.zeros((1, len(rows), BINS), np.int64)
                own[HISTOGRAM][0, rows[layer]] = own_counts
        yield from sorted(found.items())

    def _place(self, measure: str, layer: str) -> None:
        """Give a layer its row: behind the one that the same measure has told of before it."""
        if layer not in self.names:
            before = self._before[1] if self._before is not None and self._before[0] == measure else None
            self.names.insert(0 if before is None else self.names.index(before) + 1, layer)
        self._before = measure, layer


def _counts(told: HistogramProto) -> NDArray[np.int64] | None:
    """The counts of all bins, as the export laid them out by powers of ten; `None` where they are of another layout."""
    limits, counts = np.array(told.bucket_limit), np.array(told.bucket)
    if not len(limits) or len(limits) != len(counts):
        return None
    places = (limits / np.log10(2) - LOWEST) / WIDTH
    first = round(float(places[0])) if np.isfinite(places[0]) else -1
    end = first + len(limits) - 1
    is_ours = first >= 0 and end <= BINS and np.allclose(places, np.arange(first, end + 1), atol=1e-6)
    if not is_ours or not (np.isfinite(counts).all() and (counts >= 0).all() and counts.sum() < 2**53):
        return None
    found = np.zeros(BINS, np.int64)
    found[first:end] = np.rint(counts[1:])
    return found
