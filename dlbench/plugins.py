"""Parts from outside: installed packages with entry points `dlbench.parts`, and files that a caller names with `--parts`.

Such a module registers what it has in the catalogues, as the package's own modules do; nothing else knows its origin.
A recipe can never load code by itself: a file is loaded because the caller said so, again in every process. Imports nothing heavy.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dlbench.errors import UsageError
from dlbench.files import expanded, read_file

GROUP = "dlbench.parts"
"""The group of entry points under which an installed package names its modules with parts."""

LARGEST = 1 << 24


@dataclass(frozen=True)
class PartsFile:
    """A file of parts: where it was, and the sha256 of its bytes."""

    path: str
    sha256: str


_LOADED: dict[PartsFile, None] = {}
"""Those that this process has loaded, in their order."""


def loaded() -> list[PartsFile]:
    """The files of parts that this process has loaded, in their order."""
    return list(_LOADED)


def load(paths: Iterable[Path]) -> None:
    """Load files of parts, each once; raises UsageError where one cannot be read, or breaks while it is imported."""
    for path in paths:
        file = _described(path)
        if file not in _LOADED:
            _import(file)
            _LOADED[file] = None


def are_there() -> bool:
    """Whether this process has any parts from outside: where it has, what a run comes to is not dlbench's word alone."""
    return bool(_LOADED or load_installed())


@cache
def load_installed() -> int:
    """Load the modules that installed packages name under `dlbench.parts`, so many; raises UsageError where one breaks."""
    from importlib.metadata import entry_points  # a fifth of what --help takes

    points = entry_points(group=GROUP)
    for point in points:
        try:
            point.load()
        except Exception as error:
            raise UsageError(
                f"the installed parts '{point.value}' ({point.dist.name if point.dist else 'unknown package'}) cannot be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error
    return len(points)


def file_of(module: str) -> PartsFile | None:
    """The file of parts that was loaded as a module of that name; `None` where it is any other module."""
    return next((file for file in _LOADED if _module_name(file) == module), None)


def require(wanted: Iterable[PartsFile], run: str) -> None:
    """Have this process hold exactly the files of parts that a run was started with; raises UsageError where it does not."""
    asked, here = list(wanted), loaded()
    if {file.sha256 for file in asked} == {file.sha256 for file in here}:
        return
    for file in here:
        other = next((one for one in asked if Path(one.path).name == Path(file.path).name), None)
        if other is not None and other.sha256 != file.sha256:
            raise UsageError(
                f"{file.path}: is not the file that {run} was started with (sha256 {other.sha256[:12]}, now {file.sha256[:12]}); "
                "its trials could no longer be compared, so run the recipe again"
            )
    lacking = [file for file in asked if file.sha256 not in {one.sha256 for one in here}]
    if lacking:
        options = " ".join(f"--parts {file.path}" for file in lacking)
        raise UsageError(f"{run} was started with parts of your own; continue it with '{options}'")
    raise UsageError(f"{run} was started without {', '.join(file.path for file in here)}; remove --parts")


def _described(path: Path) -> PartsFile:
    import hashlib

    whole = expanded(path)
    try:
        content = read_file(whole, LARGEST)
    except OSError as error:
        raise UsageError(f"{whole}: cannot be read as parts: {error.strerror or error}") from error
    return PartsFile(str(whole.absolute()), hashlib.sha256(content).hexdigest())


def _module_name(file: PartsFile) -> str:
    return f"dlbench_parts_{file.sha256[:12]}"


def _import(file: PartsFile) -> None:
    import importlib.util

    name = _module_name(file)
    spec = importlib.util.spec_from_file_location(name, file.path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file.path}: is not a Python file; put the parts into one, such as mine.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(f"{file.path}: cannot be loaded as parts: {type(error).__name__}: {error}") from error
