"""Logs as CSV: a heading, and rows of cells, those of Lightning's CSVLogger with `hparams.yaml` beside them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from dlbench.imports.lines import text_lines
from dlbench.imports.log import LogRow, wrong
from dlbench.imports.text_log import TextLog

DELIMITERS = (",", "\t", ";")


class CsvLog(TextLog):
    """One CSV file, and `hparams.yaml` beside it where there is one."""

    def rows(self) -> Iterator[LogRow]:
        """Each row below the heading; empty cells are missing, and a heading that stands there again is passed over."""
        lines = text_lines(self.path)
        first = next(lines, None)
        if first is None:
            raise wrong(self.path, None, "is empty")
        delimiter = max(DELIMITERS, key=first[1].count)
        names = self._heading(first[1], delimiter)
        self.columns = [name for name in names if name]
        torn = _Torn()
        reader = csv.reader(torn.watched(lines), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if not cells or cells == names:
                    continue
                line = reader.line_num + 1
                if len(cells) != len(names):
                    if torn.is_at_end:
                        self.remarks.say(f"the last line, {line}, is torn, and left out")
                        return
                    raise wrong(self.path, line, f"has {len(cells)} cells, and the heading {len(names)}")
                yield LogRow(line, {name: cell for name, cell in zip(names, cells, strict=True) if cell and name})
        except csv.Error as error:
            raise wrong(self.path, reader.line_num + 1, f"cannot be read as CSV: {error}") from error

    def _heading(self, line: str, delimiter: str) -> list[str]:
        try:
            names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter, strict=True), [])]
        except csv.Error as error:
            raise wrong(self.path, 1, f"cannot be read as CSV: {error}") from error
        told = [name for name in names if name]
        if not told:
            raise wrong(self.path, 1, "has no heading; the first line must name the columns")
        if twice := sorted({name for name in told if told.count(name) > 1}):
            raise wrong(self.path, 1, f"has more than one column '{twice[0]}'")
        return names


@dataclass
class _Torn:
    """Whether the last line that was read is one without a line feed, which its writer has not finished."""

    is_at_end: bool = False

    def watched(self, lines: Iterator[tuple[int, str]]) -> Iterator[str]:
        for _, line in lines:
            self.is_at_end = not line.endswith("\n")
            yield line
