"""The feed: a thread that takes events from a source and folds them into a reading, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from dlbench.errors import DlbenchError
from dlbench.launch.status import RunStatus
from dlbench.metrics.trial_view import Status
from dlbench.run.event_line import Event
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState
from dlbench.tui.model.liveness import Liveness
from dlbench.tui.model.machine_lines import has_gpu
from dlbench.tui.model.run_info import completed, run_info
from dlbench.tui.model.source import EventSource, FolderSource
from dlbench.tui.model.view import Reading, View

if TYPE_CHECKING:
    from dlbench.launch.machine import MachineSampler

CHUNK_SECONDS = 0.03
"""The lock is held for so long at most, and so much is read at once: a key waits no longer."""
BREATH_SECONDS = 0.002
"""Between two chunks, so that whoever waits for the lock gets it."""
IDLE_SECONDS = 0.1
REPORT_SECONDS = 1.0
MACHINE_SECONDS = 2.0
REPORT_SHARE = 0.1
"""Reports take this share of the time at most, however large their tables are."""


class Following(Protocol):
    """What keeps the run on a screen up to date, from `start` to `stop`."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


def follow(view: View, folder: RunFolder) -> Following:
    """Turn a view to a run and give it a feed of its own.

    Raises UsageError or DlbenchError where the folder is no run that can be read; the view then stays as it is.
    """
    view.turn_to(Reading(run_info(folder)))
    return Feed(view, FolderSource(folder), folder)


class Feed:
    """Keeps the reading of a view up to date: `start` its thread when the first frame is drawn, `stop` it at the end.

    Without a folder it neither asks processes how the run stands nor reads the recipe. Tests call `beat` themselves.
    """

    def __init__(
        self,
        view: View,
        source: EventSource,
        folder: RunFolder | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reading = view.reading
        self._source = source
        self._folder = folder
        self._now = now
        self._liveness = None if folder is None else Liveness(folder, now=now)
        self._restarts = source.restarts
        self._rebuilt: RunState | None = None
        self._info = view.info
        self._complaint: str | None = None
        self._sampler: MachineSampler | None = None
        self._next_sample = -float("inf")
        self._reported = -1
        self._next_report = -float("inf")
        self._stopping = Flag()
        # A daemon, so that a read that hangs (a dead network drive) never keeps the process alive.
        self._thread = Thread(target=self._run, name="feed", daemon=True)
        self.failure: Exception | None = None
        """What ended the thread, if that was a mistake of ours."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End, and wait for it so long at most."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def beat(self) -> bool:
        """One round: what is new, how the run stands, the report. Whether there may be more at once."""
        try:
            self._complete()
            if self._liveness is not None and self._source.over:
                self._liveness.look()
            events = self._source.poll(CHUNK_SECONDS)
            self._fold(events)
            self._settle()
        except DlbenchError as error:
            self._tell(problem=str(error))
            return False
        problem = self._complaint or (self._liveness.problem if self._liveness else None)
        self._tell(loading=self._loading, playback=self._source.playback, problem=problem)
        self._report()
        self._look_at_machine()
        return bool(events) or self._source.progress is not None

    @property
    def _loading(self) -> float | None:
        """Share of opening that is done; it ends when all is read, and known how the run stands: no finished one looks live."""
        liveness, progress = self._liveness, self._source.progress
        if liveness is None or progress is not None or not self._source.over or liveness.has_looked:
            return progress
        return 1.0

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._stopping.wait(BREATH_SECONDS if self.beat() else IDLE_SECONDS)
            if self._sampler is not None:
                self._sampler.close()
        except Exception as error:  # noqa: BLE001  # a thread that dies silently would leave a picture that looks alive
            self.failure = error
            self._tell(problem=f"this dashboard has a bug and cannot read on: {type(error).__name__}: {error}")

    def _complete(self) -> None:
        """Read what the recipe asks and claims, unless whoever made the view has; without that, there is still the run."""
        reading = self._reading
        if self._folder is None or reading.info.is_whole:
            return
        try:
            info = completed(reading.info, self._folder)
        except DlbenchError as error:
            self._complaint, info = str(error), replace(reading.info, is_whole=True)
        reading.begin(info, info.blank_state())

    def _fold(self, events: list[Event]) -> None:
        """Fold events in; after a step back into a new state, which is shown once it is as far. Count those that are lost."""
        if self._source.restarts != self._restarts:
            self._restarts = self._source.restarts
            self._rebuild()
        if self._liveness is not None:
            self._liveness.hear(events)
        state = self._rebuilt or self._reading.state
        if state.unreadable != self._source.problems:
            with self._reading.lock:
                state.unreadable = dict(self._source.problems)
                state.version += 1
        rest = iter(events)
        while self._fold_some(rest):
            time.sleep(BREATH_SECONDS)
        if self._rebuilt is not None and self._source.progress is None:
            self._reading.begin(self._info, self._rebuilt)
            self._rebuilt, self._reported = None, -1  # the new state may have as many events as the old one had

    def _rebuild(self) -> None:
        """Begin a new state; of a group that recordings have joined, or a run with more seeds, with all of them."""
        self._info = self._reading.info
        if self._folder is not None and (grown := self._source.grown) is not None:
            self._folder, self._liveness = grown, Liveness(grown, now=self._now)
            self._info = run_info(grown)
        self._rebuilt = self._info.blank_state()

    def _fold_some(self, events: Iterator[Event]) -> bool:
        """As many as fit into a chunk of time; whether there are more."""
        deadline = time.monotonic() + CHUNK_SECONDS
        with self._reading.lock if self._rebuilt is None else nullcontext():
            state = self._rebuilt or self._reading.state
            for event in events:
                state.apply((event,))
                if time.monotonic() >= deadline:
                    return True
        return False

    def _settle(self) -> None:
        """Say how the run stands; what seems to run where nobody works has ended."""
        liveness, reading = self._liveness, self._reading
        if liveness is None or liveness.status is None or not self._source.over:
            return
        self._tell(status=liveness.status.state, to_come=liveness.status.to_come)
        # Only after a look that no event has overtaken: a resumed run has workers of which it knows nothing.
        if liveness.is_fresh:
            self._expect(liveness.status)
            running = {stack.index for stack in reading.state.stacks if stack.status is Status.RUNNING}
            if lost := running - liveness.at_work:
                with reading.lock:
                    reading.state.lost(lost)

    def _expect(self, status: RunStatus) -> None:
        """What the workers of a resumed run have on their lists waits for them: they say nothing of it while they import torch."""
        reading = self._reading
        with reading.lock:
            for worker in status.alive:
                if reading.state.expect(worker.session, worker.stacks):
                    reading.touch()

    def _look_at_machine(self) -> None:
        """Renew what this machine does, if it is looked at while workers are at work, and the last time is long enough ago."""
        reading, status = self._reading, self._liveness.status if self._liveness else None
        if not reading.machine_wanted_by or self._now() < self._next_sample:
            return
        self._next_sample = self._now() + MACHINE_SECONDS
        if status is None or not status.alive or self._source.playback is not None:
            self._tell(machine=None)
            return
        if self._sampler is None:
            from dlbench.launch.machine import MachineSampler

            self._sampler = MachineSampler()
        self._tell(machine=self._sampler.look([worker.token for worker in status.alive], gpus=has_gpu(reading)))

    def _report(self) -> None:
        """Renew table and verdicts, if they are looked at, something is new, and the last time is long enough ago."""
        reading, began = self._reading, self._now()
        loading = self._source.progress is not None or self._rebuilt is not None
        if (
            not reading.report_wanted_by
            or loading
            or reading.state.version == self._reported
            or began < self._next_report
        ):
            return
        self._reported = reading.state.version
        reading.report = reading.info.report(reading.state)
        reading.touch()
        self._next_report = began + max(REPORT_SECONDS, (self._now() - began) / REPORT_SHARE)

    def _tell(self, **facts: object) -> None:
        """Set attributes of the reading; it is touched only where one is another."""
        new = {name: value for name, value in facts.items() if getattr(self._reading, name) != value}
        if new:
            with self._reading.lock:
                vars(self._reading).update(new)
                self._reading.touch()
