"""What data is on this machine, and how to get more: the logic of `dlbench data`. Its callers never import torch.

`fetch` runs this module in a process of its own (`python -m dlbench.data NAME FOLDER`), and only there torchvision, and torch
with it, is imported.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dlbench.catalog import Part
from dlbench.errors import SetupError, UsageError, hint
from dlbench.files import expanded
from dlbench.parts.datasets import DATASETS
from dlbench.parts.datasets.folders import VARIABLE, Download, cache, search

PATIENCE = 30.0
"""Seconds without a byte after which a download is given up."""

State: TypeAlias = Literal["ready", "missing", "damaged", "needs a path"]


@dataclass(frozen=True)
class DataStatus:
    """One dataset as `dlbench data` lists it.

    `kind` is "on board", "file" or "download"; `where` is the folder it was found in, or what was found instead; `size` is
    in bytes on disk, there or needed, `None` where it takes no files of its own.
    """

    name: str
    kind: str
    state: State
    where: str
    size: int | None


def listing() -> list[DataStatus]:
    """Every dataset of the catalogue with its state on this machine."""
    return [status(name) for name in DATASETS.names]


def status(name: str) -> DataStatus:
    """One dataset of the catalogue with its state on this machine."""
    part: Part[Any] = DATASETS[name]
    kind = part.traits["origin"]
    download: Download | None = part.traits.get("download")
    if kind == "file":
        return DataStatus(part.name, kind, "needs a path", "the file or folder that 'path' names", None)
    if download is None:
        missing = part.make().missing()
        return DataStatus(part.name, kind, "missing" if missing else "ready", missing or "comes with dlbench", None)
    if found := download.find():
        return DataStatus(part.name, kind, "ready", str(found / download.home), download.size)
    if damage := next(filter(None, map(download.damage, search())), None):
        return DataStatus(part.name, kind, "damaged", damage, download.size)
    looked = ", ".join(str(folder / download.home) for folder in search())
    return DataStatus(part.name, kind, "missing", f"looked in {looked}", download.size)


def fetch(name: str, folder: str | None = None) -> Path:
    """Download a dataset and return the data folder that holds it; where it is already complete, only return that.

    `folder` defaults to DLBENCH_DATA, else the user's cache. torchvision downloads beside the final place and compares its
    checksums; files are moved into place whole or not at all. Packed files that already lie in place are taken instead of the
    network's, once their checksums agree. Raises `UsageError` for what cannot be fetched, `SetupError` where it fails.
    """
    download = _download(name)
    target = expanded(folder or os.environ.get(VARIABLE) or cache()).absolute()
    found = target if download.sizes(target) == download.files else None if folder else download.find()
    if found:
        return found
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target) as beside:
            _bring(download, target, Path(beside))
            _move(download, Path(beside), target)
    except OSError as error:
        raise SetupError(f"{name} cannot be written to {target} ({error}); choose another folder") from error
    return target


def _download(name: str) -> Download:
    """What the dataset's download consists of; raises `UsageError` where there is none."""
    if name not in DATASETS:
        others = hint(name, DATASETS.names, f"the datasets are {', '.join(DATASETS.names)}")
        raise UsageError(f"there is no dataset {name!r}{others}")
    download: Download | None = DATASETS[name].traits.get("download")
    if download is None:
        fetched = ", ".join(part.name for part in DATASETS if "download" in part.traits)
        raise UsageError(f"{name!r} needs no download; those that do are {fetched}")
    return download


def _bring(download: Download, target: Path, beside: Path) -> None:
    """Have `beside` hold the complete dataset, by a process that may import torch; raises `SetupError`."""
    for name in download.packed:
        if (target / name).is_file():
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(target / name, beside / name)
    command = [sys.executable, "-m", __name__, download.name, str(beside)]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    said = child.stdout.strip().splitlines()
    if child.returncode or download.sizes(beside) != download.files:
        why = said[-1] if said else download.damage(beside) or f"the download ended with code {child.returncode}"
        packed = target / download.archive if download.archive else "the .gz files"
        raise SetupError(
            f"{download.name} could not be fetched: {why}. Without a network: copy {download.home} from another machine to "
            f"{target / download.home} ({packed} will do, then fetch again), set {VARIABLE} to a data folder that "
            f"has it, or run recipes with --quick"
        )


def _move(download: Download, beside: Path, target: Path) -> None:
    """Rename the files from `beside` into place; both are on one filesystem, so that each appears whole."""
    (target / download.home).mkdir(parents=True, exist_ok=True)
    for name in download.files:
        (beside / name).replace(target / name)


def main() -> int:
    """Download dataset NAME into FOLDER by torchvision; prints why on stdout and returns 1 where that fails."""
    name, folder = sys.argv[1:]
    socket.setdefaulttimeout(PATIENCE)
    try:
        import torchvision.datasets

        getattr(torchvision.datasets, DATASETS[name].traits["download"].torchvision)(folder, download=True)
    except Exception as error:  # noqa: BLE001 - whatever stops a download, the parent tells it in one line
        sys.stdout.write(" ".join(str(error).split()) + f" ({type(error).__name__})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
