"""What a run ran on, for env.json: versions, machine, commit, command line. Reads versions without importing anything."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

import dlbench
from dlbench.errors import DlbenchError
from dlbench.plan.devices import cores
from dlbench.run.atomic import write_json_atomic, writing
from dlbench.run.folder import RunFolder, read_json

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "orjson", "pydantic", "psutil", "rich", "textual")
"""Whose versions are worth knowing when two results differ."""


def environment() -> dict[str, Any]:
    """What is known before a worker starts; memory in bytes, `cores` logical ones that this process may use."""
    return {
        "dlbench": dlbench.__version__,
        "commit": _commit(Path(dlbench.__file__).resolve().parent.parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpu": _cpu_model(),
        "cores": cores(),
        "memory": psutil.virtual_memory().total,
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "command": [_text(argument) for argument in sys.argv],
        "folder": _text(str(Path.cwd())),
        "variables": {_text(k): _text(v) for k, v in sorted(os.environ.items()) if k.startswith("DLBENCH_")},
    }


def complete(folder: RunFolder, session: int, worker: int, facts: Mapping[str, Any]) -> None:
    """Add what only a worker knows (device name, threads, torch's build) to env.json, under `workers.s000-w0`.

    Raises DlbenchError where that file is damaged, which then stays as it is; UnwritableError on a full disk.
    """
    with writing(folder.env_file), folder.lock():
        known = read_json(folder.env_file) if folder.env_file.exists() else {}
        mine = {folder.events_file(session, worker).stem: dict(facts)}
        try:
            whole = known | {"workers": known.get("workers", {}) | mine}
        except (AttributeError, TypeError) as error:
            raise DlbenchError(f"{folder.env_file}: damaged, not what dlbench wrote") from error
        write_json_atomic(folder.env_file, whole)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _text(text: str) -> str:
    # What the system gave may hold bytes that are no UTF-8, and JSON cannot.
    return text.encode(errors="backslashreplace").decode()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return _run("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _commit(root: Path) -> str | None:
    """The commit that dlbench runs from, with `-dirty` where files were changed; None where it is no checkout."""
    if not (root / ".git").exists():
        return None
    return _run("git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")


def _run(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
