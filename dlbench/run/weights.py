"""Weights on disk: the net that each trial of a stack ended with, and what is done to data before it sees them.

A safetensors file: `trial/ID/LAYER.NAME` are weights and buffers of one trial in dlbench's own shapes, `data/NAME` arrays that all
trials share. The metadata is one text: JSON, behind the CRC-32 of it; in it stand the CRC-32 of every tensor. Four bytes a number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

import orjson

from dlbench.errors import DamagedFileError, DlbenchError
from dlbench.run.atomic import replacing, writing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays: TypeAlias = Mapping[str, NDArray[Any]]

ABOUT = "dlbench"
"""The one key of the metadata: with several, their order would change from process to process."""

WEIGHTS_VERSION = 1


@dataclass(frozen=True)
class KeptStack:
    """What a stack's trials ended with.

    `trials` has by the id of each trial that came to its end its tensors by name (`dense1.weight`), `steps` after how many steps
    that was. `data` are arrays that are needed to prepare data, `facts` whatever else must be known of them, as plain data.
    """

    trials: Mapping[str, Arrays]
    steps: Mapping[str, int]
    data: Arrays
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class TrialWeights:
    """The same of one trial."""

    tensors: Arrays
    step: int
    data: Arrays
    facts: Mapping[str, Any]


def write(path: Path, kept: KeptStack) -> int:
    """Write the file, whole or not at all; the same weights make the same bytes. Returns how many they are."""
    from safetensors.numpy import save

    tensors = {f"trial/{trial}/{name}": array for trial, own in kept.trials.items() for name, array in own.items()}
    tensors |= {f"data/{name}": array for name, array in kept.data.items()}
    about = {
        "v": WEIGHTS_VERSION,
        "steps": dict(kept.steps),
        "facts": dict(kept.facts),
        "crc": {name: _checksum(array) for name, array in tensors.items()},
    }
    text = orjson.dumps(about, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    content = save(tensors, {ABOUT: f"{crc32(text):08x} {text.decode()}"})
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    return len(content)


def read(path: Path, trials: Collection[str]) -> dict[str, TrialWeights]:
    """What these trials ended with, by their ids; those that have nothing there diverged or were dropped.

    Raises DlbenchError where the file is missing, damaged, or of a newer version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            about = _about(path, file.metadata())
            wanted = [name for name in about["crc"] if _owner(name) is None or _owner(name) in trials]
            found = {name: file.get_tensor(name) for name in wanted}
    except FileNotFoundError as error:
        raise DlbenchError(f"{path}: no weights are there") from error
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{path}: damaged, no weights: {error}") from error
    if wrong := next((name for name, array in found.items() if _checksum(array) != about["crc"][name]), None):
        raise DamagedFileError(f"{path}: damaged, no weights: {wrong} does not match its checksum")
    tensors: dict[str | None, dict[str, NDArray[Any]]] = {}
    for name, array in found.items():
        tensors.setdefault(_owner(name), {})[name.rpartition("/")[2]] = array
    steps, data = about["steps"], tensors.get(None, {})
    return {
        trial: TrialWeights(tensors.get(trial, {}), steps[trial], data, about["facts"])
        for trial in steps
        if trial in trials
    }


def _owner(name: str) -> str | None:
    """The trial that a tensor belongs to; `None` where all share it."""
    first, _, rest = name.partition("/")
    return rest.partition("/")[0] if first == "trial" else None


def _about(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """The metadata as they were written."""
    checksum, _, text = (metadata or {})[ABOUT].partition(" ")
    if int(checksum, 16) != crc32(text.encode()):
        raise ValueError("its metadata do not match their checksum")
    about: dict[str, Any] = orjson.loads(text)
    if about["v"] != WEIGHTS_VERSION:
        raise DlbenchError(
            f"{path}: weights of version {about['v']}, this dlbench reads version {WEIGHTS_VERSION}; install a newer dlbench"
        )
    return about


def _checksum(array: NDArray[Any]) -> int:
    """Of its numbers, their type and its shape."""
    return crc32(array.tobytes(), crc32(f"{array.dtype.str} {array.shape}".encode()))
