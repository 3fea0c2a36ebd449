"""How fast a node is, and which versions it has: what runs there to find out. Imports no torch."""

from __future__ import annotations

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import dlbench

SIDE = 256
"""Of the matrices that are multiplied."""
SECONDS = 0.3
PACKAGES = ("torch", "numpy")


def measured() -> dict[str, Any]:
    """Floating point operations a second of one core, the best of many products, and versions by their names."""
    random = np.random.default_rng(0)
    one, other = (random.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))
    best, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        start = time.perf_counter()
        one @ other
        best = min(best, time.perf_counter() - start)
    return {"speed": 2.0 * SIDE**3 / best, "versions": versions()}


def versions() -> dict[str, str]:
    """Of dlbench, Python and what computes; those that are not installed are missing."""
    found = {"dlbench": dlbench.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
