"""Importing: every log that was named becomes recordings, all of them or, where one is damaged, none."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dlbench.errors import DlbenchError, UsageError, shortened
from dlbench.imports.collect import ImportOptions, collected
from dlbench.imports.log import Log, wrong
from dlbench.imports.trials import ImportedTrial
from dlbench.imports.writing import PendingRecording, write_recording
from dlbench.run.environment import environment
from dlbench.run.folder import LONGEST_NAME, read_json, runs_of_name

MOST_PROBLEMS = 20
"""Damaged logs that are told one by one."""


@dataclass(frozen=True)
class ImportedRecording:
    """One recording that was made of a log."""

    run: str
    source: str
    variant: str
    seed: int | None
    steps: int
    names: dict[str, str]
    """What numbers of the log are called here, by the log's own names."""
    remarks: list[str]


@dataclass
class ImportResult:
    """What was imported, and which logs had been before, each with the recording that it is."""

    recordings: list[ImportedRecording] = field(default_factory=list)
    known: list[tuple[str, str]] = field(default_factory=list)


def import_logs(
    form: str, logs: Sequence[Log], options: ImportOptions, out: Path, *, force: bool = False
) -> ImportResult:
    """Make recordings under `out/NAME` of logs; what was imported there before is left out, but with `force`.

    Raises UsageError with a line for every log that is damaged or does not fit, and where all were imported before; then nothing
    is made.
    """
    check_name(options.name)
    before = {} if force else _imported_before(out / options.name)
    result = ImportResult()
    pending: list[PendingRecording] = []
    try:
        _write_all(form, logs, options, out, before, pending, result)
        for one in pending:
            one.folder.write_plan(one.plan)
            result.recordings.append(_recording(one))
    except BaseException:
        for one in pending:
            shutil.rmtree(one.folder.path, ignore_errors=True)
        with suppress(OSError):
            (out / options.name).rmdir()
        raise
    return result


def _write_all(
    form: str,
    logs: Sequence[Log],
    options: ImportOptions,
    out: Path,
    before: dict[str, str],
    pending: list[PendingRecording],
    result: ImportResult,
) -> None:
    """Write what every log has into `pending`; raises UsageError where any is damaged, or all are known."""
    problems = []
    env = environment()
    for log in logs:
        try:
            files = _files(log)
            identity = _identity(files)
            if identity in before:
                result.known.append((log.label, before[identity]))
                continue
            told = {**env, "imported": {"format": form, "path": log.label, "files": files}}
            for trial in _read(log, options):
                pending.append(write_recording(out, options.name, log, trial, told, options.renamed))
                before.setdefault(identity, pending[-1].folder.name)
        except UsageError as error:
            problems.append(str(error))
    named = {name for one in pending for name in one.names}
    problems += [f"--rename: no log has '{shortened(old)}'" for old in options.renamed if pending and old not in named]
    if problems:
        raise UsageError(_told(problems))
    if result.known and not pending:
        raise UsageError(_told_known(result.known))


def check_name(name: str) -> None:
    """Raise UsageError where recordings cannot have this name, because no folder can."""
    if not re.fullmatch(r"\w[\w.+-]*", name) or len(name.encode()) > LONGEST_NAME or name.endswith((".", "-")):
        raise UsageError(
            f"--name: '{shortened(name)}' is no name; it is made of letters, digits, and . + - _ between them"
        )


def _imported_before(group: Path) -> dict[str, str]:
    """What recordings of a name were made of, each with the recording."""
    found: dict[str, str] = {}
    for folder in runs_of_name(group):
        with suppress(DlbenchError, AttributeError, TypeError, KeyError):
            found[_identity(read_json(folder.env_file)["imported"]["files"])] = folder.name
    return found


def _identity(files: Sequence[dict[str, str]]) -> str:
    """The same for the same content, wherever it lies."""
    return " ".join(one["sha256"] for one in files)


def _files(log: Log) -> list[dict[str, str]]:
    """What a log is read from, with checksums; raises UsageError where a file cannot be read."""
    try:
        return log.checksums()
    except OSError as error:
        raise wrong(log.label, None, f"cannot be read: {error.strerror or error}") from error


def _read(log: Log, options: ImportOptions) -> list[ImportedTrial]:
    """The trials of a log; raises UsageError where it is damaged, or cannot be read."""
    try:
        return collected(log, options)
    except OSError as error:
        raise wrong(log.label, None, f"cannot be read: {error.strerror or error}") from error


def _recording(one: PendingRecording) -> ImportedRecording:
    trial = one.plan.trials[0]
    seed = trial.seed if trial.is_seeded else None
    steps = one.plan.stacks[0].steps
    return ImportedRecording(one.folder.name, one.source, trial.variant, seed, steps, one.names, one.remarks)


def _told(problems: Sequence[str]) -> str:
    more = len(problems) - MOST_PROBLEMS
    return "\n".join([*problems[:MOST_PROBLEMS], *([f"and {more:,} more"] if more > 0 else [])])


def _told_known(known: Sequence[tuple[str, str]]) -> str:
    lines = [f"{source}: was imported before, as {run}" for source, run in known]
    return f"{_told(lines)}\n--force imports the same content again"
