"""Views of a finished run that nobody asked anything special of: what they came to is kept, and shown of that the next time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dlbench import plugins
from dlbench.cli.output import document_text, emit, emit_styled
from dlbench.words.language import LANGUAGES
from dlbench.words.printable import json_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlbench.analysis.summary import Report
    from dlbench.run.folder import RunFolder

TABLE, DATA, TRIALS = "table.json", "data.json", "trials.csv"
"""What is kept: the documents of `dlbench table`, what it prints with `--json`, the export of the trials."""


class KeptViews:
    """What is kept of a run, and what may be.

    Nothing is of a run whose reading is not that of dlbench and the folder alone (there are parts from outside), that may go on,
    or of which something could not be read.
    """

    def __init__(self, folder: RunFolder) -> None:
        from dlbench.run.kept import key_of

        self._folder = folder
        self._key = None if plugins.are_there() else key_of(folder)

    def read(self, name: str) -> bytes | None:
        """What is kept under a name."""
        from dlbench.run.kept import kept

        return kept(self._folder, name, self._key)

    def show(self, language: str, *, json: bool, ascii_only: bool) -> bool:
        """Print the table, or its data, if that is kept; whether it was."""
        data = self.read(DATA if json else TABLE)
        if data is None:
            return False
        if json:
            emit(data.decode())
            return True
        from dlbench.text.kept_document import document_in

        document = document_in(data, language)
        if document is None:
            return False
        emit_styled(document_text(document, language, ascii_only=ascii_only))
        return True

    def keep(self, report: Report, *, json: bool) -> None:
        """Keep the table of a report, or its data, if they may be kept."""
        if not self._may_keep(report):
            return
        if json:
            from dlbench.export.json_data import as_data

            self._keep(DATA, json_text(as_data(report)))
            return
        from dlbench.text.document import document_of
        from dlbench.text.kept_document import as_text

        self._keep(TABLE, as_text({language: document_of(report, language) for language in LANGUAGES}))

    def keeping_trials(self, report: Report) -> Callable[[str], None] | None:
        """What keeps the export of its trials; `None` where that may not be kept."""
        return partial(self._keep, TRIALS) if self._may_keep(report) else None

    def _may_keep(self, report: Report) -> bool:
        """Whether what a report was made of is all that there will ever be, and was read whole."""
        from dlbench.run.repeats import to_come

        state = report.state
        has_ended = all(stack.status.final for stack in state.stacks) and to_come(self._folder.path) is None
        return self._key is not None and has_ended and not state.unreadable

    def _keep(self, name: str, text: str) -> None:
        from dlbench.run.kept import keep

        keep(self._folder, name, self._key, text.encode())
