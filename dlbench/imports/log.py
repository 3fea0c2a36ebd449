"""What a log is once its format is behind it: rows of cells by their names, and what it says of itself as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from dlbench.errors import UsageError
from dlbench.files import open_file

Cell: TypeAlias = str | float
"""A number, or text that may say one; what is missing has no cell."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """Cells of one line. `step` is told where the format itself has steps, else a cell may say it."""

    line: int
    cells: Mapping[str, Cell]
    step: int | None = None


@dataclass
class Remarks:
    """What must be said of a log beside its numbers: sentences, each once."""

    texts: dict[str, None] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Add a sentence."""
        self.texts[text] = None


class Log(Protocol):
    """One source: a file, or a folder of TensorBoard's event files."""

    path: Path
    """Where it lies."""
    names: dict[str, str]
    """Fields that say which log it is, as the name of its run; they are no settings of the variant."""
    hparams: dict[str, Any]
    """What it says of itself as a whole: flat, the names of nested values joined by `/`."""
    remarks: Remarks
    columns: list[str]
    """Names that its heading has; filled as `rows` begins, empty where a format has no heading."""

    @property
    def label(self) -> str:
        """What messages call it by: its path, and of a file that holds several runs the run's name."""

    @property
    def files(self) -> Sequence[Path]:
        """All that it is read from."""

    @property
    def part(self) -> str:
        """Of a file that holds several runs the id of its own; else empty."""

    @property
    def begins_with_hparams(self) -> bool:
        """Whether rows before the first step tell of the log as a whole."""

    @property
    def has_failed(self) -> bool:
        """Whether it says itself, by the end of `rows`, that its training has failed."""

    def checksums(self) -> list[dict[str, str]]:
        """What it is read from, each with the sha256 of its content; raises OSError where that cannot be read."""

    def rows(self) -> Iterator[LogRow]:
        """All its rows in their order; raises UsageError, with file and line, at the first that is damaged."""


def checksums_of(files: Iterable[Path]) -> list[dict[str, str]]:
    """Files with their sha256; raises OSError where one cannot be read."""
    return [{"path": path_text(file), "sha256": _sha256(file)} for file in files]


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with open_file(path) as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def wrong(where: Path | str, line: int | None, what: str) -> UsageError:
    """A mistake with its place, `file:line: what`; `where` is a path, or what a log is called by."""
    place = path_text(where)
    return UsageError(f"{place}: {what}" if line is None else f"{place}:{line}: {what}")


def path_text(path: Path | str) -> str:
    """A path as JSON can hold it: bytes that are no UTF-8, which names of files may have, are escapes."""
    return storable(str(path))


def storable(text: str) -> str:
    """A text as JSON can hold it."""
    return text.encode(errors="backslashreplace").decode()


def plain_setting(value: Any) -> str | float | None:
    """A hyperparameter as JSON can hold it: text, a truth value or a number, very large ones as text; `None` of all others."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int) and abs(value) >= LARGEST:
        return hex(value)
    return value if isinstance(value, int | float) else None


LARGEST = 2**63
"""Beyond whole numbers that JSON's readers know."""


def flattened(data: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value of nested tables by its name, `optimizer/lr`; what is nested deeper than anybody's log is one value."""
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from flattened(value, f"{name}/", depth + 1)
        else:
            yield name, value


DEEPEST = 32
"""Tables in tables whose values get names of their own."""
