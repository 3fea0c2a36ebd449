"""What a dashboard costs while it watches: bytes to the terminal, seconds of the processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from benchmarks.lessons import RECIPES
from benchmarks.terminal import Terminal
from benchmarks.timer import Timer

SETTLING = 4.0
"""Seconds until the dashboard stands and the training runs."""


def run(lap: Timer, *, seconds: float, of: str, ssh: bool = False, finished: bool = False) -> None:
    """A lap watches for `seconds`; it answers KiB a second, or the processor's share.

    What is watched is a training of nine layers on one core, or the same when it has `finished` and nothing changes.
    """
    if ssh:
        os.environ["SSH_CONNECTION"] = "somewhere"
    with tempfile.TemporaryDirectory() as out:
        worker = _train(out, steps=20 if finished else 10_000_000)
        try:
            while True:
                lap.wait()
                lap.answer(_watch(out, seconds, of))
        finally:
            subprocess.run([sys.executable, "-m", "dlbench", "stop", "latest", "--kill", "--out", out], check=False)
            worker.send_signal(signal.SIGKILL)
            worker.wait()


def _train(out: str, *, steps: int) -> subprocess.Popen[bytes]:
    changes = ["--set", f"train.steps={steps}", "--seeds", "10", "--workers", "1", "--device", "cpu"]
    command = [sys.executable, "-m", "dlbench", "run", str(RECIPES / "xor.toml"), "--out", out, *changes]
    process = subprocess.Popen([*command, "--display", "none"], stdout=subprocess.DEVNULL)
    if steps < 1000:
        process.wait()
    while not list(Path(out).rglob("events/*.jsonl")) and process.poll() is None:
        os.sched_yield()
    return process


def _watch(out: str, seconds: float, of: str) -> float:
    with Terminal(["-m", "dlbench", "watch", "latest", "--out", out]) as terminal:
        terminal.watch(SETTLING)
        process = psutil.Process(terminal.pid)
        before = sum(process.cpu_times()[:2])
        written = terminal.watch(seconds)
        if of == "bytes":
            return written / 1024 / seconds
        return (sum(process.cpu_times()[:2]) - before) / seconds
