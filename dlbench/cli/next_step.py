"""What to do next, in one line, when a run has ended and its results are told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from dlbench.cli.complete import RESULTS
from dlbench.cli.messages import command
from dlbench.words.printable import to_ascii

if TYPE_CHECKING:
    from pathlib import Path

    from dlbench.run.folder import RunFolder

SEPARATOR = " · "


def next_step(
    folder: RunFolder, out: Path, *, was_watched: bool, full: Path | None = None, ascii_only: bool = False
) -> str:
    """The commands that come next, the most useful first, as many as there is room for, at least one.

    `next: dlbench watch latest · dlbench export latest --format html -o report.html · dlbench list`; who has just watched
    the run in a dashboard is not sent there again. `full` is the recipe of one's own of which the run was the small version: to
    train it in full comes first, as `dlbench new` has said to try it.
    """
    run: str | RunFolder = "latest" if out == RESULTS else folder
    report = command("export", run, "--format", "html", "-o", "report.html")
    told = [] if full is None else [command("run", str(full))]
    told += [report, command("list")] if was_watched else [command("watch", run), report, command("list")]
    width = shutil.get_terminal_size().columns
    line = f"next: {told.pop(0)}"
    while told and len(longer := f"{line}{SEPARATOR}{told.pop(0)}") <= width:
        line = longer
    return to_ascii(line) if ascii_only else line
