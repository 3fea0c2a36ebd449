"""What Slurm says of jobs, asked now and then and in the background, as `squeue` may take seconds."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

EVERY_SECONDS = 10.0
FIRST_SECONDS = 3.0
"""How long the first answer about jobs is waited for; later ones never are."""
UNKNOWN_JOB = "Invalid job id"
"""What squeue says of jobs that have ended some time ago."""


@dataclass
class _Known:
    """What is known of the jobs of an array: those that Slurm still has, `None` before it could be asked."""

    there: set[str] | None = None
    asked: float = -float("inf")
    question: subprocess.Popen[str] | None = field(default=None)


class JobStates:
    """Which jobs Slurm has, waiting or at work; `command` makes the question about an array's."""

    def __init__(
        self, command: Callable[[str], list[str]] | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._command = command or squeue
        self._now = now
        self._arrays: dict[str, _Known] = {}

    def is_there(self, job: str) -> bool | None:
        """Whether Slurm has a job, as it said last; `None` where nobody here can ask it."""
        array = job.partition("_")[0]
        known = self._arrays.setdefault(array, _Known())
        if known.question is None and self._now() - known.asked >= EVERY_SECONDS:
            is_first, known.asked = known.asked < 0, self._now()
            known.question = self._ask(array)
            if is_first and known.question is not None:
                with suppress(subprocess.TimeoutExpired):
                    known.question.wait(FIRST_SECONDS)
        if known.question is not None and known.question.poll() is not None:
            known.there = _answer(known.question, known.there)
            known.question = None
        return None if known.there is None else job in known.there

    def _ask(self, array: str) -> subprocess.Popen[str] | None:
        try:
            return subprocess.Popen(
                self._command(array),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        except OSError:
            return None


def squeue(array: str) -> list[str]:
    """The question about the jobs of an array, one a line."""
    return ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={array}"]


def _answer(question: subprocess.Popen[str], before: set[str] | None) -> set[str] | None:
    """The jobs that an answer names; one that failed, as where the controller does not answer, changes nothing."""
    told, complaint = question.communicate()
    if question.returncode == 0:
        return set(told.split())
    return set() if UNKNOWN_JOB in complaint else before
