"""The few kinds of error a user can meet, each with the exit code that the command line returns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every verb; they are an API."""

    DONE = 0
    TRIAL_FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3
    CLAIM_REFUTED = 4
    HANGUP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    """What a shell shows of a program that SIGPIPE ended, as it does of `git log | head`."""
    TERMINATED = 143


class DlbenchError(Exception):
    """Something went wrong that the user can act on; its text is all that is shown."""

    exit_code = ExitCode.TRIAL_FAILED


class UsageError(DlbenchError):
    """The command was called wrongly, or names something that does not exist."""

    exit_code = ExitCode.USAGE


class SetupError(DlbenchError):
    """The machine lacks what the command needs: a device, a dataset, a library, disk."""

    exit_code = ExitCode.ENVIRONMENT


@dataclass(frozen=True)
class Problem:
    """One mistake in a recipe: where it stands, at which path, what is wrong and what to do."""

    file: str
    line: int | None
    path: str
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.path}: {self.what}" if self.path else f"{place}: {self.what}"


class RecipeError(DlbenchError):
    """A recipe cannot run; it carries every problem that was found, not only the first."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


LONGEST_NAME = 60
"""Comparing names takes the square of their lengths; what is longer was never one."""


def meant(name: str, names: Iterable[str]) -> str | None:
    """The name that looks most like a wrong one, if any does."""
    import difflib

    return next(iter(difflib.get_close_matches(name[:LONGEST_NAME], list(names), n=1)), None)


def hint(name: str, names: Iterable[str], otherwise: str) -> str:
    """How an error about an unknown name ends: `; did you mean 'x'?`, or `; {otherwise}` where nothing looks like it."""
    close = meant(name, names)
    last = f"did you mean '{close}'?" if close else otherwise
    return f"; {last}" if last else ""
