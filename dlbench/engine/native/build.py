"""The loop in C as a shared library: compiled when first needed, for the processor that is here, and kept in the user's cache."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from dlbench.plan.native import ACTIVATIONS, LOSSES, OPTIMIZERS, REGULARIZERS

SOURCE = Path(__file__).with_name("loop.c")
KINDS = {"ACTIVATION": ACTIVATIONS, "LOSS": LOSSES, "OPTIMIZER": OPTIMIZERS, "REGULARIZER": REGULARIZERS}
"""What a job says by number; the loop knows them by these names with their kinds behind."""

COMPILERS = ("cc", "gcc", "clang")
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-shared",
    "-fPIC",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
    *(f"-D{name}_{kind}={number}" for name, kinds in KINDS.items() for number, kind in enumerate(kinds)),
)
"""None of them lets the compiler change what a formula gives: it may neither fuse nor reorder, and need not set errno or flags."""
SECONDS = 120.0
"""So long a compiler may take on a machine that is very busy; usually it takes two."""


@dataclass(frozen=True)
class Built:
    """What came of it: the loop, or `None`, and in words what made it, or why it is not there."""

    train: Callable[[object], int] | None
    says: str


@cache
def library() -> Built:
    """The loop of this process; where there is none, that costs nobody anything but time."""
    compiler = next(filter(None, map(shutil.which, filter(None, (os.environ.get("CC"), *COMPILERS)))), None)
    if compiler is None:
        return Built(None, "no C compiler (cc, gcc, clang) on this machine")
    try:
        return _loaded(compiler)
    except subprocess.CalledProcessError as error:
        told = [line for line in error.stderr.splitlines() if "error" in line] or [
            f"{compiler} ends with {error.returncode}"
        ]
        return Built(None, f"it does not compile here: {told[0].strip()}")
    except (OSError, subprocess.TimeoutExpired, AttributeError) as error:
        return Built(None, f"it cannot be built here: {error}")


def _loaded(compiler: str) -> Built:
    flags = [*FLAGS, "-march=native" if platform.machine().lower() in {"x86_64", "amd64"} else "-mcpu=native"]
    macros = _run(compiler, *flags, "-dM", "-E", "-x", "c", os.devnull)
    # The macros tell the compiler's version and every instruction that it may use: a home of many machines has a file for each.
    parts = [macros, " ".join(flags), SOURCE.read_text(encoding="utf-8")]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    path = user_cache_path("dlbench") / "native" / f"{key}.so"
    if not path.is_file():
        _compile(compiler, flags, path)
    train = ctypes.CDLL(str(path)).dlbench_train
    train.restype, train.argtypes = ctypes.c_int, [ctypes.c_void_p]
    return Built(train, f"{_version(macros)}, {_registers(macros)}")


def _compile(compiler: str, flags: list[str], path: Path) -> None:
    """Beside its place and renamed into it: another process may be at it, or load it at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        _run(compiler, *flags, str(SOURCE), "-lm", "-o", str(made))
        made.replace(path)


def _run(*command: str) -> str:
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL
    ).stdout


def _version(macros: str) -> str:
    found = next(line.split('"')[1] for line in macros.splitlines() if line.startswith("#define __VERSION__"))
    return found if "__clang__" in macros else f"gcc {found}"


def _registers(macros: str) -> str:
    names = {"__AVX512F__": "AVX-512", "__FMA__": "AVX2", "__ARM_NEON": "NEON"}
    return next((name for macro, name in names.items() if f"#define {macro} " in macros), platform.machine())
