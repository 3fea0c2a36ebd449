"""Logs of trackio: a database of SQLite a project, with a row a call of `log`; every run in it is a log of its own."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dlbench.errors import shortened
from dlbench.files import open_file
from dlbench.imports.json_cells import cells_of, loaded
from dlbench.imports.log import LogRow, Remarks, flattened, path_text, plain_setting, storable, wrong

LONGEST_CELL = 1 << 24
"""Bytes of a value in the database; what a call logs has some hundred."""
MOST_RUNS = 10_000
MOST_SETTINGS = 1_000
"""Values of a run's configuration."""
KIND = "_type"
"""The key by which trackio tells pictures, tables and histograms from numbers."""
WRITER = ("_Username", "_Created", "_Group")
"""What trackio itself puts into a configuration."""


@dataclass
class TrackioLog:
    """One run in a database; the line of a row is its id there."""

    path: Path
    part: str
    run: str
    """Its name, which other runs may have too."""
    key: str
    """The expression by which rows belong to a run: older databases know its name alone."""
    hparams: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)
    columns: list[str] = field(default_factory=list)
    has_failed = False
    begins_with_hparams = False

    @property
    def label(self) -> str:
        """The database, and which run."""
        return f"{path_text(self.path)} ({shortened(storable(self.run))})"

    @property
    def files(self) -> list[Path]:
        """The database."""
        return [self.path]

    def checksums(self) -> list[dict[str, str]]:
        """Of the run's id and its own rows: those of others, which a database gets later, change nothing."""
        found = hashlib.sha256(self.part.encode(errors="backslashreplace"))
        for _, step, metrics in self._read():
            text = metrics if isinstance(metrics, bytes) else str(metrics).encode(errors="backslashreplace")
            found.update(f"{step} {len(text)} ".encode() + text)
        return [{"path": path_text(self.path), "run": storable(self.part), "sha256": found.hexdigest()}]

    def rows(self) -> Iterator[LogRow]:
        """What each call has logged, in the order of the calls."""
        for number, step, metrics in self._read():
            if not isinstance(step, int):
                raise wrong(self.label, number, f"the step '{shortened(str(step))}' is no whole number")
            yield LogRow(number, cells_of(self._numbers(number, metrics), self.remarks), step)

    def _numbers(self, number: int, metrics: Any) -> dict[str, Any]:
        """What a call has logged, but for pictures, tables and histograms."""
        found = _object(self.label, number, metrics)
        left = [name for name, value in found.items() if isinstance(value, Mapping) and KIND in value]
        for name in left:
            self.remarks.say(f"'{shortened(name)}' is left out: it is a {shortened(str(found[name][KIND]))}")
        return {name: value for name, value in found.items() if name not in left}

    def _read(self) -> Iterator[tuple[int, Any, Any]]:
        with opened(self.path) as database:
            query = f"SELECT id, step, metrics FROM metrics WHERE {self.key} = ? ORDER BY id"  # noqa: S608  # of ours
            yield from database.execute(query, (self.part,))


def trackio_logs(path: Path) -> list[TrackioLog]:
    """The runs in a database, in the order in which they began; none where it is none of trackio's.

    Raises UsageError where it is damaged, or no database at all.
    """
    with opened(path) as database:
        columns = {str(row[1]) for row in database.execute("PRAGMA table_info(metrics)")}
        if not {"id", "run_name", "step", "metrics"} <= columns:
            return []
        key = "COALESCE(run_id, run_name)" if "run_id" in columns else "run_name"
        query = f"SELECT {key}, run_name, MIN(id) FROM metrics GROUP BY 1 ORDER BY 3"  # noqa: S608  # of ours
        found = list(islice(database.execute(query), MOST_RUNS + 1))
        if len(found) > MOST_RUNS:
            raise wrong(path, None, f"has more than {MOST_RUNS:,} runs; these are none")
        logs = [TrackioLog(path, str(part), str(name), key) for part, name, _ in found if part is not None]
        for log in logs:
            log.names["run"] = storable(log.run)
            _configure(log, database)
    return logs


def _configure(log: TrackioLog, database: sqlite3.Connection) -> None:
    """Read what a run was configured with, if it says that."""
    columns = {str(row[1]) for row in database.execute("PRAGMA table_info(configs)")}
    if not {"run_name", "config"} <= columns:
        return
    key = "COALESCE(run_id, run_name)" if "run_id" in columns else "run_name"
    query = f"SELECT config FROM configs WHERE {key} = ?"  # noqa: S608  # of ours
    row = database.execute(query, (log.part,)).fetchone()
    if row is None:
        return
    config = _object(log.label, None, row[0])
    if isinstance(group := config.get("_Group"), str):
        log.names["group"] = storable(group)
    told = {name: value for name, value in config.items() if name not in WRITER}
    values = dict(islice(flattened(told), MOST_SETTINGS + 1))
    if len(values) > MOST_SETTINGS:
        raise wrong(log.label, None, f"has more than {MOST_SETTINGS:,} values in its configuration")
    log.hparams |= {
        storable(name): plain for name, value in values.items() if (plain := plain_setting(value)) is not None
    }


def _object(label: str, number: int | None, text: Any) -> dict[str, Any]:
    """An object of JSON that a cell of the database holds, as text or as bytes."""
    try:
        found = loaded(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise wrong(label, number, "holds what is no JSON") from error
    if not isinstance(found, dict):
        raise wrong(label, number, "holds JSON that is no object")
    return found


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database for reading, whoever else writes into it; raises UsageError where it is damaged, or none."""
    open_file(path).close()  # a pipe would be waited for, and a folder is no file
    # What nobody has left in a journal can be read without making any file beside it.
    journal = path.with_name(f"{path.name}-wal")
    still = "" if journal.is_file() and journal.stat().st_size else "&immutable=1"
    address = f"file:{quote(str(path.absolute()))}?mode=ro{still}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            database.text_factory = _text
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the names of columns are decoded by sqlite3 itself
        raise wrong(path, None, f"is no database that can be read, or is damaged: {error}") from error


def _text(content: bytes) -> str:
    """A text of the database, which may be none."""
    return content.decode(errors="backslashreplace")
