"""The training of one stack. Read `Trainer.train` and `Trainer._advance` first: they are the loop.

The host waits for the device in few places only, each marked `# sync`: at the end of a chunk of steps, at a probe, at an
evaluation, before the first step for inits that need data; and, in `evaluate.py`, for what is said of the data after the last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.batches import Data
from dlbench.engine.breakpoints import BreakpointWatch
from dlbench.engine.checkpoint import Checkpoint
from dlbench.engine.commands import Command, Reply
from dlbench.engine.devices import wait
from dlbench.engine.early_stopping import EarlyStopper, Losses
from dlbench.engine.evaluate import Evaluation
from dlbench.engine.native.job import NativeJob
from dlbench.engine.native.steps import NativeSteps
from dlbench.engine.pausing import Pausing
from dlbench.engine.pretraining.greedy import Greedy
from dlbench.engine.probes import Probe, described, watched_layers
from dlbench.engine.schedule import Pace, ProbeBudget, evaluation_steps
from dlbench.engine.stack_metrics import Sink, StackMetrics
from dlbench.engine.stacked import Stacked
from dlbench.engine.stacked_net import allocate
from dlbench.engine.step_clock import StepClock
from dlbench.engine.steps import TorchSteps
from dlbench.engine.unit_variance import scale_to_unit_variance
from dlbench.engine.update import Update
from dlbench.engine.ways import Ways
from dlbench.parts.outline import apart_notes, slots_of
from dlbench.parts.rows import Slot
from dlbench.plan import Plan


class Trainer:
    """A stack of a plan, ready to train on a device.

    `step` is the number of steps done. With several `slices`, forward and backward go through the stack a slice of trials at a
    time, in less memory and with the same results. `watch` holds the trials against breakpoints; a chunk of steps ends where
    one that pauses comes true, and where `pausing` wants to be asked.
    """

    def __init__(
        self, plan: Plan, index: int, device: torch.device, data: Data, write: Sink, *, slices: int = 1
    ) -> None:
        self.index, self.device, self.steps, self.step = index, device, plan.stacks[index].steps, 0
        self._stack = stack = Stacked(plan, index, device, data.scale)
        self.data, self._trials, self._settings = data, plan.stacks[index].trials, stack.settings[0]
        self.clock = StepClock(device, runs=self._settings["probes"].get("profile", False))
        self._write = write = self.clock.around("events", write)
        self.ids, self.blocks, self.classes, self.source = stack.ids, stack.blocks, stack.classes, stack.task.source
        self.tensors = allocate(stack.own_blocks, stack.seeds, device)
        self._is_fresh, slots = True, slots_of(self.blocks)
        trains = [own["train"] for own in stack.settings]
        self._batches = stack.batches(data)
        self._update = Update(trains, self.tensors, slots, self.steps, self.steps_per_epoch)
        self._nets = stack.nets(self.tensors, slices, self.clock)
        train = data.train.sample(self._settings["evaluate"]["train_samples"])
        splits = {"train": train, "validation": data.validation, "test": data.test}
        self.evaluation = Evaluation(self._nets, splits, stack.task)
        self._plan_measurements(slots)
        self.stopping = EarlyStopper([own.get("early_stopping") for own in trains], self.tensors, self.steps)
        task, shared = stack.learned(data), (self._batches, self._update, self.stopping, self.clock)
        self.ways = Ways(
            plan.stacks[index].way,
            TorchSteps(self._nets, task, self.tensors, *shared),
            lambda loop: NativeSteps(loop, NativeJob(self.blocks, self.tensors.weights, data.train, task), *shared),
        )
        self._notes: list[str] = []
        self._ledger = StackMetrics(index, len(self.ids), stack.task.metrics, write, self.stopping)
        self.pretraining = Greedy(stack, self.tensors, data, self._ledger, write, slices=slices)
        self.watch = BreakpointWatch(index, self.steps, stack.variants, watched_layers(self.blocks), write)
        self.pausing = Pausing()  # the session's own takes its place where there is one
        self.seconds, self._aside = 0.0, 0.0  # the second is what probes took, whoever asked for them
        self.rate: float | None = None
        self._pace = Pace()

    def _plan_measurements(self, slots: Sequence[Slot]) -> None:
        probes, every = self._settings["probes"], self._settings["evaluate"]["every"]
        self._probe = Probe(self.blocks, slots, self.tensors.weights.shape[1], histograms=probes["histograms"])
        self._budget = ProbeBudget(self.steps, probes["points"])
        self._evaluations = evaluation_steps(
            every,
            steps=self.steps,
            steps_per_epoch=self._batches.steps_per_epoch,
            by_epochs=self._settings["train"]["epochs"] is not None,
        )

    # --- the loop -------------------------------------------------------------------------------------------------

    def train(self, between: Callable[[Trainer], bool]) -> bool:
        """Train to the end; `between` is asked before every chunk of steps and stops the training by answering True.

        Returns whether the end was reached, which is also there when no trial is left to train. Begins where `restore` left off.
        """
        self._begin()
        if self.step == 0:
            if not self.pretraining.train(self.index, lambda: between(self)):
                return False
            self._evaluate()
        for until in self._evaluations:
            while self.step < until:
                if between(self):
                    return False
                if self.is_idle:
                    return True
                self._advance(min(until, self.step + self._pace.chunk, self.pausing.until or until))
            if self.step == until and self._ledger.count:
                self._evaluate()
        return True

    def look(self) -> None:
        """Take every step without an evaluation, the first with its probe, and tell of the losses of each batch."""
        self._begin()
        self.pretraining.leave_out(self.index)
        for step in range(self.steps):
            losses = self.ways.steps.take(step, 1) if step else self._probed_step(step, is_planned=True)[None]
            self._ledger.add(losses.cpu().numpy(), step)  # sync
            self.step = step + 1
            self._book({})

    def _begin(self) -> None:
        """Say what is trained; what begins anew lets inits that need data have it."""
        self._budget.is_native = self.ways.taken == "native"
        self._announce()
        if self._is_fresh and self.step == 0:
            missed = scale_to_unit_variance(self._stack, self.tensors, self.data.train)  # sync
            self._notes += [*apart_notes(self.blocks), *missed]
        while self._notes:
            self._write("note", stack=self.index, text=self._notes.pop(0))

    def _advance(self, until: int) -> None:
        """Train from `step` to before `until`, then look at the losses."""
        found, step = [], self.step
        self.evaluation.forget()
        probed, started = self._aside, time.perf_counter()
        while step < until:
            trained = self.seconds + time.perf_counter() - started - self._aside + probed
            is_planned = self._budget.wants(step, trained)
            if is_planned or self.pausing.probes_every_step:
                found.append(self._probed_step(step, is_planned=is_planned)[None])
                until = step + 1 if self.pausing.is_hit else until
            else:
                found.append(self.ways.steps.take(step, self._budget.next_point(step, until) - step))
            step += len(found[-1])
        host = torch.cat(found).cpu().numpy()  # sync
        elapsed = time.perf_counter() - started - self._aside + probed
        self.seconds += elapsed
        self._ledger.add(host, self.step)
        self.step = step
        self.rate = self._pace.took(len(host), elapsed)

    def _probed_step(self, step: int, *, is_planned: bool) -> Tensor:
        """The same step, bit for bit, with its insides written down; only planned probes are booked. Its losses `[trials]`."""
        started = time.perf_counter()
        before = self.tensors.weights.clone()
        cost = time.perf_counter() - started
        taken = self.ways.steps.probed(step)
        wait(self.device)  # sync
        started = time.perf_counter()
        with self.clock.on("probes"):  # sync
            seen = before, self.tensors.weights, taken.gradient, taken.taps
            measures = self._ledger.probed(self._probe.measure(*seen))
        self._write("probe", stack=self.index, step=step, **measures, cost=self._budget.share(self.seconds))
        self.watch.probed(step, measures, self.pausing)
        cost += taken.seconds + time.perf_counter() - started
        self._aside += cost
        if is_planned:
            self._budget.took(cost)
        return taken.losses

    def _announce(self) -> None:
        self._write(
            "stack",
            stack=self.index,
            step=self.step,
            steps=self.steps,
            steps_per_epoch=self.steps_per_epoch,
            **self._stack.facts_of(self.data),
            way=self.ways.taken,
            rates=self._update.rates,
            dropped=np.flatnonzero(self.dropped).tolist(),
            **described(self.blocks),
        )

    def _evaluate(self) -> None:
        """The task's metrics on every split; a trial that has diverged has none."""
        with self.clock.on("evaluation"):
            means, stopped = self.evaluation.means().items(), self.stopped.sum()
            splits = {name: None if own is None else own.cpu().numpy() for name, own in means}  # sync
        metrics = self._book(splits)
        self._update.evaluated(self.step, metrics, self.is_over | self.stopped)
        if self.stopped.sum() > stopped:  # put back to their best
            self.evaluation.forget()
        self.watch.evaluated(self.step, metrics, self.pausing)

    def _book(self, splits: dict[str, NDArray[np.float64] | None]) -> dict[str, Losses | None]:
        """Write the metrics of now, with the batch losses since the last time."""
        epoch = round(self.step / self._batches.steps_per_epoch, 4)
        told = self._update.facts(self.step)
        return self._ledger.evaluated(splits, told, step=self.step, epoch=epoch, seconds=round(self.seconds, 4))

    # --- what viewers do to it ------------------------------------------------------------------------------------

    @property
    def steps_per_epoch(self) -> int:
        """The steps of an epoch."""
        return self._batches.steps_per_epoch

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Which trials have been dropped, `[trials]`."""
        return self._ledger.dropped

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """Which trials were stopped early, `[trials]`."""
        return self.stopping.stopped

    @property
    def is_over(self) -> NDArray[np.bool_]:
        """Which trials have no numbers any more, `[trials]`: they diverged or were dropped."""
        return self._ledger.is_over

    @property
    def is_idle(self) -> bool:
        """Whether no trial is left to train."""
        return self._ledger.is_idle

    def end_trials(self, trials: Sequence[int]) -> None:
        """End trials for good: they have no metrics from now on, but for those that were stopped before.

        They stay in the stack, so that no bit of the others changes.
        """
        self._ledger.dropped[[trial for trial in trials if not self.stopped[trial]]] = True

    def apply(self, command: Command) -> list[Reply]:
        """Do what is asked of this stack, between two steps: the replies in their order."""
        rows = command.fields.get("trials", [])
        if command.action == "end_trial":
            self.end_trials(rows)
            return [Reply(command, {"trials": rows})]
        if command.action == "set_lr":
            return [self._set_lr(command, rows)]
        if command.action == "breakpoint" and command.fields["on"]:
            self.watch.forget(command.fields["when"])
        return self.pausing.apply(command)

    def _set_lr(self, command: Command, rows: Sequence[int]) -> Reply:
        """Train trials with another learning rate from the next step on; the schedule's factor stays."""
        if gone := [row for row in rows if self.dropped[row] or self.stopped[row]]:
            how = "was dropped" if self.dropped[gone[0]] else "has stopped early"
            return Reply(command, error=f"trial {self._trials[gone[0]]} {how}; it is no longer training")
        self._update.change_rates((row, lr := float(command.fields["lr"])) for row in rows)
        return Reply(command, {"trials": rows, "lr": lr})

    # --- surviving ------------------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """The state between two steps."""
        return Checkpoint(
            trials=self.ids,
            step=self.step,
            way=self.ways.taken,
            **self.tensors.state(),
            **self._update.state(),
            **self._ledger.state(),
            seconds=self.seconds,
            probe_seconds=self._budget.spent,
            watch=self.watch.state(),
            stopping=self.stopping.state(),
            pretraining=self.pretraining.state(),
        )

    def restore(self, path: Path) -> bool:
        """Go on from the checkpoint at `path`; whether there is one. Raises DamagedFileError where it is none of this stack."""
        saved = checkpoints.load(path, self.checkpoint(), self.steps)
        if saved is None:
            return False
        self._is_fresh = False
        self._notes += self.ways.follow(saved.way, saved.step)
        self.tensors.restore(saved.weights, saved.buffers, saved.generators)
        self.step = self.clock.first = saved.step
        self.seconds, self._budget.spent = saved.seconds, saved.probe_seconds
        self._ledger.restore(vars(saved))
        self._update.restore(vars(saved))
        self.watch.restore(saved.watch, self.pausing.conditions)
        self.stopping.restore(saved.stopping)
        self.pretraining.restore(saved.pretraining)
        return True
