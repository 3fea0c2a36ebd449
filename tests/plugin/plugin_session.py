"""A session of pytest in a process of its own, in which the plugin collects recipes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from patience import PATIENCE


@dataclass(frozen=True)
class Session:
    """What came of it: exit code, stdout, and (outcome, message) of every item by its name."""

    code: int
    out: str
    items: dict[str, tuple[str, str]]


def environment() -> dict[str, str]:
    """The caller's, without what a session around this one has left there."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV_", "COLUMNS"))}
    return kept | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}


def command(folder: Path, *arguments: str) -> list[str]:
    """The command line of a session, whose temporary files stay in the folder."""
    # hypothesis, which these sessions have no use for, takes longer to import than all the rest.
    without = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    own = [*without, "--basetemp", str(folder / "tmp"), "--dlbench-device", "cpu"]
    return [sys.executable, "-m", "pytest", *own, *arguments]


def session(folder: Path, *arguments: str) -> Session:
    """Run pytest in a folder to its end."""
    report = folder / "report.xml"
    words = [*arguments, "--junitxml", str(report), "-o", "junit_family=xunit1"]
    done = subprocess.run(
        command(folder, *words),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    found = ET.parse(report).iter("testcase") if report.exists() else []
    return Session(done.returncode, done.stdout + done.stderr, {case.get("name") or "": _told(case) for case in found})


def _told(case: ET.Element) -> tuple[str, str]:
    for outcome in ("failure", "error", "skipped"):
        found = case.find(outcome)
        if found is not None:
            is_expected = found.get("type") == "pytest.xfail"
            return "xfailed" if is_expected else outcome, found.get("message") or ""
    return "passed", ""


def alike(text: str) -> str:
    """A text without its numbers, which another processor may round in another way."""
    return re.sub(r"\d+", "0", text)
