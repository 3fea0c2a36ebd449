"""A run for TensorBoard while it goes on: a thread that follows the folder, whatever is shown of the run meanwhile."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from dlbench.errors import DlbenchError
from dlbench.export.tensorboard.run_log import RunLog
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.state.histograms import KEPT
from dlbench.state.run_state import RunState

SECONDS = 2.0
"""Between two writings; TensorBoard itself looks every five."""
READING = 0.2
"""Seconds of reading in one go, so that the end is not waited for longer."""


class LiveLog:
    """Writes what a run tells while it is open, and the rest as it closes; `problem` says what kept it from writing."""

    def __init__(self, run: RunFolder, into: Path, *, resumes: bool = False) -> None:
        """Raises as `RunLog` does; with `resumes` it goes on there behind an earlier session of the run."""
        self.problem: DlbenchError | None = None
        self._state, self._reader = RunState(run.read_plan(), histograms=KEPT), EventReader(run)
        self._log, self._is_over = RunLog(self._state, run, into, resumes=resumes), Event()
        self._thread = Thread(target=self._follow, name="tensorboard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Read and write to the end."""
        self._is_over.set()
        self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._is_over.wait(SECONDS):
                self._read()
                self._log.write()
            self._read()
            self._log.write()
        except DlbenchError as error:
            self.problem = error

    def _read(self) -> None:
        while events := self._reader.poll(max_seconds=READING):
            self._state.apply(events)
