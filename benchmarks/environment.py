"""Where and with what the numbers were measured. Imports no torch."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

import dlbench
from benchmarks.mnist import REPOSITORY

LIBRARIES = ("torch", "torchvision", "numpy", "lightning", "keras", "skorch", "scikit-learn", "jax")


@dataclass(frozen=True)
class Environment:
    """The machine, the versions, the load, the data."""

    time: str
    command: str
    machine: str
    cores: int
    memory_gb: float
    load: float
    """Of the machine as the run began, in processes: what is not small disturbs the numbers."""
    python: str
    dlbench: str
    commit: str
    libraries: dict[str, str]
    data: str
    threads: list[int]


def environment(command: str, data: str, threads: list[int]) -> Environment:
    """What is known of this machine and this run."""
    return Environment(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        machine=f"{_processor()}, {platform.system()} {platform.release()}",
        cores=os.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        load=round(os.getloadavg()[0], 2),
        python=platform.python_version(),
        dlbench=dlbench.__version__,
        commit=_commit(),
        libraries={name: _version(name) for name in LIBRARIES},
        data=data,
        threads=threads,
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return platform.processor() or platform.machine()
    names = [
        line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    try:
        asked = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
