"""Which logs there are where a caller points: files, or all of a kind below a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dlbench.errors import UsageError, shortened
from dlbench.files import exists, is_folder
from dlbench.imports.csv_log import CsvLog
from dlbench.imports.jsonl_log import JsonLinesLog
from dlbench.imports.log import Log
from dlbench.imports.path_fields import PathPattern

MOST = 10_000
"""Logs that are imported at once."""

FORMATS = ("csv", "jsonl", "tensorboard", "trackio", "wandb")
_ENDINGS = {
    "csv": (".csv", ".tsv"),
    "jsonl": (".jsonl", ".ndjson"),
    "trackio": (".db",),
    "wandb": (".wandb",),
}


def find_logs(form: str, paths: Iterable[Path], pattern: PathPattern | None) -> list[Log]:
    """The logs of one format at some paths, each once, below folders in the order of their names, numbers by their size.

    Below a folder only those count that fit the pattern. Raises UsageError where there are none at a path, or one that was named
    does not fit.
    """
    found: list[Log] = []
    taken: set[tuple[Path, str]] = set()
    for path in paths:
        for log in _at(form, path, pattern):
            parts = {(file.resolve(), log.part) for file in log.files}
            if parts <= taken:  # named twice, or hyperparameters that stand below their log
                continue
            taken |= parts
            found.append(log)
            if len(found) > MOST:
                raise UsageError(f"{path}: there are more than {MOST:,} logs; import them in parts")
    return found


def _at(form: str, path: Path, pattern: PathPattern | None) -> list[Log]:
    if not exists(path):
        raise UsageError(f"{shortened(str(path))}: there is no such file or folder")
    logs_in = _reader(form)
    logs = [log for candidate in _candidates(form, path) if _fits(candidate, pattern) for log in logs_in(candidate)]
    if logs:
        return logs
    if pattern is not None and any(True for _ in _candidates(form, path)):
        raise UsageError(f"{shortened(str(path))}: nothing there fits --from '{shortened(pattern.text)}'")
    what = f"files of {form} with numbers in them" if form == "tensorboard" else " or ".join(_ENDINGS[form])
    raise UsageError(f"{shortened(str(path))}: there is no log; looked for {what}")


def _fits(path: Path, pattern: PathPattern | None) -> bool:
    return pattern is None or pattern.fields(path) is not None


def _reader(form: str) -> Callable[[Path], Sequence[Log]]:
    """What finds the logs in a file, or in a folder of TensorBoard; raises SetupError where its library is not installed."""
    if form == "tensorboard":
        from dlbench.imports.tensorboard_log import tensorboard_logs

        return tensorboard_logs
    if form == "trackio":
        from dlbench.imports.trackio_log import trackio_logs

        return trackio_logs
    if form == "wandb":
        from dlbench.imports.wandb_log import wandb_logs

        return wandb_logs
    return (lambda path: [CsvLog(path)]) if form == "csv" else (lambda path: [JsonLinesLog(path)])


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
