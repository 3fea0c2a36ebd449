"""Training a recipe once, by `dlbench run` in a process of its own, however many items and workers ask for it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from dlbench.run.atomic import locked, write_json_atomic

PATIENCE = 30.0
"""Seconds that a run may take to end its workers once it is told to."""


@dataclass(frozen=True)
class Trained:
    """What became of a run: its exit code, what it said on stderr, its folder, and its report as `summary.json` has it."""

    code: int
    said: str
    folder: str
    report: dict[str, Any] | None


def train_once(config: pytest.Config, recipe: Path, *, quick: bool) -> Trained:
    """Train a recipe, or wait until another worker of pytest-xdist has, and read what came of it."""
    words = ["--device", config.getoption("dlbench_device"), *(["--quick"] if quick else [])]
    if seeds := config.getoption("dlbench_seeds"):
        words += ["--seeds", seeds]
    words += [word for file in config.getoption("dlbench_parts") for word in ("--parts", str(Path(file).absolute()))]
    folder = _shared(config) / f"{recipe.stem}-{hashlib.sha256(str(recipe).encode()).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "trained.json"
    with locked(folder / ".lock"):
        if not kept.exists():
            write_json_atomic(kept, asdict(_train(recipe, words, folder, config.invocation_params.dir)))
    return Trained(**json.loads(kept.read_text(encoding="utf-8")))


def _shared(config: pytest.Config) -> Path:
    """A folder of this session's, the same for all workers of pytest-xdist."""
    # pytest offers its temporary folder to fixtures only, and an item that is no function has none.
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001
    return (base.parent if hasattr(config, "workerinput") else base) / "dlbench"


def _train(recipe: Path, words: Sequence[str], out: Path, here: Path) -> Trained:
    # -P as for workers: no file of the current folder takes a library's place.
    command = [
        sys.executable,
        "-P",
        "-m",
        "dlbench",
        "run",
        str(recipe),
        "--display",
        "none",
        "--out",
        str(out),
        *words,
    ]
    process = subprocess.Popen(
        command,
        cwd=here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        _, said = process.communicate()
    except BaseException:
        # Ctrl-C, or a plugin that has lost patience: the workers must not outlive the session.
        process.terminate()
        _wait(process)
        raise
    summary = next(out.glob("*/*/summary.json"), None)
    report = None if summary is None else json.loads(summary.read_text(encoding="utf-8"))
    folder = next(out.glob("*/*/plan.json"), out / "nothing").parent
    return Trained(process.returncode, said.strip(), str(folder), report)


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
