"""`python -m dlbench.launch.on_ray.driver`: has Ray run a session's workers, and keeps their run's folder to the last one's end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlbench import plugins
from dlbench.errors import DlbenchError, ExitCode
from dlbench.launch.freight import Growth, Parcel, Receiver
from dlbench.launch.on_ray.agent import Begun, LostError
from dlbench.launch.on_ray.launcher import token_of_worker
from dlbench.launch.on_ray.order import Order, WorkerShare, decoded
from dlbench.launch.on_ray.packing import brief_of, datasets_of, needs_of
from dlbench.launch.on_ray.sharing import Sharing
from dlbench.launch.on_ray.unit import Unit
from dlbench.launch.on_ray.waiting import Waiting, found
from dlbench.launch.standing import standing
from dlbench.launch.status import last_lines
from dlbench.parts.datasets.carried import packed
from dlbench.parts.datasets.folders import size_of
from dlbench.run import workers
from dlbench.run.control import ControlReader
from dlbench.run.folder import RunFolder
from dlbench.run.processes import token_of

if TYPE_CHECKING:
    from dlbench.launch.on_ray.cluster import RayCluster

EVERY_SECONDS = 1.0
"""Between two parcels of a worker; a message costs Ray milliseconds whatever is in it."""
POLL_SECONDS = 0.2
LOOK_SECONDS = 5.0
"""Between two looks at the cluster: for whoever waits for room, and for a worker whose stacks others could have."""
KILLED = 128
"""Exit codes from here on are those of signals, as shells tell them."""
MOST_LOSSES = 5
"""How often stacks are begun again without having come any further, before that is given up."""


class Driver:
    """Keeps the folder of a run whose workers Ray has: what they tell goes in, what is asked of them goes out.

    A worker that is lost is asked for again in a session of its own, beside the others, from the checkpoints that came; what it
    had told beyond them is void as in any later session.
    """

    def __init__(
        self,
        order: Order,
        cluster: RayCluster,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._order, self._cluster, self._now, self._sleep = order, cluster, now, sleep
        self._folder = RunFolder(Path(order.run))
        self._plan = self._folder.read_plan()
        self._process = token_of(os.getpid())
        self._asked = ControlReader(self._folder.control_file, order.session)
        self._units: list[Unit] = []
        self._datasets: dict[str, Any] = {}
        self._codes: set[int] = set()
        self._is_stopping = False
        self._looked = self._now()
        self._waiting = Waiting(order.patience, self._give_up)
        self._sharing = Sharing(self._plan, order.speeds)
        self.is_told_to_stop = False
        """Whether a signal has asked for the end."""

    def run(self) -> ExitCode:
        """Until the last worker has ended; the gravest exit code of them all."""
        for share in self._order.shares:
            self._begin(self._order.session, share, losses=0)
        while self._units:
            self._heed()
            for unit in self._units:
                if unit.awaited is None and unit.due <= self._now():
                    unit.awaited = self._cluster.take(unit.agent, unit.new_controls())
            self._hear_all()
            self._look()
        return gravest(self._codes)

    def _hear_all(self) -> None:
        """Take what has come, or wait a moment for it."""
        awaited = {unit.awaited: unit for unit in self._units if unit.awaited is not None}
        for answer in self._cluster.ready(list(awaited), POLL_SECONDS) if awaited else ():
            self._hear(awaited[answer])
        if not awaited:
            self._sleep(POLL_SECONDS)

    def _hear(self, unit: Unit) -> None:
        reference, unit.awaited = unit.awaited, None
        try:
            answer = self._cluster.answer(reference)
        except LostError as error:
            self._lose(unit, str(error))
            return
        if isinstance(answer, Begun):
            unit.place, unit.began = answer, self._now()
            found(unit, unit.began)
            return
        assert isinstance(answer, Parcel)
        unit.receiver.take(answer)
        unit.due = self._now() + EVERY_SECONDS
        if answer.exit_code is not None:
            self._finish(unit, answer.exit_code)

    def _look(self) -> None:
        """Look at the cluster from time to time."""
        if self._now() < self._looked + LOOK_SECONDS or self._is_stopping:
            return
        self._looked = self._now()
        self._sharing.watch(self._units, self._looked)
        if any(unit.place is None for unit in self._units):
            self._waiting.look(list(self._units), self._cluster.nodes(), self._looked)
        elif unit := self._sharing.chosen(self._units, self._cluster.nodes, self._looked):
            self._cluster.stop(unit.agent)

    def _heed(self) -> None:
        """Whoever asks the whole session to stop means those too that still wait for room."""
        is_asked = any(one["action"] == "stop" and one.get("stack") is None for one in self._asked.poll())
        if not self._is_stopping and (is_asked or self.is_told_to_stop):
            self._is_stopping = True
            for unit in list(self._units):
                if unit.place is None:
                    self._cluster.kill(unit.agent)
                    self._close(unit, "stopped")
                elif self.is_told_to_stop:
                    self._cluster.stop(unit.agent)

    # --- beginnings and ends --------------------------------------------------------------------------------------

    def _begin(
        self, session: int, share: WorkerShare, *, losses: int, still: bytes = b"", node: str | None = None
    ) -> None:
        """Ask Ray for a worker, on a node; `still` are controls that hold for it though they were asked before its session."""
        controls = Growth(self._folder.control_file)
        asked = controls.take(lines=True) + still
        brief = brief_of(self._folder, self._order, session, share, asked)
        needs = needs_of(self._plan, self._order, share)
        agent, awaited = self._cluster.begin(brief, self._brought(share), needs, node)
        receiver = Receiver(self._folder, session, share.worker, share.stacks)
        self._units.append(Unit(session, share, needs, agent, awaited, receiver, controls, losses, self._now()))

    def _follow(self, unit: Unit, stacks: list[int], *, losses: int, node: str | None = None) -> None:
        """Ask for a worker that goes on with stacks of one that is gone, as whoever watches has left it."""
        unit.new_controls()
        share = replace(unit.share, stacks=stacks)
        session = self._recorded(share)
        sessions, answered = range(self._order.session, session), unit.receiver.answered
        still = standing(self._folder, sessions, self._plan, stacks, answered, paused=unit.receiver.is_paused)
        self._begin(session, share, losses=losses, still=still, node=node)

    def _brought(self, share: WorkerShare) -> dict[str, Any]:
        """What stands for each dataset of a worker that is made of files, handed to Ray once."""
        wanted = datasets_of(self._plan, share.stacks)
        for key, (kind, own) in wanted.items():
            if key not in self._datasets:
                self._datasets[key] = self._cluster.put(packed(kind, own))
        return {key: self._datasets[key] for key in wanted}

    def _finish(self, unit: Unit, code: int) -> None:
        """A worker's process has ended, and everything of it has come."""
        if unit.receiver.has_ended or 0 < code < KILLED:
            self._codes.add(code)
            self._cluster.end(unit.agent)
            # Without an end of its own it has said on its console why.
            self._close(unit, None if unit.receiver.has_ended else "failed", said(self._folder, unit.share.worker))
            if unit.move and not self._is_stopping and code == ExitCode.DONE:
                for node, stacks in self._sharing.shares(unit):
                    self._follow(unit, stacks, losses=0, node=node)
        else:
            self._lose(unit, "its process was killed")

    def _lose(self, unit: Unit, why: str) -> None:
        """A worker is gone without an end: another one goes on with what it has not done, unless that leads nowhere."""
        self._cluster.kill(unit.agent)
        left = unit.left
        losses = 1 if unit.receiver.has_progressed else unit.losses + 1
        if not left:
            self._close(unit, "done")
        elif self._is_stopping:
            self._close(unit, "stopped")
        elif losses >= MOST_LOSSES:
            self._codes.add(ExitCode.TRIAL_FAILED)
            self._close(unit, "failed", f"{unit.name} was lost {losses} times without coming any further: {why}")
        else:
            text = f"{unit.name} was lost ({why}); its stacks go on from their checkpoints"
            unit.receiver.tell("note", time.time(), stack=None, text=text)
            self._close(unit, "stopped")
            self._follow(unit, left, losses=losses)

    def _give_up(self, unit: Unit, why: str) -> None:
        """Wait no longer for room for a worker."""
        self._cluster.kill(unit.agent)
        self._codes.add(ExitCode.ENVIRONMENT)
        self._close(unit, "failed", why)

    def _recorded(self, share: WorkerShare) -> int:
        """The session of a worker that follows another, which whoever looks at the run now knows of."""
        with self._folder.lock():
            session = (workers.current_session(self._folder) or 0) + 1
            token = token_of_worker(self._process, session, share.worker)
            console = size_of(self._folder.console_file(share.worker)) or 0
            workers.record(self._folder, workers.Launched(session, share.worker, token, share.stacks, console))
        return session

    def _close(self, unit: Unit, status: str | None, error: str | None = None) -> None:
        """Nothing more comes of a worker; with a `status`, it could not tell its end itself."""
        if status is not None:
            unit.receiver.tell("end", time.time(), stack=None, status=status, error=error, step=None, seconds=None)
        unit.receiver.close()
        self._units.remove(unit)


def said(folder: RunFolder, worker: int) -> str:
    """The last line that a worker has printed."""
    lines = last_lines(folder.console_file(worker), 0, 1)
    return lines[-1].removeprefix("error: ") if lines else "it ended without a word"


def gravest(codes: set[int]) -> ExitCode:
    """What stands for all of these."""
    ranked = (ExitCode.ENVIRONMENT, ExitCode.USAGE, ExitCode.TRIAL_FAILED)
    return next((code for code in ranked if code in codes), ExitCode.DONE)


def main() -> ExitCode:
    """Read an order from the standard input and carry it out."""
    order = decoded(sys.stdin.buffer.read())
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.append(number))
    plugins.load_installed()
    plugins.load([Path(file.path) for file in order.parts])
    from dlbench.launch.on_ray.cluster import RayCluster

    try:
        cluster = RayCluster(order.address, store=order.store)
    except DlbenchError as error:
        for share in order.shares:
            receiver = Receiver(RunFolder(Path(order.run)), order.session, share.worker, share.stacks)
            receiver.tell("end", time.time(), stack=None, status="failed", error=str(error), step=None, seconds=None)
        return error.exit_code
    try:
        driver = Driver(order, cluster)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(driver, "is_told_to_stop", True))
        driver.is_told_to_stop = bool(told)
        return driver.run()
    except DlbenchError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    finally:
        cluster.close()


if __name__ == "__main__":
    sys.exit(main())
