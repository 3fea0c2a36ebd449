"""`dlbench.table`: a run's table in Python, as text and, in notebooks, as HTML. Needs no torch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlbench.analysis.summary import Report, summarize
from dlbench.errors import UsageError
from dlbench.run.folder import RunFolder
from dlbench.run.group import find_shown
from dlbench.words.language import readers_language


@dataclass(frozen=True, repr=False)
class RunTable:
    """A run's table as it stood when it was asked for; notebooks show it as HTML, Python's prompt as `dlbench table` does."""

    report: Report

    def __repr__(self) -> str:
        from dlbench.text.console import PrintableConsole
        from dlbench.text.table import render_text

        width = shutil.get_terminal_size((120, 24)).columns
        found = render_text(self.report, width=width, color=False, ascii=False, language=readers_language(None))
        console = PrintableConsole(width=width, no_color=True, highlight=False)
        with console.capture() as capture:
            console.print(found)
        return "\n".join(line.rstrip() for line in capture.get().splitlines())

    def _repr_html_(self) -> str:
        """What notebooks show."""
        from dlbench.export.page.notebook import notebook_html

        return notebook_html(self.report, readers_language(None))


def table(
    run: str | os.PathLike[str] = "latest",
    *,
    out: str | os.PathLike[str] = "results",
    questions: Mapping[str, Any] | str | os.PathLike[str] | None = None,
) -> RunTable:
    """The table of a run, or of all recordings of a name, with diagnosis and verdicts: what `dlbench table RUN` prints.

    `run` is a name, `NAME/STAMP`, a folder, or `latest`; `out` is the folder of results. `questions` are asked of recordings in
    place of their own: a table with `compare`, `claims` and `lesson`, or the path of a TOML file of it. Raises UsageError where
    there is no such run, or it is none of recordings and asks itself, DlbenchError where it is damaged, RecipeError where questions
    are wrong.
    """
    folder = find_shown(Path(out), os.fspath(run))
    return RunTable(summarize(folder, None if questions is None else _asked(questions, folder)))


def _asked(given: Mapping[str, Any] | str | os.PathLike[str], folder: RunFolder) -> Any:
    from dlbench.recipe.questions import questions_from  # with all that checks recipes

    if not folder.read_plan().recorded:
        raise UsageError(f"table: questions are for recordings; what is asked of {folder.name} stands in its recipe")
    return questions_from(given if isinstance(given, Mapping) else Path(given))
