"""Logs as JSON lines: an object a line, nested ones flattened to names such as `train/loss`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from dlbench.imports.lines import text_lines
from dlbench.imports.log import Cell, LogRow, flattened, wrong
from dlbench.imports.text_log import TextLog


class JsonLinesLog(TextLog):
    """One file of JSON lines, and `hparams.yaml` beside it where there is one."""

    begins_with_hparams = True

    def rows(self) -> Iterator[LogRow]:
        """Each line's numbers and texts; `null` is missing, lists are left out, true and false are texts."""
        count = 0
        for number, line in text_lines(self.path):
            if not line.strip():
                continue
            count += 1
            found = self._object(number, line)
            if found is None:
                self.remarks.say(f"the last line, {number}, is torn, and left out")
                return
            yield LogRow(number, self._cells(found))
        if not count:
            raise wrong(self.path, None, "is empty")

    def _object(self, number: int, line: str) -> dict[str, Any] | None:
        """The object of a line; `None` where its writer has not finished it."""
        try:
            found = _loaded(line)
        except (ValueError, RecursionError) as error:
            if not line.endswith("\n"):
                return None
            raise wrong(self.path, number, f"is no JSON: {_first_line(error)}") from error
        if not isinstance(found, dict):
            raise wrong(
                self.path, number, 'is no JSON object; every line must be one, such as {"step": 1, "loss": 0.5}'
            )
        return found

    def _cells(self, found: dict[str, Any]) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        for name, value in flattened(found):
            if isinstance(value, bool):
                cells[name] = str(value).lower()
            elif isinstance(value, int | float):
                cells[name] = _number(value)
            elif isinstance(value, str):
                cells[name] = value
            elif value is not None:
                self.remarks.say(f"'{name}' is left out: it holds lists or tables")
        return cells


def _loaded(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # Python writes NaN and Infinity, which are no JSON, and reads them.
        found = json.loads(line)
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be kept
        return found


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return float("inf") if value > 0 else float("-inf")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
