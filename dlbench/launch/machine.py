"""What this machine does beside its workers: cores, memory and NVIDIA's GPUs, looked at now and then and never waited for."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import psutil

from dlbench.run.processes import is_there
from dlbench.run.workers import LOCAL, Token

GPU_SECONDS = 5.0
"""Between two questions to nvidia-smi, and for an answer to one."""
QUERY = ("--query-gpu=name,memory.used,memory.total,utilization.gpu", "--format=csv,noheader,nounits")
MIB = 2**20


@dataclass(frozen=True)
class GpuUsage:
    """One GPU as its driver tells of it: bytes, and the share of the last moments in which it worked, 0 to 1."""

    name: str
    used: int
    total: int
    busy: float | None


@dataclass(frozen=True)
class MachineUsage:
    """This machine at a moment: cores and memory (bytes) of all that runs here, and of a run's workers; `None` is not known."""

    host: str
    cores: int
    busy: float | None
    """Cores in use by all that runs here."""
    load: float | None
    """Processes that want a core, over the last minute."""
    free: int
    """Bytes that can be had without swapping."""
    total: int
    workers: int
    """How many of the run's workers are processes of this machine."""
    worker_cores: float | None
    worker_memory: int
    """Bytes in main memory."""
    gpus: tuple[GpuUsage, ...] = ()


class MachineSampler:
    """Looks at this machine. Shares of time are those since the last look, so that a first one knows none."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._processes: dict[Token, psutil.Process] = {}
        self._has_looked = False
        self._gpus = GpuQuery(now=now)

    def look(self, tokens: Iterable[Token], *, gpus: bool) -> MachineUsage:
        """The machine now, with those of the workers that are processes here; `gpus` asks the driver for these too."""
        self._keep([token for token in tokens if _is_here(token)])
        shares, held = [], 0
        for process in self._processes.values():
            try:
                with process.oneshot():
                    shares.append(process.cpu_percent() / 100)
                    held += process.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
        memory, busy = psutil.virtual_memory(), psutil.cpu_percent() / 100
        cores = psutil.cpu_count() or 1
        knows, self._has_looked = self._has_looked, True
        return MachineUsage(
            socket.gethostname(),
            cores,
            busy * cores if knows else None,
            os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            memory.available,
            memory.total,
            len(shares),
            sum(shares) if knows else None,
            held,
            self._gpus.latest() if gpus else (),
        )

    def close(self) -> None:
        """Ask nobody any more."""
        self._gpus.close()

    def _keep(self, tokens: list[Token]) -> None:
        """The same processes as before: their shares of time are since the last look."""
        known: Mapping[Token, psutil.Process] = self._processes
        self._processes = {}
        for token in tokens:
            try:
                self._processes[token] = known[token] if token in known else psutil.Process(int(token.id))
            except psutil.Error:
                continue


class GpuQuery:
    """The last answer of nvidia-smi, which may take seconds: it is asked in the background, and not often."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._asked = -float("inf")
        self._process: subprocess.Popen[str] | None = None
        self._known: tuple[GpuUsage, ...] = ()

    def latest(self) -> tuple[GpuUsage, ...]:
        """What it answered last; nothing where there is no such command, or it fails."""
        if self._process is not None:
            if self._process.poll() is not None:
                self._known = parsed(self._process.stdout.read() if self._process.stdout else "")
                self.close()
            elif self._now() - self._asked > GPU_SECONDS:
                self._known = ()
                self.close()
        elif self._now() - self._asked >= GPU_SECONDS:
            self._asked = self._now()
            self._ask()
        return self._known

    def close(self) -> None:
        """End a question that is open."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self) -> None:
        command = shutil.which("nvidia-smi")
        if command is None:
            return
        try:
            self._process = subprocess.Popen(
                [command, *QUERY],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        except OSError:
            self._process = None


def parsed(answer: str) -> tuple[GpuUsage, ...]:
    """What nvidia-smi says to `QUERY`, a GPU a line; a line that is none is passed over, `[N/A]` is not known."""
    found = []
    for cells in csv.reader(answer.splitlines(), skipinitialspace=True):
        try:
            name, used, total, busy = cells
            share = int(busy) / 100 if busy.isdigit() else None
            found.append(GpuUsage(name, int(used) * MIB, int(total) * MIB, share))
        except ValueError:
            continue
    return tuple(found)


def _is_here(token: Token) -> bool:
    """Whether a worker is a process of this machine, and there."""
    return token.launcher == LOCAL and token.host == socket.gethostname() and is_there(token, token.started)
