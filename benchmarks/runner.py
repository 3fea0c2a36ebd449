"""Hold a comparison: a process for each entry, laps in shuffled order, round by round."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict

from benchmarks.comparison import ComparisonCase, Entry, Measured, Outcome
from benchmarks.timer import Order

PATIENCE = 60.0
"""Seconds that a implementation gets to end by itself."""


class Broken(Exception):  # noqa: N818 - says what became of a implementation
    """A implementation ended before its work was done; the text is the last line of what it said."""


class Runner:
    """A implementation's process, as the comparison sees it."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by `close`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.implementation", entry.implementation, json.dumps(entry.arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=_environment(),
        )

    def ready(self) -> float:
        """Wait until it has imported what it needs; its memory by then, in MB."""
        return self._hear()["ready_mb"]

    def lap(self, order: Order) -> tuple[float, float]:
        """One lap: seconds a unit, and the peak of memory so far in MB."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asdict(order)) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Broken(self._last_words()) from None
        answer = self._hear()
        return answer["seconds"] / self.entry.units, answer["peak_mb"]

    def close(self) -> None:
        """End the implementation, by force if it does not want to."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _hear(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Broken(self._last_words())
        answer: dict[str, float] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"


def measure(
    case: str, comparison: ComparisonCase, thread_counts: Sequence[int], rng: random.Random
) -> Iterator[Outcome]:
    """Hold the comparison once for each number of threads (or once, where threads are none of its business)."""
    with _runners(comparison.entries) as runners:
        measured = {entry.name: Measured(entry) for entry in comparison.entries}
        _get_ready(runners, measured)
        for threads in thread_counts if comparison.threads else [None]:
            _measure(comparison, runners, measured, threads, rng)
            yield Outcome(case, comparison, threads, list(measured.values()))
            measured = {name: _again(one) for name, one in measured.items()}


@contextmanager
def _runners(entries: Sequence[Entry]) -> Iterator[list[Runner]]:
    with ExitStack() as stack:
        runners: list[Runner] = []
        for entry in entries:
            runner = Runner(entry)
            stack.callback(runner.close)
            runners.append(runner)
        yield runners


def _get_ready(runners: Sequence[Runner], measured: dict[str, Measured]) -> None:
    for runner in runners:
        try:
            ready = runner.ready()
            measured[runner.entry.name] = Measured(runner.entry, ready_mb=ready)
        except Broken as broken:
            measured[runner.entry.name] = _failed(runner.entry, broken)


def _measure(
    comparison: ComparisonCase,
    runners: Sequence[Runner],
    measured: dict[str, Measured],
    threads: int | None,
    rng: random.Random,
) -> None:
    for number in range(comparison.rounds + 1):
        order = Order(threads, warm_up=number == 0)
        for runner in rng.sample(runners, len(runners)):
            name = runner.entry.name
            if measured[name].failure is None:
                measured[name] = _after_lap(runner, measured[name], order)


def _after_lap(runner: Runner, so_far: Measured, order: Order) -> Measured:
    try:
        seconds, peak = runner.lap(order)
    except Broken as broken:
        return _failed(runner.entry, broken)
    laps = so_far.seconds if order.warm_up else [*so_far.seconds, seconds]
    return Measured(runner.entry, laps, so_far.ready_mb, peak)


def _failed(entry: Entry, broken: Broken) -> Measured:
    text = str(broken)
    return Measured(entry, failure=text, installed="ModuleNotFoundError" not in text)


def _again(one: Measured) -> Measured:
    """The same implementation before its next comparison."""
    return Measured(one.entry, [], one.ready_mb, one.peak_mb, one.failure, one.installed)


def _environment() -> dict[str, str]:
    """This process's, without the variables that would fix the number of threads from outside."""
    return {key: value for key, value in os.environ.items() if key not in {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}}
