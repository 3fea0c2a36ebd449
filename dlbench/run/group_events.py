"""The events of a group of recordings, each in the place that its recording has in the group."""

from __future__ import annotations

import math
import time
from collections import Counter

from dlbench.errors import DlbenchError
from dlbench.run.event_line import Event
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.run.group import RecordingGroup


class GroupReader:
    """Polls the events of a group's members like `EventReader` those of a run.

    What is lost is counted by file as `STAMP/s000-w0.jsonl`. Of a recording whose events are of a newer version that is what is
    lost: the others can still be read.
    """

    def __init__(self, group: RecordingGroup, *, histograms: bool = True) -> None:
        self.group = group
        self._readers = [EventReader(one.folder, histograms=histograms) for one in group.members]
        self._refused: set[int] = set()
        self._next = 0
        self.problems: Counter[str] = Counter()

    @property
    def offset(self) -> int:
        """Bytes of all files that have been read so far."""
        return sum(reader.offset for reader in self._readers)

    def poll(self, *, max_seconds: float | None = None) -> list[Event]:
        """The events that are new: recording after recording, the next time beginning where the time was up."""
        events: list[Event] = []
        deadline = math.inf if max_seconds is None else time.monotonic() + max_seconds
        for _ in self._readers:
            left = deadline - time.monotonic()
            if events and left <= 0:
                break
            events += self._poll(self._next, None if max_seconds is None else max(left, 0.0))
            self._next = (self._next + 1) % len(self._readers)
        return events

    def _poll(self, index: int, max_seconds: float | None) -> list[Event]:
        reader, stamp = self._readers[index], self.group.members[index].folder.path.name
        if index in self._refused:
            return []
        try:
            found = reader.poll(max_seconds=max_seconds)
        except DlbenchError:
            self._refused.add(index)
            found = []
            self.problems[f"{stamp}/events"] = 1
        for name, lost in reader.problems.items():
            self.problems[f"{stamp}/{name}"] = lost
        return [placed for event in found if (placed := _placed(event, index, stamp)) is not None]


def _placed(event: Event, index: int, stamp: str) -> Event | None:
    """An event as the group's `index`-th recording tells it; `None` where it is of a stack that no recording has."""
    changed: Event = {"worker": index}
    if event.get("stack") is not None:
        if event["stack"] != 0:
            return None
        changed["stack"] = index
    if isinstance(stacks := event.get("stacks"), list):
        changed["stacks"] = [index] if 0 in stacks else []
    if event["kind"] == "pictures" and isinstance(file := event.get("file"), str):
        changed["file"] = f"{stamp}/{file}"
    return event | changed


def reader_of(folder: RunFolder, *, histograms: bool = True) -> EventReader | GroupReader:
    """What reads the events of a run, or of a group."""
    if isinstance(folder, RecordingGroup):
        return GroupReader(folder, histograms=histograms)
    return EventReader(folder, histograms=histograms)
