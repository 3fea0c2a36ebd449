"""Datasets from files, brought to a machine that has not got these: packed on one, and found on the other in their place.

A dataset travels before the common arguments are applied, so that every split of every seed is made of the same arrays.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import orjson

from dlbench.errors import SetupError
from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import DATASETS, Arrays, Source, on_board
from dlbench.parts.datasets.common import COMMON

VARIABLE = "DLBENCH_CARRIED"
"""Names the folder of datasets that were brought here."""

FACTS = "source.json"
KEPT = 8
"""Datasets that stay on a machine when others come."""
_CALLED = {"load", "missing"}
_COUNTS = {"shape", "class_names", "notes", "feature_names", "targets"}
"""Fields of a source that are tuples even where they are empty."""


def own_arguments(settings: Settings) -> dict[str, Any]:
    """A dataset's own arguments, without those that every dataset takes."""
    return {key: value for key, value in settings.items() if key != "kind" and key not in COMMON}


def key_of(kind: str, own: Mapping[str, Any]) -> str:
    """A name for a dataset with these arguments, the same on every machine."""
    return hashlib.sha256(orjson.dumps([kind, own], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def has_files(kind: str) -> bool:
    """Whether a dataset is made of what lies on this machine only."""
    return bool(DATASETS[kind].traits.get("origin", "file") != "on board")


def packed(kind: str, own: Mapping[str, Any]) -> bytes:
    """A dataset as bytes: what it says of itself, and its arrays; raises SetupError where it is not here, or stays on disk."""
    source = DATASETS[kind].make(**own)
    if source.on_disk:
        raise SetupError(
            f"the data {kind} at {own.get('path')} stays on disk, and is not carried to other machines; "
            f'put it where each of them sees it, or write held = "memory"'
        )
    arrays = source.load()
    facts = {one.name: getattr(source, one.name) for one in fields(source) if one.name not in _CALLED}
    told = {"fill": arrays.fill, "notes": arrays.notes}
    kept: dict[str, Any] = {name: value for name, value in vars(arrays).items() if isinstance(value, np.ndarray)}
    text = orjson.dumps({"source": facts, "arrays": told}, option=orjson.OPT_SERIALIZE_NUMPY)
    whole = io.BytesIO()
    np.savez(whole, **kept, source=np.frombuffer(text, np.uint8))
    return whole.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Put a packed dataset into a folder of its own, which appears whole or not at all; older ones beside it make room."""
    unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}.tmp")
    unfinished.mkdir(parents=True)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for name in arrays.files:
                if name != "source":
                    np.save(unfinished / f"{name}.npy", arrays[name], allow_pickle=False)
            (unfinished / FACTS).write_bytes(arrays["source"].tobytes())
        with suppress(OSError):  # another process was faster: then its dataset is as good
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    others = sorted(folder.parent.glob("[!.]*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def brought(kind: str, own: Mapping[str, Any]) -> Source | None:
    """The dataset as it was brought here, if it was."""
    place = os.environ.get(VARIABLE)
    if not place:
        return None
    folder = Path(place) / key_of(kind, own)
    try:
        told = orjson.loads((folder / FACTS).read_bytes())
    except FileNotFoundError:
        return None
    facts = {name: _tuple(name, value) for name, value in told["source"].items()}
    return Source(**facts, load=partial(_arrays, folder, told["arrays"]), missing=on_board)


def _tuple(name: str, value: Any) -> Any:
    return tuple(value) if isinstance(value, list) and (name in _COUNTS or name.endswith("per_class")) else value


def _arrays(folder: Path, told: Mapping[str, Any]) -> Arrays:
    """Its arrays, mapped; nobody can write into the file by changing them."""
    try:
        kept = {path.stem: np.load(path, mmap_mode="c", allow_pickle=False) for path in folder.glob("*.npy")}
        return Arrays(**kept, fill=told["fill"], notes=tuple(told["notes"]))
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"{folder}: the dataset that was brought here is damaged; remove it") from error
