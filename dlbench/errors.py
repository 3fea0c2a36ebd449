"""The few kinds of error a user can meet, each with the exit code that the command line returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


class MissingLibraryError(SetupError, ImportError):
    """A library of others is not installed; whoever tries an import may catch it as an ImportError too."""


class UnwritableError(SetupError):
    """A run's folder takes nothing any more: the disk is full, or the folder is gone or read-only."""


class DamagedFileError(DlbenchError):
    """A file is not what was written: torn, changed, or another."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a recipe: where it stands, at which path, what is wrong and what to do; no file where it has no place."""

    file: str
    line: int | None
    path: str
    what: str

    def __str__(self) -> str:
        if not self.file:
            return self.what
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.path}: {self.what}" if self.path else f"{place}: {self.what}"


class RecipeError(DlbenchError):
    """A recipe cannot run; it carries every problem that was found, not only the first."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class DataError(SetupError):
    """The data of a recipe is not on this machine, or cannot be read; it carries every problem, as `RecipeError` does."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def together(errors: Sequence[DlbenchError]) -> DlbenchError:
    """One error that says what all of them say; a wrong recipe or command outweighs what the machine lacks."""
    if len(errors) == 1:
        return errors[0]
    problems = [
        problem
        for error in errors
        for problem in (
            error.problems if isinstance(error, RecipeError | DataError) else [Problem("", None, "", str(error))]
        )
    ]
    is_wrong = any(error.exit_code == ExitCode.USAGE for error in errors)
    return RecipeError(problems) if is_wrong else DataError(problems)


LONGEST_TOLD = 200
"""Characters of what someone has written that a message repeats."""


def shortened(text: str) -> str:
    """A name or path as a message repeats it: of a very long one the two ends."""
    half = LONGEST_TOLD // 2
    return text if len(text) <= LONGEST_TOLD else f"{text[:half]}...{text[-half:]}"


LONGEST_NAME = 60
"""Comparing names takes the square of their lengths; what is longer was never one."""


def meant(name: str, names: Iterable[str], alike: float = 0.6) -> str | None:
    """The name that looks most like a wrong one, if any is at least so much `alike`, from 0 to 1."""
    import difflib

    return next(iter(difflib.get_close_matches(name[:LONGEST_NAME], list(names), n=1, cutoff=alike)), None)


def hint(name: str, names: Iterable[str], otherwise: str) -> str:
    """How an error about an unknown name ends: `; did you mean 'x'?`, or `; {otherwise}` where nothing looks like it."""
    close = meant(name, names)
    last = f"did you mean '{close}'?" if close else otherwise
    return f"; {last}" if last else ""
