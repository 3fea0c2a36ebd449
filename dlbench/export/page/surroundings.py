"""What a run ran on and how it is run again, as its folder says: names of the host and its folders are left out."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from dlbench.errors import DlbenchError
from dlbench.run import workers
from dlbench.run.folder import RunFolder, read_json
from dlbench.run.group import RecordingGroup, is_recorded

GIGABYTE = 2**30
SHORT = 12
"""Digits of a commit by which it is found."""
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RunSurroundings:
    """What stands in a run's folder beside plan and events; what cannot be read is empty."""

    name: str = ""
    started: str = ""
    recipe: str = ""
    """The recipe with the command line's changes, as it can be run again."""
    command: str = ""
    """How the run was started."""
    environment: Facts = ()


def surroundings_of(folder: RunFolder | None) -> RunSurroundings:
    """What a run's folder says of it; a file that is missing or damaged is passed over."""
    if folder is None:
        return RunSurroundings()
    told = _environment(folder)
    return RunSurroundings(
        folder.name, _started(folder), _recipe(folder), _command(told.get("command"), folder), tuple(_facts(told))
    )


def _environment(folder: RunFolder) -> Mapping[str, Any]:
    try:
        found = read_json(folder.env_file)
    except DlbenchError:
        return {}
    return found if isinstance(found, dict) else {}


def _recipe(folder: RunFolder) -> str:
    try:
        return folder.read_recipe()
    except DlbenchError:
        return ""


def _started(folder: RunFolder) -> str:
    """When its first worker was started, in universal time, which is the same wherever the page is made."""
    first = min((worker.token.started for worker in workers.read(folder)), default=None)
    return "" if first is None else f"{datetime.fromtimestamp(first, tz=UTC):%Y-%m-%d %H:%M} UTC"


def _command(words: Any, folder: RunFolder) -> str:
    """The command line as it was typed, by the program's name and not by where that lay; of recordings their script's."""
    if not isinstance(words, list) or not words:
        return ""
    if isinstance(folder, RecordingGroup) or is_recorded(folder):
        return shlex.join(["python", PurePath(str(words[0])).name, *map(str, words[1:])])
    return shlex.join(["dlbench", *map(str, words[1:])])


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    commit, _, dirty = str(told.get("commit") or "").partition("-")
    yield from _known(
        "dlbench", told.get("dlbench"), f"({commit[:SHORT]}{f', {dirty}' if dirty else ''})" if commit else ""
    )
    yield from _known("Python", told.get("python"))
    packages = told.get("packages")
    if isinstance(packages, Mapping):
        for name, version in packages.items():
            yield str(name), str(version)
    yield from _known("platform", told.get("platform"))
    yield from _known("processor", told.get("cpu"))
    yield from _known("cores", told.get("cores"))
    if isinstance(memory := told.get("memory"), int | float):
        yield "memory", f"{memory / GIGABYTE:.1f} GiB"
    yield from _workers(told.get("workers"))


def _known(name: str, value: Any, more: str = "") -> Iterator[tuple[str, str]]:
    if value is not None:
        yield name, " ".join(filter(None, (str(value), more)))


def _workers(told: Any) -> Iterator[tuple[str, str]]:
    """The devices and threads of the workers, equal ones once."""
    own = [one for one in told.values() if isinstance(one, Mapping)] if isinstance(told, Mapping) else []
    for title, key in (("device", "device_name"), ("threads a worker", "threads"), ("torch build", "torch")):
        values = dict.fromkeys(str(one[key]) for one in own if one.get(key) is not None)
        if values:
            yield title, ", ".join(values)


def file_name(recipe: str) -> str:
    """What the recipe is called as a file."""
    return f"{PurePath(recipe).name or 'recipe'}.toml"
