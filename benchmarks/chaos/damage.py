"""Files of a run that were changed behind its back: checkpoints, events, and the clock of what wrote them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.chaos.bench import Bench, is_done, numbers, of_report, wait_until
from benchmarks.chaos.tally import Tally
from dlbench.analysis.summary import summarize
from dlbench.run.event_arrays import arrays_beside
from dlbench.run.event_line import CHECKSUM, EVENT_VERSION, encode_event
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.text.notes import notes_of


def truncated(path: Path, rng: random.Random) -> None:
    """Cut at a random place."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(1, len(content))])


def emptied(path: Path, _rng: random.Random) -> None:
    """Nothing is left of it."""
    path.write_bytes(b"")


def garbled(path: Path, rng: random.Random) -> None:
    """Random bytes in its place."""
    path.write_bytes(rng.randbytes(path.stat().st_size))


def flipped(path: Path, rng: random.Random) -> None:
    """One bit in its middle half is another."""
    content = bytearray(path.read_bytes())
    quarter = len(content) // 4
    content[rng.randrange(quarter, 3 * quarter)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


WAYS: dict[str, Callable[[Path, random.Random], None]] = {
    "truncated": truncated,
    "empty": emptied,
    "garbage": garbled,
    "a flipped bit": flipped,
}


class Half:
    """A run that was killed once its pre-training had left two checkpoints; each disturbance gets a copy."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        process = bench.run()
        wait_until(lambda: len(self._checkpoints()) >= 2 or process.popen.poll() is not None)
        bench.end()
        process.wait()
        found = bench.newest()
        assert found is not None, process.said
        self.folder = found
        self._copies = 0

    def _checkpoints(self) -> list[Path]:
        found = self.bench.newest()
        return [] if found is None else sorted(found.checkpoints.glob("stack-*.pt"))

    def resumed(self) -> RunFolder:
        """Another run that has gone on from there to its end."""
        folder = self.copy()
        self.bench.resume(folder).wait()
        return folder

    def copy(self) -> RunFolder:
        """Another run that has come as far."""
        self._copies += 1
        path = self.folder.path.with_name(f"{self.folder.path.name}-copy-{self._copies}")
        shutil.copytree(self.folder.path, path)
        return RunFolder(path)


def checkpoints(half: Half, rng: random.Random, tally: Tally, expected: list[Any], ways: list[str]) -> None:
    """Damage the newest checkpoint, then both; the resumed run says so and ends the same."""
    for way in ways:
        for both in (False, True):
            folder = half.copy()
            files = sorted(folder.checkpoints.glob("stack-*.pt"))
            newest = [path for path in files if "previous" not in path.name]
            for path in files if both else newest:
                WAYS[way](path, rng)
            process = half.bench.resume(folder)
            process.wait()
            told = "damaged" in process.said and "weights_only" not in process.said
            same = is_done(folder) and numbers(folder) == expected
            tally.add(f"checkpoint{'s, all' if both else ', newest'}: {way}", same=same, told=told)


def _flipped(line: bytes, rng: random.Random) -> bytes:
    changed = bytearray(line)
    changed[rng.randrange(10, len(line) - 20)] ^= 1  # never a line's end
    return bytes(changed)


EVENT_WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "garbage": lambda line, rng: rng.randbytes(len(line)).replace(b"\n", b"") + b"\n",
    "cut short": lambda line, rng: line[: rng.randrange(1, len(line) - 1)] + b"\n",
    "removed": lambda _line, _rng: b"",
    "a flipped bit": _flipped,
    "a wrong version": lambda line, _rng: line.replace(b'"v":%d' % EVENT_VERSION, b'"v":7', 1),
}


def events(whole: RunFolder, rng: random.Random, tally: Tally, expected: list[Any], times: int) -> None:
    """Destroy three lines of a finished run; the table says how many are lost, or is the same."""
    for way, change in EVENT_WAYS.items():
        for copy in range(times):
            folder = _copied(whole, f"{way}-{copy}")
            path = folder.events_file(0, 0)
            lines = path.read_bytes().splitlines(keepends=True)
            for at in rng.sample(range(1, len(lines) - 1), 3):
                lines[at] = change(lines[at], rng)
            path.write_bytes(b"".join(lines))
            found = summarize(folder)
            told = any("3 of its lines cannot be read or are missing" in note for note in notes_of(found))
            tally.add(f"events: {way}", same=of_report(found) == expected, told=told, may_differ=True)


def arrays(whole: RunFolder, rng: random.Random, tally: Tally, expected: list[Any], ways: list[str]) -> None:
    """Damage the arrays of a finished run's events; a dashboard's reader counts them, the table says so or needs none of them."""
    for way in ways:
        folder = _copied(whole, f"arrays-{way}")
        path = arrays_beside(folder.events_file(0, 0))
        WAYS[way](path, rng)
        found, reader = summarize(folder), EventReader(folder)
        reader.poll()
        tally.add(
            f"arrays: {way}", same=of_report(found) == expected, told=reader.problems[path.name] > 0, may_differ=True
        )


def clock(whole: RunFolder, rng: random.Random, tally: Tally, expected: list[Any], times: int) -> None:
    """Turn the clock of a finished run's events back, once in a file or at every line; only the order of lines counts."""
    for number in range(times):
        folder = _copied(whole, f"clock-{number}")
        for _, _, path in folder.events_files():
            lines = path.read_bytes().splitlines(keepends=True)
            at = rng.randrange(len(lines))
            hours = [rng.uniform(0, 2) if number % 2 else float(place > at) for place in range(len(lines))]
            path.write_bytes(b"".join(map(_set_back, lines, hours)))
        same = is_done(folder) and numbers(folder) == expected
        tally.add("clock turned back", same=same, told=same)


def _set_back(line: bytes, hours: float) -> bytes:
    """A line as it would have been written by an earlier clock, its checksum with it."""
    event = orjson.loads(line)
    del event[CHECKSUM]
    return encode_event(event | {"time": event["time"] - 3600 * hours})


def _copied(whole: RunFolder, name: str) -> RunFolder:
    path = whole.path.with_name(f"{whole.path.name}-{name.replace(' ', '-')}")
    shutil.copytree(whole.path, path)
    return RunFolder(path)
