"""Keys that take something out of the dashboard: the table, the screen, the numbers under the cursor."""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.tui.focus_actions import FocusActions
from dlbench.tui.model.words import cursor_line

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.tui.screens.prompts import ExportTo


class SnapshotSaver(FocusActions):
    """The actions export, screenshot and copy."""

    def action_export(self) -> None:
        """Ask for a format and a file, then write the table."""
        from dlbench.tui.screens.prompts import ExportPrompt

        def answer(wanted: ExportTo | None) -> None:
            if wanted is not None:
                # The first table costs a quarter of a second of imports, which no key should wait for.
                self.run_worker(partial(self._export, wanted), thread=True, exit_on_error=False)

        self.push_screen(ExportPrompt(), answer)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Save the screen as SVG beside the run."""
        title = re.sub(r"[^\w.-]+", "-", self.view.info.name)
        name = filename or f"{title}-{time.strftime('%H%M%S')}.svg"
        file = Path(path or ".") / name
        self._write(file, self.export_screenshot(title=f"dlbench {self.view.info.name}"))

    def action_copy(self) -> None:
        """Copy the numbers under the cursor."""
        with self.view.lock:
            text = "".join(piece for piece, _ in cursor_line(self.view)).strip()
        self.copy_to_clipboard(text)
        self.notify(f"copied: {text}", markup=False)

    def report(self) -> Report:
        """The table and the verdicts as of now."""
        with self.view.lock:
            return self.view.info.report(self.view.state)

    def _export(self, wanted: ExportTo) -> None:
        from dlbench.export import exported

        text = exported(wanted.form, self.report(), self.language)
        self.call_from_thread(self._write, wanted.file, text)

    def _write(self, file: Path, text: str) -> None:
        from dlbench.run.atomic import write_text_atomic

        try:
            write_text_atomic(file, text)
        except OSError as error:
            self.notify(f"{file}: cannot be written: {error.strerror}", severity="error", markup=False)
        else:
            self.notify(f"written to {file.absolute()}", markup=False)
