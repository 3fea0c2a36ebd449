"""Devices by name, checked by torch itself."""

from __future__ import annotations

import os
from functools import cache

import psutil
import torch

from dlbench.errors import SetupError


def open_device(name: str) -> torch.device:
    """The device called `cpu`, `mps`, `cuda` or `cuda:1`; raises `SetupError` where torch cannot use it."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise SetupError(f"device {name!r} cannot be used: {reason}; try --device cpu") from error
    return device


def precise(device: torch.device) -> torch.dtype:
    """Double precision, for sums of many terms, where the device has it; Apple's has not."""
    return torch.float32 if device.type == "mps" else torch.float64


def wait(device: torch.device) -> None:
    """Let the device finish what is queued."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def device_name(device: torch.device) -> str:
    """What the device is called, for env.json."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def memory(device: torch.device) -> int:
    """Bytes in use: on a GPU those allocated there, else the process's own."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    return int(_process(os.getpid()).memory_info().rss)


def allow_tf32(device: torch.device, *, allowed: bool) -> None:
    """Say whether products and convolutions on an NVIDIA GPU may round what they multiply to ten bits (TF32); no other has that."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


def free_memory(device: torch.device) -> int:
    """Bytes that are free on the device; of the host where the device shares its memory."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return int(psutil.virtual_memory().available)


@cache
def _process(pid: int) -> psutil.Process:
    """Made once: to find out when it was started takes 5 ms on a busy machine, and a heartbeat comes every second."""
    return psutil.Process(pid)
