"""Where data lies: the folders that are searched, and what a downloaded dataset consists of. Imports no torch."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from dlbench.errors import SetupError
from dlbench.files import expanded, is_folder

VARIABLE = "DLBENCH_DATA"


def cache() -> Path:
    """The user's own data folder, the last one searched."""
    return user_cache_path("dlbench")


def search(folder: str | None = None) -> list[Path]:
    """The data folders in the order they are searched: `folder`, the variable `DLBENCH_DATA`, ./data, the user's cache."""
    named = [expanded(name) for name in (folder, os.environ.get(VARIABLE)) if name]
    return [path.absolute() for path in (*named, Path("data"), cache())]


def locate(path: str) -> Path:
    """The file at `path`, seen from the current folder, else from the data folders; raises `SetupError`."""
    return _located(path, "file", lambda candidate: size_of(candidate) is not None)


def locate_any(path: str) -> Path:
    """The same for a file or a folder."""
    return _located(path, "file", lambda candidate: size_of(candidate) is not None or is_folder(candidate))


def locate_folder(path: str) -> Path:
    """The same for a folder."""
    return _located(path, "folder", os.path.isdir)


def _located(path: str, what: str, is_one: Callable[[Path], bool]) -> Path:
    candidates = [expanded(path).absolute(), *(folder / path for folder in search())]
    for candidate in candidates:
        if is_one(candidate):
            return candidate
    if is_there := next(filter(os.path.exists, candidates), None):
        raise SetupError(f"{is_there} is {_kind_of(is_there)}, not a {what}; correct 'path'")
    looked = ", ".join(str(folder) for folder in dict.fromkeys(candidate.parent for candidate in candidates))
    raise SetupError(
        f"no {what} {path!r}: looked in {looked}; correct 'path', or set {VARIABLE} to the folder it lies in"
    )


def _kind_of(path: Path) -> str:
    """What stands there instead of a file or of a folder."""
    mode = path.stat().st_mode
    kinds = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def size_of(path: Path) -> int | None:
    """The bytes of a file, `None` where there is no such file or the system does not let us look."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


@dataclass(frozen=True)
class Download:
    """A dataset that torchvision downloads: its name here, its class there, and its files below a data folder in bytes.

    `archive` is the one file that all of them come in; where it is `None`, each comes as a `.gz` of its own.
    """

    name: str
    torchvision: str
    files: Mapping[str, int]
    archive: str | None = None

    @property
    def packed(self) -> list[str]:
        """The files as they are downloaded, below a data folder."""
        return [self.archive] if self.archive else [f"{name}.gz" for name in self.files]

    @property
    def size(self) -> int:
        """Bytes on disk when complete."""
        return sum(self.files.values())

    @property
    def home(self) -> Path:
        """The folder of its files, below the data folder."""
        return Path(next(iter(self.files))).parent

    def sizes(self, folder: Path) -> dict[str, int]:
        """The bytes of those of its files that `folder` has; equal to `files` where it is complete."""
        sizes = {name: size_of(folder / name) for name in self.files}
        return {name: size for name, size in sizes.items() if size is not None}

    def find(self, folder: str | None = None) -> Path | None:
        """The first of the searched folders that has it complete."""
        return next((path for path in search(folder) if self.sizes(path) == self.files), None)

    def damage(self, folder: Path) -> str | None:
        """What is wrong with the files in `folder`, `None` where there are none of them or all are whole."""
        sizes = self.sizes(folder)
        for name, size in self.files.items():
            if sizes and name not in sizes:
                return f"{folder / name} is missing, though other files of the dataset are there"
            if sizes and sizes[name] != size:
                return f"{folder / name} has {sizes[name]} bytes instead of {size}"
        return None

    def missing(self, folder: str | None = None) -> str | None:
        """`None` where it is found; else one sentence on what is wrong, where it was looked for and what to do."""
        if self.find(folder):
            return None
        remedy = f"run `dlbench data fetch {self.name}`, set {VARIABLE} to a folder that has it, or use --quick"
        for path in search(folder):
            if damage := self.damage(path):
                return f"{self.name} is damaged: {damage}; {remedy}"
        looked = ", ".join(map(str, search(folder)))
        return f"{self.name} is not on this machine: no {next(iter(self.files))} in {looked}; {remedy}"
