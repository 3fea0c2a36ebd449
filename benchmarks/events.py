"""What events cost on disk and who reads them: `python -m benchmarks.events`; seconds of processor time, the best of three.

The runs are made up (`synthetic_runs.py`): `large` is the one that the dashboard's cases open, `wide` has many trials.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.cases.dashboard import LARGE
from benchmarks.synthetic_runs import Size, metrics, probe, write_run
from dlbench.launch.status import status
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState
from dlbench.tui.model.event_index import EventIndex

RUNS = {
    "large: 200 trials, 61 layers": Size(**LARGE),
    "lesson: 30 trials, 10 layers": Size(seeds=15),
    "wide: 10,000 trials, 3 layers": Size(layers=2, seeds=5000, probes=10),
}
ROUNDS = 3


def folded(folder: RunFolder, *, histograms: bool) -> None:
    """The whole fold, as tables have it and, with histograms, as the dashboard has it."""
    plan = folder.read_plan()
    state = RunState(plan) if histograms else RunState(plan, histograms=0)
    state.apply(EventReader(folder, histograms=histograms).poll())


def indexed(folder: RunFolder) -> EventIndex:
    """What a replay does before its first event."""
    index = EventIndex(folder)
    while not index.ready:
        index.scan(1.0)
    return index


def replayed(folder: RunFolder) -> None:
    """A replay from its first event to its last."""
    index = indexed(folder)
    list(index.read(0, len(index)))


READERS: dict[str, Callable[[RunFolder], object]] = {
    "how it stands": status,
    "table's fold": lambda folder: folded(folder, histograms=False),
    "dashboard's fold": lambda folder: folded(folder, histograms=True),
    "replay: index": indexed,
    "replay: all events": replayed,
}


def seconds(do: Callable[[], object]) -> float:
    """Seconds of processor time at best."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        do()
        found.append(time.process_time() - began)
    return min(found)


def written(trials: int, layers: int) -> float:
    """Microseconds that a worker takes to write one evaluation and one probe."""
    rng, times = np.random.default_rng(0), max(20, 10_000 // trials)
    fields, measures = metrics(rng, trials, 0), probe(rng, trials, layers)

    def write() -> None:
        with tempfile.TemporaryDirectory() as folder, EventWriter(Path(folder) / "events.jsonl") as writer:
            for step in range(times):
                writer.write("metrics", stack=0, step=step, **fields)
                writer.write("probe", stack=0, step=step, **measures)

    return seconds(write) / times * 1e6


def main() -> None:
    """Measure all runs and print a row each."""
    found = Table("run", "MB", "write, µs", *READERS, box=None)
    with tempfile.TemporaryDirectory() as out:
        for number, (name, size) in enumerate(RUNS.items()):
            folder = write_run(Path(out) / str(number), size)
            megabytes = sum(path.stat().st_size for path in folder.events.iterdir()) / 1e6
            times = [f"{seconds(lambda read=read, folder=folder: read(folder)):.3f}" for read in READERS.values()]  # type: ignore[misc]
            found.add_row(name, f"{megabytes:.1f}", f"{written(size.seeds, size.layers + 1):.0f}", *times)
    Console(file=sys.stdout, width=140).print(found)


if __name__ == "__main__":
    main()
