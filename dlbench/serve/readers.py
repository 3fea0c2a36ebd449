"""Readers of runs: however many look at a run, its folder is read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dlbench.run.folder import RunFolder
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import Reading, View


@dataclass
class Reader:
    """A feed, and how many follow it."""

    reading: Reading
    feed: Feed
    followers: int = 0


class Readers:
    """All runs that are looked at, each read by one feed from its first follower to its last."""

    def __init__(self) -> None:
        self._open: dict[Path, Reader] = {}

    @property
    def followers(self) -> list[int]:
        """How many follow each run that is read."""
        return [reader.followers for reader in self._open.values()]

    def view(self, folder: RunFolder) -> tuple[View, Follower]:
        """A new view of a run; raises as `follow` does."""
        view = View(run_info(folder))
        return view, self.follow(view, folder)

    def follow(self, view: View, folder: RunFolder) -> Follower:
        """Turn a view to a run.

        Raises UsageError or DlbenchError where the folder is no run that can be read; the view then stays as it is.
        """
        place = folder.path.resolve()
        if place not in self._open:
            reading = Reading(run_info(folder))
            feed = Feed(View(reading.info, reading), FolderSource(folder), folder)
            self._open[place] = Reader(reading, feed)
            feed.start()
        reader = self._open[place]
        reader.followers += 1
        view.turn_to(reader.reading)
        return Follower(self, place, view)

    def leave(self, place: Path) -> None:
        """One less follows; the last one ends the feed, whose thread is not waited for."""
        reader = self._open[place]
        reader.followers -= 1
        if reader.followers == 0:
            del self._open[place]
            reader.feed.stop(0.0)


class Follower:
    """One view that follows a run since it was made, until `stop`."""

    def __init__(self, readers: Readers, place: Path, view: View) -> None:
        self._readers, self._place, self._view = readers, place, view
        self._reading = view.reading
        self._follows = True

    def start(self) -> None:
        """Nothing: the reader is at work."""

    def stop(self) -> None:
        """Follow no longer."""
        if self._view.reading is self._reading:
            self._view.leave()
        if self._follows:
            self._follows = False
            self._readers.leave(self._place)
