"""What an earlier session of a run has written for TensorBoard, so that a resumed one goes on behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.imports.event_records import EventFileEnd, records_of
from dlbench.measures.catalog import MEASURES

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

NAME = re.compile(r"events\.out\.tfevents\.(\d{10})\.dlbench")
HPARAMS = "_hparams_/"
"""How the tags of hyperparameters begin."""


@dataclass
class Written:
    """Of one folder: whether it says what it is about, and up to which steps of each kind it has everything."""

    is_introduced: bool = False
    has_graph: bool = False
    curves: int = -1
    measures: int = -1
    histograms: int = -1
    images: set[tuple[str, int]] = field(default_factory=set)
    """Tags with their steps: those of pre-training go back."""


def began(folder: Path) -> float | None:
    """When the run began that has written into a folder, in seconds since 1970; `None` where none of ours has."""
    found = [match for path in folder.glob("*.dlbench") if (match := NAME.fullmatch(path.name))]
    return min((float(match[1]) for match in found), default=None)


def written_in(folder: Path) -> Written:
    """What the files of ours in a folder hold; where one is cut off, what stands before the cut."""
    told = Written()
    for path in sorted(folder.glob("*.dlbench")):
        for _, event in records_of(path, EventFileEnd()):
            _note(told, event)
    return told


def _note(told: Written, event: Event) -> None:
    told.has_graph |= event.WhichOneof("what") == "graph_def"
    for value in event.summary.value:
        if value.tag.startswith(HPARAMS):
            told.is_introduced = True
        elif value.HasField("histo"):
            told.histograms = max(told.histograms, event.step)
        elif value.HasField("image"):
            told.images.add((value.tag, event.step))
        elif value.tag.partition("/")[0] in MEASURES:
            told.measures = max(told.measures, event.step)
        else:
            told.curves = max(told.curves, event.step)
