"""A worker: the process that trains its share of a run's stacks and writes its own file of events."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from types import FrameType
from typing import Any

import torch

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.batches import Data, load
from dlbench.engine.controls import Controls
from dlbench.engine.devices import device_name, memory, open_device
from dlbench.engine.filter_snapshots import FilterSnapshots
from dlbench.engine.outcome import keep
from dlbench.engine.pausing import Pausing
from dlbench.engine.pretraining.greedy import wants_everything
from dlbench.engine.resume import resumed
from dlbench.engine.slices import slices_for
from dlbench.engine.stack_pictures import first_filters
from dlbench.engine.step_boundary import StepBoundary
from dlbench.engine.trainer import Trainer
from dlbench.engine.ways import native_facts
from dlbench.errors import DlbenchError, ExitCode, SetupError, UnwritableError
from dlbench.parts.datasets import Arrays, describe
from dlbench.plan import Plan
from dlbench.plan.data import data_of_stack
from dlbench.plan.facts import measured
from dlbench.run.environment import complete, deviations
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, previous
from dlbench.run.processes import token_of

HEARTBEAT_SECONDS = 1.0
CONTROL_SECONDS = 0.2
PAUSED_SECONDS = 0.05
"""How often controls are looked at while paused, where someone waits for each of them."""

CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class WorkerEnd:
    """How a stack ended, or the worker; step and seconds are of a stack that was trained so far."""

    status: str
    error: str | None = None
    step: int | None = None
    seconds: float | None = None


class Worker:
    """One process of a run: session and number, device, and the stacks it trains one after the other.

    `attended`: whether someone is there who lets it go on where one of the recipe's breakpoints pauses it. `looking`: it takes
    the first step of each stack with its probe, and no other.
    """

    def __init__(
        self,
        folder: RunFolder,
        session: int,
        number: int,
        stacks: Sequence[int],
        *,
        attended: bool = False,
        looking: bool = False,
    ) -> None:
        self._folder = folder
        self._plan: Plan = folder.read_plan()
        self._share = self._plan.workers[number]
        self._session, self._number, self._stacks, self._looking = session, number, list(stacks), looking
        self._events = EventWriter(folder.events_file(session, number))
        self._controls = Controls(folder, self._plan, session, self._stacks)
        self._pausing = Pausing(self._plan.breakpoints, attended=attended)
        self._boundary = StepBoundary(self._controls, self._pausing, self._events.write, self._save)
        self._data: tuple[dict[str, Any], Data] | None = None
        self._told: list[dict[str, Any]] = []
        """The settings of the data that has been written about."""
        self._asked = self._heard = -HEARTBEAT_SECONDS  # the first step is a sign of life
        self._saved = time.monotonic()
        self._saved_step = 0
        """Of the present stack, what its checkpoint has."""

    def run(self, received: Sequence[int] = ()) -> ExitCode:
        """Train every stack; the end of each, and of the worker, is an event whatever happens.

        A signal that was `received` before stops it at once, in order. Where the folder takes nothing any more, what was told so
        far can be resumed from; the end is told if there is room again.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._controls.stopping = bool(received)
        try:
            return self._work()
        except UnwritableError as error:
            with suppress(UnwritableError):
                self._end(None, WorkerEnd("stopped", str(error)))
            raise

    def _work(self) -> ExitCode:
        torch.set_num_threads(self._share.threads)
        try:
            device = self._open_device()
        except SetupError as error:
            self._end(None, WorkerEnd("failed", str(error)))
            return error.exit_code
        self._introduce(device)
        statuses = [self._guard(stack, device) for stack in self._stacks if not self._controls.stopping]
        if self._controls.stopping or "stopped" in statuses:
            status = "stopped"
        else:
            status = "failed" if "failed" in statuses else "done"
        self._boundary.close()
        self._end(None, WorkerEnd(status))
        return ExitCode.TRIAL_FAILED if "failed" in statuses else ExitCode.DONE

    def _introduce(self, device: torch.device) -> None:
        """Say who trains what, and on what."""
        me = token_of(os.getpid())
        facts = {
            "device": str(device),
            "device_name": device_name(device),
            "threads": self._share.threads,
            "torch": torch.__version__,
        }
        who = {"session": self._session, "worker": self._number, "pid": me.id, "started": me.started, "host": me.host}
        self._events.write("run", **who, stacks=self._stacks, **facts)
        facts["native"], notes = native_facts(self._plan, self._stacks, device)
        for text in (*notes, *(f"worker {self._number} on {me.host}: {one}" for one in deviations(self._folder))):
            self._events.write("note", stack=None, text=text)
        facts["cpu_capability"] = torch.backends.cpu.get_cpu_capability()
        try:
            complete(self._folder, self._session, self._number, facts)
        except UnwritableError:
            raise
        except DlbenchError as error:
            self._events.write("note", stack=None, text=f"{error}; what this session runs on is not recorded in it")

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
        except UnwritableError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it was, it becomes the stack's end, with the traceback on the console)
            traceback.print_exc()
            end = WorkerEnd("failed", f"{type(error).__name__}: {error}")
        self._end(index, end)
        self._controls.ended(index)
        return end.status

    def _train(self, index: int, device: torch.device) -> WorkerEnd:
        """Train one stack to its end or to a stop; out of memory, again with slices half as large."""
        slices, trials = slices_for(self._plan, index, device), len(self._plan.stacks[index].trials)
        while True:
            try:
                return self._attempt(index, device, slices)
            except (torch.OutOfMemoryError, MemoryError) as error:
                if slices >= trials:
                    raise
                slices = min(2 * slices, trials)
                text = f"out of memory: the stack continues in {slices} slices ({error})"
            # Only here, after the error with all that its traceback held, is the memory free again.
            self._events.write("note", stack=index, text=text)
            torch.cuda.empty_cache()

    def _attempt(self, index: int, device: torch.device, slices: int) -> WorkerEnd:
        data = self._load(index, device)
        if self._looking:
            trainer = Trainer(self._plan, index, device, data, self._events.write, slices=slices)
            trainer.look()
            return WorkerEnd("done", None, trainer.step, trainer.seconds)
        gallery = FilterSnapshots(self._folder, self._events.write)

        def make() -> Trainer:
            trainer = Trainer(self._plan, index, device, data, self._events.write, slices=slices)
            trainer.pausing = self._pausing
            trainer.pretraining.gallery = gallery
            return trainer

        trainer = resumed(make, self._folder.checkpoint_file(index), self._events.write)
        self._saved_step = trainer.step
        self._asked = -CONTROL_SECONDS  # whoever asked for something before the first step has it then
        finished = trainer.train(self._between)
        if finished:
            first = first_filters(trainer.blocks, trainer.tensors.weights, data.test.x.shape[1:])
            gallery.write(index, trainer.step, "train", first)
            keep(trainer, self._folder, self._events.write, self._settings(index)["evaluate"])
        self._save(trainer)
        if finished:  # nobody goes on from it, and it takes as much room
            previous(self._folder.checkpoint_file(index)).unlink(missing_ok=True)
        return WorkerEnd("done" if finished else "stopped", None, trainer.step, trainer.seconds)

    def _load(self, index: int, device: torch.device) -> Data:
        """The stack's data; kept from the stack before when it is the same."""
        data = data_of_stack(self._plan, index)
        wanted = {"everything": wants_everything(self._settings(index)["train"]), **data}
        if self._data is None or self._data[0] != wanted:
            self._data = None  # the old data leave the memory before the new enter it
            look = partial(self._tell_data, data)
            self._data = (wanted, load(data, device, everything=wanted["everything"], look=look))
        return self._data[1]

    def _tell_data(self, data: dict[str, Any], arrays: Arrays) -> None:
        """Write down what is known of the arrays, once a run: whoever trains the plan's first stack of that data does it."""
        stacks = [stack for stack in range(len(self._plan.stacks)) if data_of_stack(self._plan, stack) == data]
        if stacks[0] in self._stacks and data not in self._told:
            self._told.append(data)
            facts = measured(data, describe(data), arrays)
            self._events.write("data", stacks=stacks, settings=data, **asdict(facts))

    def _settings(self, index: int) -> dict[str, Any]:
        """The settings of a stack's first trial, for what all its trials have in common."""
        first = self._plan.trials[self._plan.stacks[index].trials[0]]
        return self._plan.candidates[first.candidate].settings

    def _between(self, trainer: Trainer) -> bool:
        """Between two chunks of steps: answer controls, give a sign of life, save, wait while paused; whether to stop."""
        now = time.monotonic()
        if now - self._asked >= CONTROL_SECONDS:
            self._asked = now
            self._boundary.obey(trainer)
        self._boundary.proceed(trainer)
        if self._boundary.is_waiting(trainer):
            self._wait(trainer)
        elif now - self._heard >= HEARTBEAT_SECONDS:
            self._beat(trainer, paused=False)
        is_due = trainer.step != self._saved_step and now - self._saved >= CHECKPOINT_SECONDS
        if is_due or trainer.pretraining.is_milestone:
            self._save(trainer)
        return self._controls.stops(trainer.index)

    def _wait(self, trainer: Trainer) -> None:
        """Between two steps until someone wants another one; what was trained so far is saved once, at the latest in a second."""
        self._beat(trainer, paused=True)
        while self._boundary.is_waiting(trainer):
            now = time.monotonic()
            if now - self._heard >= HEARTBEAT_SECONDS:
                self._beat(trainer, paused=True)
            # Not at every step of someone who goes step by step.
            if trainer.step != self._saved_step and now - self._saved >= HEARTBEAT_SECONDS:
                self._save(trainer)
            time.sleep(PAUSED_SECONDS)
            self._boundary.obey(trainer)
            self._boundary.proceed(trainer)
        self._asked = time.monotonic()

    def _beat(self, trainer: Trainer, *, paused: bool) -> None:
        """One sign of life."""
        self._heard = time.monotonic()
        rate = None if paused or trainer.rate is None else round(trainer.rate, 2)
        self._events.write(
            "heartbeat",
            stack=trainer.index,
            step=trainer.step,
            rate=rate,
            paused=paused,
            memory=memory(trainer.device),
        )

    def _save(self, trainer: Trainer) -> None:
        """Events first, checkpoint second: what a checkpoint goes on from has been told before."""
        self._events.flush(sync=True)
        checkpoints.save(trainer.checkpoint(), self._folder.checkpoint_file(trainer.index))
        self._events.write("checkpoint", stack=trainer.index, step=trainer.step)
        self._saved, self._saved_step = time.monotonic(), trainer.step
        trainer.pretraining.is_milestone = False

    def _end(self, stack: int | None, end: WorkerEnd) -> None:
        self._events.write("end", stack=stack, **asdict(end))
        self._events.flush(sync=True)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._controls.stopping = True
