"""Logs of Weights & Biases: `.wandb` files, read by wandb's own `wandb leet inspect --json`, which prints a record a line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any

from dlbench.errors import SetupError, shortened
from dlbench.files import open_file
from dlbench.imports.json_cells import cells_of, loaded
from dlbench.imports.log import (
    Cell,
    LogRow,
    Remarks,
    checksums_of,
    flattened,
    path_text,
    plain_setting,
    storable,
    wrong,
)

LONGEST_RECORD = 1 << 26
"""Bytes of a record; the longest are those of whole tables."""
MOST_SETTINGS = 1_000
"""Values of a run's configuration."""
QUIET = {"WANDB_ERROR_REPORTING": "false", "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
"""So that reading a file tells nobody of it."""
OF_WANDB = "_"
"""How the names begin that wandb itself logs."""
SECONDS = "_runtime"
NO_SUCH_COMMAND = 2


@dataclass
class WandbLog:
    """One run. Its name and configuration are those that it has told before its first numbers."""

    path: Path
    command: list[str]
    """What reads such files."""
    hparams: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)
    columns: list[str] = field(default_factory=list)
    has_failed: bool = False
    part = ""
    begins_with_hparams = False

    @property
    def label(self) -> str:
        """Its path."""
        return path_text(self.path)

    @property
    def files(self) -> list[Path]:
        """The one file."""
        return [self.path]

    def checksums(self) -> list[dict[str, str]]:
        """Of the file."""
        return checksums_of(self.files)

    def rows(self) -> Iterator[LogRow]:
        """What each step has logged, and at the last one what stands in the summary alone; the line is the record's number."""
        logged: set[str] = set()
        summary: dict[str, Any] = {}
        number, step, has_ended = 0, 0, False
        for number, record in self._records():
            kind = record.get("type")
            told = record.get(str(kind))
            if not isinstance(told, Mapping):
                continue
            if kind == "history":
                item, step = self._item(number, told)
                logged |= item.keys()
                yield LogRow(number, cells_of(self._numbers(item), self.remarks), step)
            elif kind == "run":
                self._introduce(told)
            elif kind == "config":
                self._configure(told, is_late=bool(logged))
            elif kind == "summary":
                _update(summary, told)
            elif kind == "exit":
                has_ended, self.has_failed = True, bool(told.get("exit_code"))
        if not has_ended:
            self.remarks.say("does not say how it ended: it is under way, or was killed")
        alone = {name: value for name, value in summary.items() if name not in logged and not name.startswith(OF_WANDB)}
        if cells := {name: cell for name, cell in self._plain(alone).items() if isinstance(cell, float)}:
            self.remarks.say(f"of its summary alone, and taken for its last step: {', '.join(sorted(cells)[:10])}")
            yield LogRow(number, cells, step)

    def _item(self, number: int, told: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        """The values of a record of the history, by their names, and its step."""
        item, counted = told.get("item"), told.get("step")
        item = dict(item) if isinstance(item, Mapping) else {}
        step = item.get("_step", counted.get("num", 0) if isinstance(counted, Mapping) else None)
        if not isinstance(step, int):
            raise wrong(self.path, number, f"the step '{shortened(str(step))}' is no whole number")
        return {name: value for name, value in item.items() if name == SECONDS or not name.startswith(OF_WANDB)}, step

    def _numbers(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a step, but for those of pictures, tables and histograms, each of which is several: `image._type`."""
        kinds = {name.removesuffix("._type"): kind for name, kind in item.items() if name.endswith("._type")}
        for name, kind in kinds.items():
            self.remarks.say(f"'{shortened(name)}' is left out: it is a {shortened(str(kind))}")
        prefixes = tuple(f"{of}." for of in kinds)
        return {name: value for name, value in item.items() if not name.startswith(prefixes)}

    def _plain(self, values: Mapping[str, Any]) -> dict[str, Cell]:
        """Cells of nested values, whose left out lists need no remark: they are no numbers of a step."""
        return cells_of(self._numbers(values), Remarks())

    def _introduce(self, told: Mapping[str, Any]) -> None:
        for ours, theirs in {"run": "display_name", "group": "run_group"}.items():
            if isinstance(name := told.get(theirs), str) and name:
                self.names[ours] = storable(name)
        self.names.setdefault("run", storable(str(told.get("run_id", self.path.stem))))
        if isinstance(config := told.get("config"), Mapping):
            self._configure(config, is_late=False)

    def _configure(self, told: Mapping[str, Any], *, is_late: bool) -> None:
        update = told.get("update")
        if not isinstance(update, Mapping):
            return
        own = {name: value for name, value in update.items() if name != "_wandb"}
        values = dict(islice(flattened(own), MOST_SETTINGS + 1))
        if len(values) + len(self.hparams) > MOST_SETTINGS:
            raise wrong(self.path, None, f"has more than {MOST_SETTINGS:,} values in its configuration")
        if is_late and values:
            self.remarks.say(f"configured after its first step, and not taken: {', '.join(sorted(values)[:10])}")
            return
        plain = {storable(name): plain_setting(value) for name, value in values.items()}
        self.hparams |= {name: value for name, value in plain.items() if value is not None}

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """What wandb prints of the file, each with its number; raises UsageError where it is none, or empty."""
        with tempfile.TemporaryFile() as complaints:
            words = [*self.command, "leet", "inspect", "--json", str(self.path.absolute())]
            process = subprocess.Popen(  # wandb's own command
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, env=os.environ | QUIET
            )
            count = 0
            try:
                assert process.stdout is not None
                for number, record in _parsed(self.path, process.stdout):
                    count += 1
                    yield number, record
                code = process.wait()
            finally:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()
            complaints.seek(0)
            self._hear(code, complaints.read(10_000).decode(errors="replace").strip(), count)

    def _hear(self, code: int, said: str, count: int) -> None:
        """What wandb says beside the records, and by its exit code."""
        last = shortened(re.sub(r"^(wandb leet inspect|Error): ", "", (said.splitlines() or [""])[-1]))
        if code == NO_SUCH_COMMAND:
            raise SetupError(f"this wandb has no `wandb leet inspect`; {HOW_TO_INSTALL} ({last})")
        if code:
            raise wrong(self.path, None, f"is no file of wandb, or is damaged: {last or f'exit code {code}'}")
        if not count:
            raise wrong(self.path, None, f"has no records{f': {last}' if last else ''}")
        for line in said.splitlines():
            if line.startswith("wandb leet inspect: "):
                self.remarks.say(shortened(line.removeprefix("wandb leet inspect: ")))


HOW_TO_INSTALL = "install it with `pip install 'dlbench[wandb]'`"


def wandb_logs(path: Path) -> list[WandbLog]:
    """The run in a file; raises SetupError where wandb is not installed."""
    open_file(path).close()  # wandb would wait for a pipe
    if find_spec("wandb") is not None:
        return [WandbLog(path, [sys.executable, "-P", "-m", "wandb"])]
    if (found := shutil.which("wandb")) is not None:
        return [WandbLog(path, [found])]
    raise SetupError(f"files of wandb are read by wandb itself; {HOW_TO_INSTALL}")


def _parsed(path: Path, printed: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    while line := printed.readline(LONGEST_RECORD + 1):
        if len(line) > LONGEST_RECORD:
            raise wrong(path, None, f"has a record that is longer than {LONGEST_RECORD:,} bytes")
        with suppress(ValueError, RecursionError):
            record = loaded(line)
            if isinstance(record, dict):
                number = record.get("num")
                yield number if isinstance(number, int) else 0, record


def _update(summary: dict[str, Any], told: Mapping[str, Any]) -> None:
    """Take over what a record changes of the summary."""
    if isinstance(update := told.get("update"), Mapping):
        summary.update({str(name): value for name, value in update.items()})
