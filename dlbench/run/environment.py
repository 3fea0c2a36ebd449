"""What a run ran on, for env.json: versions, machine, commit, command line. Reads versions without importing anything."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
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

DECISIVE = ("torch", "numpy")
"""Those that compute them."""


class CommitQuery:
    """Asks git for the commit that dlbench runs from, and leaves it at work: it reads the whole checkout for that."""

    def __init__(self) -> None:
        root = Path(dlbench.__file__).resolve().parent.parent
        self._answer: str | None = None
        self._git: subprocess.Popen[str] | None = None
        if (root / ".git").exists():
            asked = ("git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
            with suppress(OSError):
                self._git = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    @property
    def is_answered(self) -> bool:
        """Whether nobody need wait for the answer."""
        return self._git is None or self._git.poll() is not None

    def answer(self) -> str | None:
        """The commit, with `-dirty` where files were changed; None where dlbench is in no checkout."""
        if self._git is not None:
            try:
                told, _ = self._git.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                self._git.kill()
                told, _ = self._git.communicate()
            self._answer = told.strip() or None if self._git.returncode == 0 else None
            self._git = None
        return self._answer

    def __del__(self) -> None:
        if self._git is not None:
            self._git.kill()
            self._git.communicate()


@cache
def commit_of_this_process() -> CommitQuery:
    """The commit when a process first asked for it, which is what it has loaded."""
    return CommitQuery()


def environment(commit: CommitQuery | None = None) -> dict[str, Any]:
    """What is known before a worker starts; memory in bytes, `cores` logical ones that this process may use.

    With a `commit` that was asked for before, that is left out as long as it is not answered.
    """
    return {
        "dlbench": dlbench.__version__,
        "commit": CommitQuery().answer() if commit is None else commit.answer() if commit.is_answered else None,
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
    _amend(folder, lambda known: {"workers": known.get("workers", {}) | facts_of(folder, session, worker, facts)})


def facts_of(folder: RunFolder, session: int, worker: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What only a worker knows, as it stands under `workers`."""
    return {folder.events_file(session, worker).stem: dict(facts)}


def complete_commit(folder: RunFolder, commit: str | None) -> None:
    """Add the commit to env.json; raises as `complete`."""
    _amend(folder, lambda _: {"commit": commit})


def _amend(folder: RunFolder, more: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with writing(folder.env_file), folder.lock():
        known = read_json(folder.env_file) if folder.env_file.exists() else {}
        try:
            whole = known | more(known)
        except (AttributeError, TypeError) as error:
            raise DlbenchError(f"{folder.env_file}: damaged, not what dlbench wrote") from error
        write_json_atomic(folder.env_file, whole)


def deviations(folder: RunFolder) -> list[str]:
    """Which versions here differ from those of whoever began a run, in words; none where it is not known what these were."""
    try:
        known = read_json(folder.env_file)
        began = {name: known.get(name) for name in ("dlbench", "python")} | dict(known.get("packages", {}))
    except (DlbenchError, AttributeError, TypeError, ValueError):
        return []
    here = {"dlbench": dlbench.__version__, "python": platform.python_version()}
    here |= {name: found for name in DECISIVE if (found := _version(name)) is not None}
    differs = {name: found for name, found in here.items() if began.get(name) not in {None, found}}
    return [
        f"{name} is {found} there, and was {began[name]} where the run began; last digits may differ"
        for name, found in differs.items()
    ]


@cache
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


def _run(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
