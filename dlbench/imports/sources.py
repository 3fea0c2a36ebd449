"""Which logs there are where a caller points: files, or all of a kind below a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dlbench.errors import UsageError, shortened
from dlbench.files import exists, is_folder
from dlbench.imports.csv_log import CsvLog
from dlbench.imports.jsonl_log import JsonLinesLog
from dlbench.imports.log import Log
from dlbench.imports.path_fields import PathPattern

MOST = 10_000
"""Logs that are imported at once."""

FORMATS = ("csv", "jsonl", "tensorboard")
_ENDINGS = {"csv": (".csv", ".tsv"), "jsonl": (".jsonl", ".ndjson")}


def find_logs(form: str, paths: Iterable[Path], pattern: PathPattern | None) -> list[Log]:
    """The logs of one format at some paths, each once, below folders in the order of their names, numbers by their size.

    Below a folder only those count that fit the pattern. Raises UsageError where there are none at a path, or one that was named
    does not fit.
    """
    found: list[Log] = []
    taken: set[Path] = set()
    for path in paths:
        for log in _at(form, path, pattern):
            files = {file.resolve() for file in log.files}
            if files <= taken:  # named twice, or hyperparameters that stand below their log
                continue
            taken |= files
            found.append(log)
            if len(found) > MOST:
                raise UsageError(f"{path}: there are more than {MOST:,} logs; import them in parts")
    return found


def _at(form: str, path: Path, pattern: PathPattern | None) -> list[Log]:
    if not exists(path):
        raise UsageError(f"{shortened(str(path))}: there is no such file or folder")
    make = _maker(form)
    logs = [log for candidate in _candidates(form, path) if _fits(candidate, pattern) and (log := make(candidate))]
    if logs:
        return logs
    if pattern is not None and any(True for _ in _candidates(form, path)):
        raise UsageError(f"{shortened(str(path))}: nothing there fits --from '{shortened(pattern.text)}'")
    what = f"files of {form} with numbers in them" if form == "tensorboard" else " or ".join(_ENDINGS[form])
    raise UsageError(f"{shortened(str(path))}: there is no log; looked for {what}")


def _fits(path: Path, pattern: PathPattern | None) -> bool:
    return pattern is None or pattern.fields(path) is not None


def _maker(form: str) -> Callable[[Path], Log | None]:
    if form == "tensorboard":
        from dlbench.imports.tensorboard_log import tensorboard_log

        return tensorboard_log
    return CsvLog if form == "csv" else JsonLinesLog


def _candidates(form: str, path: Path) -> Iterator[Path]:
    """A file as it is named; below a folder all files of the format, of TensorBoard the folders that hold them."""
    if not is_folder(path):
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders.sort(key=_by_number)
        if form == "tensorboard":
            if any("tfevents" in name for name in files):
                yield Path(folder)
            continue
        yield from (Path(folder) / name for name in sorted(files, key=_by_number) if name.endswith(_ENDINGS[form]))


def _by_number(name: str) -> list[tuple[int, str]]:
    """So that `version_10` comes after `version_9`."""
    return [(int(piece[:18]), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", name)]
