"""A worker: the process that trains its share of a run's stacks and writes its own file of events."""

from __future__ import annotations

import os
import signal
import socket
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import torch

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.batches import Data, load
from dlbench.engine.devices import device_name, open_device
from dlbench.engine.trainer import Trainer
from dlbench.errors import ExitCode, SetupError
from dlbench.plan import Plan
from dlbench.run.control import ControlReader
from dlbench.run.environment import complete
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder

HEARTBEAT_SECONDS = 1.0
CONTROL_SECONDS = 0.2
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class End:
    """How a stack ended, or the worker; step and seconds are of a stack that was trained so far."""

    status: str
    error: str | None = None
    step: int | None = None
    seconds: float | None = None


class Worker:
    """One process of a run: session and number, device, and the stacks it trains one after the other."""

    def __init__(self, folder: RunFolder, session: int, number: int, stacks: Sequence[int]) -> None:
        self._folder = folder
        self._plan: Plan = folder.read_plan()
        self._share = self._plan.workers[number]
        self._session, self._number, self._stacks = session, number, list(stacks)
        self._events = EventWriter(folder.events_file(session, number))
        self._controls = ControlReader(folder.control_file, session)
        self._stopping = False
        self._unwanted: set[int] = set()
        self._data: tuple[dict[str, Any], Data] | None = None
        self._asked = self._saved = time.monotonic()
        self._heard = -HEARTBEAT_SECONDS  # the first chunk of steps is a sign of life

    def run(self) -> ExitCode:
        """Train every stack; the end of each, and of the worker, is an event whatever happens."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        torch.set_num_threads(self._share.threads)
        try:
            device = self._open_device()
        except SetupError as error:
            self._end(None, End("failed", str(error)))
            return error.exit_code
        self._introduce(device)
        statuses = [self._guard(stack, device) for stack in self._stacks if not self._stopping]
        if self._stopping or "stopped" in statuses:
            status = "stopped"
        else:
            status = "failed" if "failed" in statuses else "done"
        self._end(None, End(status))
        return ExitCode.TRIAL_FAILED if "failed" in statuses else ExitCode.DONE

    def _introduce(self, device: torch.device) -> None:
        """Say who trains what, and on what."""
        facts = {
            "device": str(device),
            "device_name": device_name(device),
            "threads": self._share.threads,
            "torch": torch.__version__,
        }
        self._events.write(
            "run",
            session=self._session,
            worker=self._number,
            pid=os.getpid(),
            started=psutil.Process().create_time(),
            host=socket.gethostname(),
            stacks=self._stacks,
            **facts,
        )
        complete(
            self._folder,
            self._session,
            self._number,
            {**facts, "cpu_capability": torch.backends.cpu.get_cpu_capability()},
        )

    def _open_device(self) -> torch.device:
        try:
            return open_device(self._share.device)
        except SetupError as error:
            if not self._share.fallback:
                raise
            self._events.write("note", stack=None, text=f"{error}; training on the CPU instead")
            return open_device("cpu")

    def _guard(self, index: int, device: torch.device) -> str:
        """Train one stack and write its end; an error in one stack does not keep the others from training."""
        try:
            end = self._train(index, device)
        except Exception as error:  # noqa: BLE001 (whatever it was, it becomes the stack's end, with the traceback on the console)
            traceback.print_exc()
            end = End("failed", f"{type(error).__name__}: {error}")
        self._end(index, end)
        return end.status

    def _train(self, index: int, device: torch.device) -> End:
        """Train one stack to its end or to a stop; out of memory, again with slices half as large."""
        slices, trials = 1, len(self._plan.stacks[index].trials)
        while True:
            try:
                return self._attempt(index, device, slices)
            except (torch.OutOfMemoryError, MemoryError) as error:
                if slices >= trials:
                    raise
                slices = min(2 * slices, trials)
                text = f"out of memory: the stack goes on in {slices} slices ({error})"
            # Only here, after the error with all that its traceback held, is the memory free again.
            self._events.write("note", stack=index, text=text)
            torch.cuda.empty_cache()

    def _attempt(self, index: int, device: torch.device, slices: int) -> End:
        trainer = Trainer(self._plan, index, device, self._load(index, device), self._events.write, slices=slices)
        trainer.restore(self._folder.checkpoint_file(index))
        finished = trainer.train(self._pause)
        self._save(trainer)
        return End("done" if finished else "stopped", None, trainer.step, trainer.seconds)

    def _load(self, index: int, device: torch.device) -> Data:
        """The stack's data; kept from the stack before when it is the same."""
        first = self._plan.trials[self._plan.stacks[index].trials[0]]
        settings = self._plan.candidates[first.candidate].settings["data"]
        if self._data is None or self._data[0] != settings:
            self._data = None  # the old data leave the memory before the new enter it
            self._data = (settings, load(settings, device))
        return self._data[1]

    def _pause(self, trainer: Trainer) -> bool:
        """Between two chunks of steps: answer controls, give a sign of life, save; whether to stop."""
        now = time.monotonic()
        if now - self._asked >= CONTROL_SECONDS:
            self._asked = now
            self._obey(trainer)
        if now - self._heard >= HEARTBEAT_SECONDS:
            self._heard = now
            rate = None if trainer.rate is None else round(trainer.rate, 2)
            self._events.write("heartbeat", stack=trainer.index, step=trainer.step, rate=rate)
        if now - self._saved >= CHECKPOINT_SECONDS:
            self._save(trainer)
        return self._stopping or trainer.index in self._unwanted

    def _obey(self, trainer: Trainer) -> None:
        for request in self._controls.poll():
            if request["action"] == "stop":
                stack = request.get("stack")
                self._stopping |= stack is None
                self._unwanted |= set() if stack is None else {stack}
                self._events.write("control", id=request["id"], action="stop", stack=trainer.index, step=trainer.step)

    def _save(self, trainer: Trainer) -> None:
        """Events first, checkpoint second: what a checkpoint goes on from has been told before."""
        self._events.flush(sync=True)
        checkpoints.save(trainer.checkpoint(), self._folder.checkpoint_file(trainer.index))
        self._events.write("checkpoint", stack=trainer.index, step=trainer.step)
        self._saved = time.monotonic()

    def _end(self, stack: int | None, end: End) -> None:
        self._events.write("end", stack=stack, **asdict(end))
        self._events.flush(sync=True)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True


def main(arguments: Sequence[str]) -> ExitCode:
    """`RUN --session N --worker W --stacks 0,2`, as `dlbench.launch` calls it."""
    folder, _, session, _, number, _, stacks = arguments
    return Worker(RunFolder(Path(folder)), int(session), int(number), [int(i) for i in stacks.split(",")]).run()
