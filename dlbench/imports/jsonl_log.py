"""Logs as JSON lines: an object a line, nested ones flattened to names such as `train/loss`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlbench.imports.json_cells import cells_of, loaded
from dlbench.imports.lines import text_lines
from dlbench.imports.log import LogRow, wrong
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
            yield LogRow(number, cells_of(found, self.remarks))
        if not count:
            raise wrong(self.path, None, "is empty")

    def _object(self, number: int, line: str) -> dict[str, Any] | None:
        """The object of a line; `None` where its writer has not finished it."""
        try:
            found = loaded(line)
        except (ValueError, RecursionError) as error:
            if not line.endswith("\n"):
                return None
            raise wrong(self.path, number, f"is no JSON: {_first_line(error)}") from error
        if not isinstance(found, dict):
            raise wrong(
                self.path, number, 'is no JSON object; every line must be one, such as {"step": 1, "loss": 0.5}'
            )
        return found


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
