"""Which devices this machine seems to have, found without importing torch; a worker checks them later."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import psutil

from dlbench.errors import UsageError

GPU_DRIVERS = ("/dev/nvidiactl", "/dev/nvhost-ctrl", "/dev/nvmap", "/dev/kfd", "/dev/dxg")
"""What some driver makes for whatever torch calls cuda: NVIDIA's, Jetson's, AMD's, and that of WSL."""


DEVICE = re.compile(r"cpu|mps|cuda(:\d+)?", re.ASCII)


def find_devices() -> list[str]:
    """The devices that `auto` picks: every visible NVIDIA GPU, else Apple's, else the CPU."""
    if gpus := _visible_gpus():
        return [f"cuda:{index}" for index in range(gpus)]
    return ["mps"] if platform.system() == "Darwin" and platform.machine() == "arm64" else ["cpu"]


def choose(device: str) -> tuple[list[str], bool]:
    """The devices that `--device` means, and whether the CPU may stand in for them; raises UsageError on other words.

    Each worker has one of them: `cuda` is every GPU in sight, `cuda:0,cuda:2` these two.
    """
    if device == "auto":
        return find_devices(), True
    named = device.split(",")
    wrong = next((one for one in named if not DEVICE.fullmatch(one)), None)
    if wrong is not None:
        raise UsageError(f"no device {wrong!r}; there are auto, cpu, cuda, cuda:0, cuda:1, ..., cuda:0,cuda:1, mps")
    if len(named) > 1 and (len(set(named)) < len(named) or not all(one.startswith("cuda:") for one in named)):
        raise UsageError(f"device {device!r}: several are GPUs by their numbers, each once, such as cuda:0,cuda:1")
    if device == "cuda":
        return [f"cuda:{index}" for index in range(max(_visible_gpus(), 1))], False
    return named, False


def lacking(device: str) -> str | None:
    """Why a device of `choose` is surely not here, or `None`: only torch, which a worker imports, knows that one is."""
    kind = device.partition(":")[0]
    if kind == "cuda" and not any(Path(driver).exists() for driver in GPU_DRIVERS):
        return f"device {device!r} cannot be used: no driver of a GPU is loaded; try --device cpu"
    if kind == "mps" and platform.system() != "Darwin":
        return f"device {device!r} cannot be used: only Apple's machines have it; try --device cpu"
    return None


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _visible_gpus() -> int:
    """How many GPUs the driver lists, of those that CUDA_VISIBLE_DEVICES leaves in sight."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return 0
    try:
        listing = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    present = sum(line.startswith("GPU ") for line in listing.stdout.splitlines())
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return present if visible is None else min(present, len([item for item in visible.split(",") if item.strip()]))


def free_memory() -> int:
    """Bytes that are free on this machine."""
    return int(psutil.virtual_memory().available)
