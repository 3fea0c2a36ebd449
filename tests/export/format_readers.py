"""How every format is read back. A new format needs a line in one of these tables, or `test_formats_agree.py` fails."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow.parquet as pq
from html_reader import parsed
from html_reader import tables_in as tables_in_html
from latex_reader import tables_in as tables_in_latex
from latex_reader import words_in as words_in_latex
from rich.console import Console

from dlbench.analysis.summary import Report
from dlbench.export import RECORDS
from dlbench.export.parquet_file import write_parquet
from dlbench.text.table import render_text

PARTS = ("mean", "std", "n", "low", "high")

Tables = list[list[list[str]]]
"""Tables, each of rows, the headings first."""
Numbers = dict[tuple[str, str, str], dict[str, dict[str, float | None]]]
"""(part, variant, choice as JSON) -> column -> mean, std, n and interval; columns without a number are left out."""


def tables_in_markdown(text: str) -> Tables:
    """Lines of cells that belong together, without the rule."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[_cells(line) for line in block.splitlines() if not set(line) <= set("|-: ")] for block in blocks]


def _cells(line: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", cell).strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def unmarked(text: str) -> str:
    """Markdown as it is read."""
    return re.sub(r"\\([^a-zA-Z0-9\s])", r"\1", text)


DOCUMENTS: dict[str, Callable[[str], Tables]] = {
    "markdown": tables_in_markdown,
    "latex": lambda text: [rows for _, rows in tables_in_latex(text)],
    "html": lambda text: [rows for _, rows in tables_in_html(text)],
}
"""Formats for people, by the tables that stand in them."""

WORDS: dict[str, Callable[[str], str]] = {
    "markdown": unmarked,
    "latex": words_in_latex,
    "html": lambda text: parsed(text).text,
}
"""The same formats as they are read, the diagnosis among them."""


def printed(report: Report, width: int = 10_000) -> str:
    """The table as the terminal prints it, in one block."""
    out = io.StringIO()
    found = render_text(report, width=width, color=False, ascii=False)
    Console(file=out, width=width, highlight=False).print(found)
    return out.getvalue()


def numbers_in_json(report: Report, text: str) -> Numbers:
    """The cells of the JSON."""
    del report
    data = json.loads(text)
    rows = [("comparison", row) for row in data["rows"]] + [("search", row) for row in data["sweep"]]

    def cell(own: dict[str, Any]) -> dict[str, float | None]:
        low, high = own["interval"] or (None, None)
        return {**{part: own[part] for part in PARTS[:3]}, "low": low, "high": high}

    return {
        (part, row["variant"], json.dumps(row["choice"], sort_keys=True)): {
            key: cell(own) for key, own in row["cells"].items()
        }
        for part, row in rows
    }


def numbers_in_csv(report: Report, text: str) -> Numbers:
    """The cells of the CSV; names that a spreadsheet would take for formulas lose their apostrophe."""
    lines = list(csv.DictReader(io.StringIO(text)))
    for line in lines:
        line["variant"] = line["variant"].removeprefix("'")
    return _numbers(report, lines, lambda cell: float(cell) if cell else None)


def numbers_in_parquet(report: Report) -> Numbers:
    """The cells of the Parquet file."""
    file = io.BytesIO()
    write_parquet(RECORDS["table"].make(report), file, {})
    return _numbers(report, pq.read_table(io.BytesIO(file.getvalue())).to_pylist(), lambda cell: cell)


def _numbers(report: Report, lines: Iterable[dict[str, Any]], read: Callable[[Any], float | None]) -> Numbers:
    rows = [*report.table.rows, *report.table.sweep]
    found: Numbers = {}
    for line, row in zip(lines, rows, strict=True):
        cells = {
            column.key: {part: read(line[f"{column.key}_{part}"]) for part in PARTS}
            for column in report.table.all_columns
        }
        told = {key: cell for key, cell in cells.items() if cell["n"] or row.cells[key].never}
        found[line["part"], line["variant"], json.dumps(row.choice, sort_keys=True)] = told
    return found


NUMBERS: dict[str, Callable[[Report, str], Numbers]] = {"json": numbers_in_json, "csv": numbers_in_csv}
"""Formats for programs that have the table in text, by its numbers."""

RECORDED = ("trials", "ensembles", "confusion", "parquet")
"""Tables of records, CSV and Parquet of which are held against each other in `test_records.py`."""

ELSEWHERE = {
    "tensorboard": "test_tensorboard.py",
}
"""Formats that are no report but what was recorded, and the test that reads them back."""
