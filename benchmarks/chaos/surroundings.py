"""What a run stands on: a disk that is full, a folder that is moved away, others that start at once, pictures that are broken."""

from __future__ import annotations

import random
import resource
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.chaos.bench import Bench, Process, is_done, numbers, wait_until
from benchmarks.chaos.damage import emptied, garbled
from benchmarks.chaos.tally import Tally
from dlbench.errors import ExitCode
from dlbench.run.folder import create

DISKS = (8, 40, 90, 160, 240)
"""KiB that are there: for the plan only, for the first events, for some, for all but the last files."""
LIMITS = (8, 20, 40, 90, 160)
"""KiB that a file may have; the events have more."""
PICTURES = """
[lesson]
section = "0.1"
title = "Broken pictures"
question = "Which?"
explain = "That one."

[data]
kind = "image_folder"
path = "pictures"

[model]
layers = [{ kind = "flatten" }]

[train]
optimizer = { kind = "sgd", lr = 0.1 }
steps = 5

[variants.a]
"""


def full_disk(bench: Bench, tally: Tally, expected: list[Any], sizes: list[int]) -> None:
    """Let the disk of the results be full, then make room and go on. Needs the right to mount."""
    for size in sizes:
        place = bench.folder / f"disk-{size}"
        place.mkdir()
        own = Bench(bench.folder / f"full-{size}", results=place / "results")
        try:
            with mounted(place, size) as grow:
                process = own.run()
                told = _is_refused(process, "No space left on device")
                grow()
                tally.add("disk full", same=_goes_on(own, expected), told=told)
        except PermissionError:
            tally.skipped.append("disk full: nobody may mount a small disk here")
            return
        if not told:
            tally.fault(f"a disk of {size} KiB: {process.said[-400:]}")


def _is_refused(process: Process, words: str) -> bool:
    """Whether it ends with exit code 3, these words, and no traceback."""
    return process.wait() == ExitCode.ENVIRONMENT and words in process.said and "Traceback" not in process.said


def _goes_on(bench: Bench, expected: list[Any]) -> bool:
    """Resume the newest run, or begin it where there is none yet; whether it ends with what was expected."""
    folder = bench.newest()
    (bench.run() if folder is None else bench.resume(folder)).wait()
    folder = bench.newest()
    return folder is not None and is_done(folder) and numbers(folder) == expected


@contextmanager
def mounted(place: Path, size: int) -> Iterator[Any]:
    """A disk of so many KiB at a place; what is handed out makes it large. Raises PermissionError where nobody may mount."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(place)]
    if _fails(mount):
        raise PermissionError
    try:
        yield partial(_fails, ["mount", "-o", "remount,size=64m", str(place)])
    finally:
        _fails(["umount", "--lazy", str(place)])


def _fails(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode != 0
    except OSError:
        return True


def small_files(bench: Bench, tally: Tally, expected: list[Any], sizes: list[int]) -> None:
    """Let no file grow beyond a size, as a quota does; without it the run goes on."""
    for size in sizes:
        own = Bench(bench.folder / f"small-{size}")
        process = own.run(before=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size * 1024, size * 1024)))
        told = _is_refused(process, "File too large")
        tally.add("files limited in size", same=_goes_on(own, expected), told=told)
        if not told:
            tally.fault(f"files of at most {size} KiB: {process.said[-400:]}")


def moved_away(bench: Bench, tally: Tally, expected: list[Any], times: int) -> None:
    """Move the folder away under a run, and back once it has ended; then it goes on."""
    for number in range(times):
        own = Bench(bench.folder / f"moved-{number}")
        process = own.run()
        wait_until(lambda own=own: bool((found := own.newest()) and found.events_files()))  # type: ignore[misc]
        folder = own.newest()
        assert folder is not None
        away = own.folder / "away"
        folder.path.rename(away)
        told = _is_refused(process, "is gone")
        away.rename(folder.path)
        tally.add("folder moved away", same=_goes_on(own, expected), told=told)
        if not told:
            tally.fault(f"a folder that was moved away: {process.said[-400:]}")


def at_once(bench: Bench, tally: Tally, expected: list[Any], pairs: int) -> None:
    """Start two runs at the same instant, in one folder; and make folders at one instant from many threads."""
    for number in range(pairs):
        own = Bench(bench.folder / f"pair-{number}")
        codes = [process.wait() for process in [own.run(), own.run()]]
        folders = own.runs()
        same = len(folders) == 2 and all(numbers(folder) == expected for folder in folders)
        tally.add("two runs in one second", same=same, told=codes == [0, 0])
    now = datetime.now(UTC).astimezone()
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: create(bench.folder / "many", "run", now).path, range(100)))
    tally.add("a hundred folders in one instant", same=len(set(made)) == 100, told=True)


def _halved(path: Path, _rng: random.Random) -> None:
    """Without its second half: a picture that lacks its last bytes only has all its pixels."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def broken_pictures(bench: Bench, rng: random.Random, tally: Tally) -> None:
    """Break one picture of a folder of pictures: the run is refused, and the picture named."""
    for way, change in {"truncated": _halved, "empty": emptied, "garbage": garbled}.items():
        own = Bench(bench.folder / f"pictures-{way}", PICTURES)
        for label in ("cats", "dogs"):
            (own.folder / "pictures" / label).mkdir(parents=True)
            for number in range(6):
                noise = Image.frombytes("L", (16, 16), rng.randbytes(256))
                noise.save(own.folder / "pictures" / label / f"{number}.png")
        change(own.folder / "pictures" / "dogs" / "3.png", rng)
        process = own.run()
        is_refused = process.wait() in {ExitCode.TRIAL_FAILED, ExitCode.USAGE, ExitCode.ENVIRONMENT}
        told = is_refused and "dogs/3.png" in process.said and "Traceback" not in process.said
        tally.add(f"picture: {way}", same=False, told=told, may_differ=True)
