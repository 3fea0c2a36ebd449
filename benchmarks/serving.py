"""What a class that watches costs the training: `python -m benchmarks.serving`.

The nine-layer lesson trains without end, with as many workers as there are cores. Windows of time take turns: nobody watches; ten
browsers watch through `dlbench serve`; and, with `--separate`, ten `dlbench watch` run in terminals of their own, as a process for
each viewer would. Servers and dashboards are started before their window, and those who watch take what is drawn as fast as it comes.

Told are steps a second (which all else that the machine does changes too), steps a second of the workers' own processor time (what
caches and memory cost), and the processor time of those who are watched or watch, as a share of all cores: on a machine whose cores
are all busy training that is what the training loses.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Self, TypeVar

import psutil

from benchmarks.terminal import Terminal
from dlbench.run.folder import RunFolder, find_runs

PATIENCE = 300.0
SIZE = (120, 40)


@dataclass
class Window:
    """What one window of time showed."""

    steps: float
    """A second, of all workers."""
    steps_of_processor: float
    """A second of the workers' processor time."""
    share: float
    """Processor time of those who watch, of all cores'."""
    memory: float
    """Their resident memory in MB."""


class Training:
    """Workers that train until the end of the `with` block."""

    def __init__(self, folder: Path, workers: int) -> None:
        words = ["run", "xor-nine-layers", "--set", "train.steps=100000000", "--workers", str(workers)]
        self._command = [sys.executable, "-m", "dlbench", *words, "--out", str(folder), "--display", "none"]
        self._out = folder

    def __enter__(self) -> Self:
        self._run = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.folder = _until(lambda: next(iter(find_runs(self._out)), None))
        self.workers = _until(self._at_work)
        return self

    def __exit__(self, *error: object) -> None:
        self._run.send_signal(signal.SIGTERM)
        self._run.wait()

    def _at_work(self) -> list[psutil.Process]:
        """The workers, once each has trained a while."""
        beats = [beat["step"] > 2000 for beat in last_beats(self.folder).values()]
        workers = psutil.Process(self._run.pid).children()
        return workers if beats and len(beats) == len(workers) and all(beats) else []


def last_beats(folder: RunFolder) -> dict[int, dict[str, float]]:
    """The newest heartbeat of each stack: its step, and when."""
    found = {}
    for _, _, path in folder.events_files():
        for line in path.read_bytes().splitlines():
            if b'"kind":"heartbeat"' in line and line.endswith(b"}"):
                beat = json.loads(line)
                found[beat["stack"]] = beat
    return found


def measure(training: Training, watching: list[psutil.Process], seconds: float) -> Window:
    """One window; those who watch are there already."""
    before, used, watched = last_beats(training.folder), _used(training.workers), _used(watching)
    begun = time.monotonic()
    time.sleep(seconds)
    used, watched = _used(training.workers) - used, _used(watching) - watched
    took = time.monotonic() - begun
    after = last_beats(training.folder)
    rates = [
        (after[stack]["step"] - beat["step"]) / (after[stack]["time"] - beat["time"])
        for stack, beat in before.items()
        if after[stack]["time"] > beat["time"]
    ]
    memory = sum(process.memory_info().rss for process in watching) / 1e6
    steps = sum(rates)
    return Window(steps, steps * took / used, watched / took / (psutil.cpu_count() or 1), memory)


@contextmanager
def served(folder: RunFolder, viewers: int) -> Iterator[list[psutil.Process]]:
    """A server with so many browsers, all of which have seen a picture; the browsers' own time is not counted."""
    command = [sys.executable, "-m", "dlbench", "serve", str(folder.path), "--port", "0", "--max-viewers", str(viewers)]
    # In a session of its own, as in another terminal: Linux shares the processor among sessions before it looks at priorities.
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert server.stdout is not None
    link = server.stdout.readline().strip()
    looking = [sys.executable, "-m", "benchmarks.serving", "--look", link, "--viewers", str(viewers)]
    browsers = subprocess.Popen(looking, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert browsers.stdout is not None
    assert browsers.stdout.readline().strip() == "all see it"
    try:
        yield [psutil.Process(server.pid)]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        told = browsers.stdout.read().strip()
        browsers.wait()
        print(f"  {told}", flush=True)


@contextmanager
def separate(folder: RunFolder, viewers: int) -> Iterator[list[psutil.Process]]:
    """So many dashboards in terminals of their own, which are read as fast as they draw."""
    words = ["-m", "dlbench", "watch", str(folder.path), "--read-only"]
    with ExitStack() as stack:
        terminals = [stack.enter_context(Terminal(words, columns=SIZE[0], rows=SIZE[1])) for _ in range(viewers)]
        for terminal in terminals:
            terminal.wait_for("Gradients")
        over = Event()
        threads = [Thread(target=_drain, args=(terminal, over)) for terminal in terminals]
        for thread in threads:
            thread.start()
        try:
            yield [psutil.Process(terminal.pid) for terminal in terminals]
        finally:
            over.set()
            for thread in threads:
                thread.join()


@contextmanager
def nobody(folder: RunFolder, viewers: int) -> Iterator[list[psutil.Process]]:  # noqa: ARG001  # as all ways
    """Nobody watches."""
    yield []


WAYS = {"nobody": nobody, "served": served, "separate": separate}


def _drain(terminal: Terminal, over: Event) -> None:
    while not over.is_set():
        terminal.read(0.2)


def _used(processes: list[psutil.Process]) -> float:
    """Seconds of the processor."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


Found = TypeVar("Found")


def _until(look: Callable[[], Found | None]) -> Found:
    """What is looked for, as soon as it is there."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)
    return found


async def look(link: str, viewers: int) -> None:
    """Be so many browsers until the server ends; each says how often it was drawn anew."""
    from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar

    origin = link.partition("/?")[0]
    frames, ended = [0] * viewers, list[float]()
    seen: list[asyncio.Event] = [asyncio.Event() for _ in range(viewers)]

    async def watch(page: ClientWebSocketResponse, index: int) -> None:
        drawn = b""
        async for message in page:
            frames[index] += 1
            drawn = b"" if seen[index].is_set() else drawn + message.data
            if b"Gradients" in drawn:
                seen[index].set()
        seen[index].set()
        ended.append(time.monotonic())

    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        await browser.get(link)
        place = f"{origin}/ws?width={SIZE[0]}&height={SIZE[1]}"
        pages = [await browser.ws_connect(place, headers={"Origin": origin}) for _ in range(viewers)]
        watching = [asyncio.create_task(watch(page, index)) for index, page in enumerate(pages)]
        await asyncio.gather(*(one.wait() for one in seen))
        print("some were closed" if ended else "all see it", flush=True)
        before, begun = list(frames), time.monotonic()
        await asyncio.wait(watching)
        rates = [60 * (now - then) / (time.monotonic() - begun) for now, then in zip(frames, before, strict=True)]
        print(f"each browser was drawn anew {min(rates):.0f} to {max(rates):.0f} times a minute")


def compare(ways: list[str], *, viewers: int, workers: int, rounds: int, seconds: float) -> None:
    """Measure each way in turns, and print what each costs beside nobody."""
    windows: dict[str, list[Window]] = {way: [] for way in ways}
    with TemporaryDirectory() as folder, Training(Path(folder), workers) as training:
        for index in range(rounds):
            for way in ways if index % 2 == 0 else reversed(ways):
                with WAYS[way](training.folder, viewers) as watching:
                    time.sleep(2.0)
                    window = measure(training, watching, seconds)
                windows[way].append(window)
                print(
                    f"{way:<9} {window.steps:7.1f} steps/s  {window.steps_of_processor:7.1f} a second of the processor  "
                    f"{window.share:6.2%} of all cores  {window.memory:5.0f} MB",
                    flush=True,
                )
    print(
        f"\n{viewers} viewers, {workers} workers, {rounds} windows of {seconds:g} s each; medians of rounds beside nobody"
    )
    for way in ways[1:]:
        pairs = list(zip(windows[way], windows["nobody"], strict=True))
        lost = median(1 - one.steps / other.steps for one, other in pairs)
        slower = median(1 - one.steps_of_processor / other.steps_of_processor for one, other in pairs)
        share, memory = (median(getattr(one, name) for one in windows[way]) for name in ("share", "memory"))
        print(
            f"{way:<9} {lost:6.1%} fewer steps a second, {slower:6.1%} a second of the processor; "
            f"takes {share:.2%} of all cores, {memory:.0f} MB"
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--workers", type=int, default=psutil.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--separate", action="store_true", help="also a dashboard in a process for each viewer")
    parser.add_argument("--look", metavar="LINK", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.look:
        os.nice(19)
        asyncio.run(look(wanted.look, wanted.viewers))
        return
    ways = ["nobody", "served", *(["separate"] if wanted.separate else [])]
    compare(ways, viewers=wanted.viewers, workers=wanted.workers, rounds=wanted.rounds, seconds=wanted.seconds)


if __name__ == "__main__":
    main()
