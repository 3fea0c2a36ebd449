"""Keys that take something out of the dashboard: the table, the screen, the numbers under the cursor."""

from __future__ import annotations

import re
import time
from functools import partial
from io import StringIO
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.tui.model.words import cursor_line

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.screens.prompts import ExportTo


def new_file(stem: str) -> Path:
    """An SVG file in the current folder that is not there yet: the second of one second gets the number 2."""
    files = (Path(f"{stem}{end}.svg") for end in chain([""], (f"-{number}" for number in count(2))))
    return next(file for file in files if not file.exists())


class SnapshotSaver:
    """The actions export, screenshot and copy: the run as it stands, in a file or on the clipboard."""

    def __init__(self, app: AppBase) -> None:
        self._app = app

    def action_export(self) -> None:
        """Ask for a format and a file, then write the table."""
        from dlbench.tui.screens.prompts import ExportPrompt

        def answer(wanted: ExportTo | None) -> None:
            if wanted is not None:
                # The first table costs a quarter of a second of imports, which no key should wait for.
                self._app.run_worker(partial(self._export, wanted), thread=True, exit_on_error=False)

        self._app.push_screen(ExportPrompt(), answer)

    def action_screenshot(self) -> None:
        """Save the screen as SVG beside the run."""
        name = self._app.view.info.name
        title = re.sub(r"[^\w.-]+", "-", name)
        self._write(
            new_file(f"{title}-{time.strftime('%H%M%S')}"), self._app.export_screenshot(title=f"dlbench {name}")
        )

    def action_copy(self) -> None:
        """Copy the numbers under the cursor."""
        view = self._app.view
        with view.lock:
            text = "".join(piece for piece, _ in cursor_line(view)).strip()
        self._app.copy_to_clipboard(text)
        self._app.notify(f"copied: {text}", markup=False)

    def report(self) -> Report:
        """The table and the verdicts as of now."""
        view = self._app.view
        with view.lock:
            return view.info.report(view.state)

    def _export(self, wanted: ExportTo) -> None:
        from dlbench.export import exported

        text = exported(wanted.form, self.report(), self._app.language)
        self._app.call_from_thread(self._write, wanted.file, text)

    def _write(self, file: Path, text: str) -> None:
        """Write a file beside the dashboard; in a browser it is a download, and nothing is written here."""
        from dlbench.run.atomic import write_text_atomic

        if self._app.is_web:
            self._app.deliver_text(StringIO(text), save_filename=file.name)
            return
        try:
            write_text_atomic(file, text)
        except OSError as error:
            self._app.notify(f"{file}: cannot be written: {error.strerror}", severity="error", markup=False)
        else:
            self._app.notify(f"written to {file.absolute()}", markup=False)
