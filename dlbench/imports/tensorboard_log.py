"""Logs of TensorBoard: the event files of a folder, by TensorBoard's own reader; of those that dlbench wrote the layers too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlbench.files import is_folder
from dlbench.imports.event_records import EventFileEnd, records_of, require_tensorboard
from dlbench.imports.log import Cell, LogRow, Remarks, checksums_of, path_text, wrong
from dlbench.imports.tensorboard_layers import LayerRecords

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

OURS = ".dlbench"
"""How the names of event files end that dlbench wrote."""
LOOKED_AT = 16
"""Events at the beginning of a file among which hyperparameters stand."""
HPARAMS = "_hparams_/"
"""How the tags of hyperparameters begin."""
LEFT = {"histo": "histograms", "image": "images", "audio": "audio"}
"""What values are called that are no scalars, by TensorBoard's names."""


@dataclass
class TensorBoardLog:
    """One run of TensorBoard: a file, or the files of a folder and of those in it that hold its hyperparameters."""

    path: Path
    files: list[Path]
    hparams: dict[str, Any]
    layers: LayerRecords | None
    """What dlbench told of layers, if it wrote the files; filled by `rows`."""
    remarks: Remarks = field(default_factory=Remarks)
    columns: list[str] = field(default_factory=list)
    has_failed: bool = False
    begins_with_hparams = False
    part = ""
    names: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its path."""
        return path_text(self.path)

    def checksums(self) -> list[dict[str, str]]:
        """Of its files."""
        return checksums_of(self.files)

    def rows(self) -> Iterator[LogRow]:
        """A row an event, with the scalars in it; the line is the number of the record in its file."""
        kinds: dict[str, str] = {}
        left: Counter[str] = Counter()
        for file in self.files:
            end = EventFileEnd()
            for number, event in records_of(file, end):
                if self.layers is not None:
                    self.layers.describe(event)
                cells = self._cells(event, kinds, left)
                if cells:
                    yield LogRow(number, cells, event.step)
            if end.problem is not None:
                self.remarks.say(f"{file.name} is cut off or damaged after {end.records:,} records: {end.problem}")
        if self.layers is not None:
            self.layers.check(self.path)
        if left:
            told = ", ".join(f"{kind} ({count:,})" for kind, count in sorted(left.items()))
            self.remarks.say(f"left out: {told}")

    def _cells(self, event: Event, kinds: dict[str, str], left: Counter[str]) -> dict[str, Cell]:
        """The scalars of an event that are no layer's; `kinds` are the tags' plug-ins, `left` counts what has no place."""
        cells: dict[str, Cell] = {}
        for value in event.summary.value:
            found = _scalar(value, kinds)
            if found is not None:
                if self.layers is None or not self.layers.take(value.tag, event.step, found):
                    cells[value.tag] = found
            elif value.tag.startswith(HPARAMS):
                self.has_failed |= _is_failure(value)
            elif not self._has_histogram(event.step, value):
                left[LEFT.get(value.WhichOneof("value") or "", kinds.get(value.tag) or "others")] += 1
        return cells

    def _has_histogram(self, step: int, value: Summary.Value) -> bool:
        return (
            self.layers is not None
            and value.HasField("histo")
            and self.layers.take_histogram(value.tag, step, value.histo)
        )


def tensorboard_logs(path: Path) -> list[TensorBoardLog]:
    """The log at a file or folder; none where its files are those of hyperparameters only.

    Raises SetupError without TensorBoard's library, UsageError where a file is none of TensorBoard's.
    """
    require_tensorboard()
    files = _event_files(path) if is_folder(path) else [path]
    told = {file: _beginning(file) for file in files}
    if not any(one.has_numbers for one in told.values()):
        return []
    if is_folder(path):
        for folder in sorted(path.iterdir()):
            own = {file: _beginning(file) for file in _event_files(folder)} if is_folder(folder) else {}
            if any(one.hparams for one in own.values()):
                told |= own
    hparams = {name: value for one in told.values() for name, value in one.hparams.items()}
    layers = LayerRecords() if all(file.name.endswith(OURS) for file in told) else None
    return [TensorBoardLog(path, list(told), hparams, layers)]


def _event_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if "tfevents" in file.name and file.is_file())


@dataclass
class _Beginning:
    """What a file shows first: hyperparameters, and whether there is anything else."""

    hparams: dict[str, Any] = field(default_factory=dict)
    has_numbers: bool = False


def _beginning(file: Path) -> _Beginning:
    found, end = _Beginning(), EventFileEnd()
    for _, event in islice(records_of(file, end), LOOKED_AT):
        for value in event.summary.value:
            found.hparams |= _hparams(value)
            found.has_numbers |= not value.tag.startswith(HPARAMS)
    if end.problem is not None and not end.records:
        raise wrong(file, None, f"is no event file of TensorBoard: {end.problem}")
    return found


def _hparams(value: Summary.Value) -> dict[str, Any]:
    """The hyperparameters that a value of the plug-in's own holds."""
    from google.protobuf.message import DecodeError
    from tensorboard.plugins.hparams import metadata

    if value.tag != metadata.SESSION_START_INFO_TAG:
        return {}
    try:
        told = metadata.parse_session_start_info_plugin_data(value.metadata.plugin_data.content).hparams
    except (DecodeError, ValueError):
        return {}
    return {name: getattr(one, one.WhichOneof("kind") or "string_value") for name, one in told.items()}


def _is_failure(value: Summary.Value) -> bool:
    """Whether a value of the plug-in's own says that training has failed."""
    from google.protobuf.message import DecodeError
    from tensorboard.plugins.hparams import api_pb2, metadata

    if value.tag != metadata.SESSION_END_INFO_TAG:
        return False
    try:
        told = metadata.parse_session_end_info_plugin_data(value.metadata.plugin_data.content)
    except (DecodeError, ValueError):
        return False
    return bool(told.status == api_pb2.STATUS_FAILURE)


def _scalar(value: Summary.Value, kinds: dict[str, str]) -> float | None:
    """The number of a value, if it is a scalar; of a tag that holds tensors only the first says what they are."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    plugin = value.metadata.plugin_data.plugin_name
    if plugin:
        kinds.setdefault(value.tag, plugin)
    if not value.HasField("tensor") or kinds.get(value.tag) != "scalars":
        return None
    from tensorboard.util import tensor_util

    try:
        found = tensor_util.make_ndarray(value.tensor)
        return float(found.item()) if found.size == 1 else None
    except (TypeError, ValueError):
        return None
