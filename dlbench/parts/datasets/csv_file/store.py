"""Prepared tables on disk, so that a large one is read once and every worker maps the same arrays."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import numpy as np
import orjson

from dlbench.parts.datasets.csv_file.options import CsvOptions
from dlbench.parts.datasets.csv_file.table import CsvTable, Feature
from dlbench.parts.datasets.folders import cache

FORMAT = 2
"""To be counted up whenever the same file and options would be prepared in another way."""
LARGE = 4 << 20
"""Bytes from which a file is worth a place on disk; smaller ones are read in a moment."""
KEPT = 8
ABANDONED = 3600.0
ARRAYS = ("numbers", "codes", "y")
TEXTS = ("features", "class_names", "notes", "target_name", "answer_name", "has_header")
UNUSABLE = (OSError, ValueError, KeyError, TypeError, EOFError)


def prepared(file: Path, options: CsvOptions, prepare: Callable[[Path, CsvOptions], CsvTable]) -> CsvTable:
    """What `prepare` makes of a file: from the user's cache where it is there, and kept there where the file is large.

    The key is the file's place, size, times and inode with the options: what has changed is prepared anew. A cache that is
    damaged, full or read-only costs the time of reading, nothing else.
    """
    if file.stat().st_size < LARGE:
        return prepare(file, options)
    folder = cache() / "tables" / _key(file, options)
    try:
        return load(folder)
    except UNUSABLE:
        shutil.rmtree(folder, ignore_errors=True)
        table = prepare(file, options)
    if folder.name != _key(file, options):
        return table
    try:
        save(folder, table)
        return load(folder)
    except UNUSABLE:
        return table


def _key(file: Path, options: CsvOptions) -> str:
    """What a prepared table depends on, as a folder's name."""
    state = file.stat()
    facts = [FORMAT, str(file.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
    return hashlib.sha256(orjson.dumps([*facts, asdict(options)])).hexdigest()[:32]


def load(folder: Path) -> CsvTable:
    """The table that `save` has put there, its arrays mapped."""
    texts = orjson.loads((folder / "table.json").read_bytes())
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}
    if [list(array.shape) for array in arrays.values()] != texts.pop("shapes"):
        raise ValueError(f"{folder} is damaged")
    features = [Feature(**feature) for feature in texts.pop("features")]
    with suppress(OSError):
        (folder / "table.json").touch()
    return CsvTable(features=features, **arrays, **texts)


def save(folder: Path, table: CsvTable) -> None:
    """Put a table into a folder of its own, which appears whole or not at all; older ones make room for it."""
    unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}.tmp")
    unfinished.mkdir(parents=True)
    try:
        for name in ARRAYS:
            with (unfinished / f"{name}.npy").open("wb") as target:
                np.save(target, getattr(table, name), allow_pickle=False)
                target.flush()
                # Else a loss of power could leave a file of the right size that holds nothing.
                os.fsync(target.fileno())
        texts = {name: getattr(table, name) for name in TEXTS}
        shapes = [getattr(table, name).shape for name in ARRAYS]
        (unfinished / "table.json").write_bytes(orjson.dumps({**texts, "shapes": shapes}))
        # Another process may have been faster: then its table is as good.
        with suppress(OSError):
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _make_room(folder.parent)


def _make_room(folder: Path) -> None:
    """Keep the tables used last, and nothing of what a killed process has left half written."""
    whole = sorted(folder.glob("[!.]*"), key=lambda path: _used(path / "table.json"), reverse=True)
    abandoned = [path for path in folder.glob(".*.tmp") if time.time() - _used(path) > ABANDONED]
    for path in [*whole[KEPT:], *abandoned]:
        shutil.rmtree(path, ignore_errors=True)


def _used(path: Path) -> float:
    """When a file was touched last, 0 where it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
