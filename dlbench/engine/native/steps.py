"""The steps of a stack, taken by the loop in C over the same tensors that torch's way works on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from dlbench.engine.batches import FullBatch, MiniBatches
from dlbench.engine.early_stopping import EarlyStopper
from dlbench.engine.native.job import NativeJob
from dlbench.engine.native.tables import StepNumbers
from dlbench.engine.stacked_net import Taps
from dlbench.engine.step_clock import StepClock
from dlbench.engine.steps import ProbedTensors
from dlbench.engine.update import Update
from dlbench.plan.native import OPTIMIZERS, REGULARIZERS

MOST_NUMBERS = 1 << 19
"""Numbers of a table that goes over at once; more steps than it holds take several calls."""

MEMORY = {"sgd": (), "adam": ("mean", "square"), "adamw": ("mean", "square"), "rmsprop": ("momentum", "square")}
"""What optimizers remember of each weight, by the names that torch's way gives it; of all others `momentum`."""


class NativeSteps:
    """Takes many steps of all trials in one call.

    Between two calls the weights and `update` hold everything that training goes on from, so checkpoints, evaluations and early
    stopping see no difference. Trials that were stopped are put back at the end of a call: nobody sees what they were meanwhile.
    """

    def __init__(
        self,
        train: Callable[[object], int],
        job: NativeJob,
        batches: FullBatch | MiniBatches,
        update: Update,
        stopping: EarlyStopper,
        clock: StepClock,
    ) -> None:
        self._train, self._job, self._weights = train, job, job.weights
        self._batches, self._update, self._stopping, self._clock = batches, update, stopping, clock
        self._clipped = torch.zeros(len(self._weights), dtype=torch.int64)
        self._job.struct.clipped = self._clipped.data_ptr()
        self._groups: object = None

    def take(self, step: int, steps: int) -> Tensor:
        """Take so many steps from `step` on; the losses before each of them, `[steps, trials]`."""
        losses = torch.empty(steps, len(self._weights))
        self._regroup()
        self._clipped.zero_()
        most = max(1, MOST_NUMBERS // (self._numbers.columns * self._job.struct.groups))
        done = 0
        while done < steps:
            now = min(steps - done, most, self._batches.left(step + done))
            self._call(step + done, losses[done : done + now])
            done += now
        self._update.count_clipped(self._clipped)
        self._stopping.hold()
        return losses

    def probed(self, step: int) -> ProbedTensors:
        """A call of one step that also hands out its insides."""
        size = len(self._weights), self._batches.size(step)
        outputs = [torch.empty(*size, *block.output) for block in self._job.layers]
        gradient = torch.zeros_like(self._weights)
        places = [output.data_ptr() for output in outputs]
        self._hand_out(places, gradient.data_ptr())
        losses = self.take(step, 1)
        self._hand_out([None] * len(places), None)
        return ProbedTensors(losses[0], gradient, Taps(outputs))

    def _hand_out(self, outputs: Sequence[int | None], gradient: int | None) -> None:
        for layer, place in zip(self._job.chain, outputs, strict=True):
            layer.tap = place
        self._job.struct.gradient = gradient

    def _call(self, step: int, losses: Tensor) -> None:
        job, order = self._job.struct, self._batches.order_at(step)
        table = self._numbers.table(step, len(losses))
        job.steps, job.losses, job.numbers = len(losses), losses.data_ptr(), table.ctypes.data
        job.batch, job.first = self._batches.batch_size, step % self._batches.steps_per_epoch
        job.order = None if order is None else order.data_ptr()
        memory = [self._update.memory(name).data_ptr() for name in self._memory]
        job.memory0, job.memory1 = [*memory, None, None][:2]
        with self._clock.on("native loop"):
            failed = self._train(self._job.address)
        if failed:
            raise MemoryError("the native loop found no memory")

    def _regroup(self) -> None:
        """Where the numbers of any trial have changed since the last call, or at the first one."""
        groups, job = self._update.groups, self._job.struct
        if groups is self._groups:
            return
        trains = [train for _, train in groups]
        self._groups, self._numbers = groups, StepNumbers(trains, *self._update.length)
        kind = trains[0]["optimizer"]["kind"]
        self._memory = MEMORY.get(kind, ("momentum",))
        regularizers = [REGULARIZERS.index(own["kind"]) for own in trains[0]["regularizers"]]
        self._kinds = np.array(regularizers, dtype=np.int32)
        self._of_trial = np.repeat(np.arange(len(groups), dtype=np.int32), [len(rows.weights) for rows, _ in groups])
        job.optimizer, job.states = OPTIMIZERS.index(kind), len(self._memory)
        job.regularizers, job.kinds = len(regularizers), self._kinds.ctypes.data
        job.groups, job.group, job.columns = len(groups), self._of_trial.ctypes.data, self._numbers.columns
