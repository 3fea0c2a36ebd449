"""Kills at random instants, in chains: killed, resumed, killed again, until the run has come to its end."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos.bench import GOOD, Bench, Process, is_done, numbers, wait_until
from benchmarks.chaos.tally import Tally
from dlbench.launch.status import is_alive, status
from dlbench.run.folder import RunFolder
from dlbench.run.workers import Launched, read

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
"""Half of them cannot be caught."""
TARGETS = ("worker", "launcher", "both")
MOST = 8
"""Kills in a chain, after which the run is left in peace."""


@dataclass
class Chain:
    """One run that is killed again and again; `span` is how many seconds an undisturbed one takes from start to end."""

    bench: Bench
    rng: random.Random
    span: float
    tally: Tally
    most: int
    kills: list[tuple[str, bool]] = field(default_factory=list)
    """Kind of each kill, and whether it was told."""
    phases: dict[str, int] = field(default_factory=dict)

    def run(self, expected: list[Any]) -> None:
        """Kill and resume until the run is done, then hold it against what was `expected`."""
        process = self.bench.run()
        while len(self.kills) < self.most and self._is_hit(process):
            process = self._go_on()
        process.wait()
        while (folder := self.bench.newest()) is None or not is_done(folder):
            process = self._go_on()
            self._check(process, signal.SIGKILL)
        same = numbers(folder) == expected
        if not same:
            self.tally.fault(f"{folder.path}: another table after {[kind for kind, _ in self.kills]}")
        for kind, told in self.kills:
            self.tally.add(kind, same=same, told=told)

    def _go_on(self) -> Process:
        """Resume what there is; a run that had no plan yet is begun anew."""
        folder = self.bench.newest()
        if folder is None:
            return self.bench.run()
        wait_until(lambda: not _alive(folder))
        return self.bench.resume(folder)

    def _is_hit(self, process: Process) -> bool:
        """Wait for a random instant, then kill; whether the process was still there, and the run not done."""
        instant = time.monotonic() + self.rng.uniform(0.0, self.span)
        while time.monotonic() < instant and process.popen.poll() is None:
            time.sleep(0.005)
        if process.popen.poll() is not None:
            return False
        target, number = self.rng.choice(TARGETS), self.rng.choice(SIGNALS)
        folder, phase = self.bench.newest(), self._phase()
        workers = [] if folder is None else _alive(folder)
        if target != "launcher" and not workers:
            target = "launcher"
        if target != "worker":
            process.popen.send_signal(number)
        for worker in workers if target != "launcher" else []:
            _kill(worker, number)
        self.phases[phase] = self.phases.get(phase, 0) + 1
        self._settle(process, number)
        self.kills.append((f"{target}: {number.name}", self._is_told(process)))
        return True

    def _settle(self, process: Process, number: signal.Signals) -> None:
        """Until nobody works; workers whose launcher was killed are killed too, a while later, since they would go on."""
        self._check(process, number)
        folder = self.bench.newest()
        if folder is not None and _alive(folder):
            time.sleep(self.rng.uniform(0.0, self.span / 4))
            for worker in _alive(folder):
                _kill(worker, signal.SIGKILL)
            wait_until(lambda: not _alive(folder))

    def _check(self, process: Process, number: signal.Signals) -> None:
        """Hold the ending of a process against what is promised: a documented exit code, and no traceback for its user."""
        code = process.wait()
        if code not in GOOD and code != -number:
            self.tally.fault(f"exit code {code} after {number.name}: {process.said[-300:]}")
        # Python's own start, before dlbench's first line, has one for Ctrl-C that nobody can help.
        if "Traceback" in process.said and "/dlbench/" in process.said:
            self.tally.fault(f"a traceback after {number.name}: {process.said[-1500:]}")

    def _is_told(self, process: Process) -> bool:
        """Whether the run, or a look at it, says that it is not finished; without a run there is nothing to tell of."""
        folder = self.bench.newest()
        if folder is None:
            return True
        state = status(folder).state
        return "go on by" in process.said or state in {"crashed", "stopped", "empty", "failed"} or state == "done"

    def _phase(self) -> str:
        """What a kill falls into."""
        folder = self.bench.newest()
        if folder is None:
            return "start"
        launched = read(folder)
        if not launched:
            return "start"
        newest = launched[-1]
        begun = folder.events_file(newest.session, newest.worker)
        is_trained = begun.is_file() and b'"kind":"stack"' in begun.read_bytes()
        return f"{'training' if is_trained else 'import'}{', resumed' if newest.session else ''}"


def _alive(folder: RunFolder) -> list[Launched]:
    return [one for one in read(folder) if is_alive(one.token, one.token.started)]


def _kill(worker: Launched, number: signal.Signals) -> None:
    try:
        os.kill(int(worker.token.id), number)
    except ProcessLookupError:
        return
