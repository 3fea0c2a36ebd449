"""Lightning: `Trainer(callbacks=[LightningRecorder(name="mine")])`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from dlbench.callbacks.library import needed
from dlbench.callbacks.recorder import LibraryRecorder

with needed("lightning"):
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.callbacks import Callback

FORKED = re.compile("_(step|epoch)$")
"""How names end that Lightning gives to what is logged both by step and by epoch, beside its own."""

LENT = ("log", "log_dict")
"""Methods of the module that a trainer gives to its callbacks."""


class LightningRecorder(LibraryRecorder, Callback):  # type: ignore[misc,unused-ignore]  # not everywhere installed
    """Records `Trainer.fit` of Lightning: its layers, the loss of each step, and what the module logs with `self.log`.

    A stop that someone asks for in a dashboard sets `trainer.should_stop`.
    """

    _seen: Mapping[str, Any] = MappingProxyType({})
    """What the trainer's metrics were when they were looked at last: those that are the same objects are no news."""
    _losses: tuple[Tensor, ...] = ()
    """Of the batches since the last step."""
    _epoch: float | None = None
    _steps = 0

    def __getstate__(self) -> dict[str, Any]:
        """Copies know neither metrics nor the module."""
        state = super().__getstate__() | {"_seen": {}, "_losses": ()}
        return {name: value for name, value in state.items() if name not in LENT}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin, after the sanity check and with everything on its device."""
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        self._seen, self._losses, self._epoch, self._steps = {}, (), None, 0
        self._begin(pl_module, trainer.optimizers or None, scaler if isinstance(scaler, GradScaler) else None)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Pass over the last epoch's means, which the trainer has made anew after they were logged."""
        self._news(trainer)

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Take note of the learning rate, which a scheduler may change before anything is logged."""
        if optimizer is trainer.optimizers[0]:
            self._rate = optimizer.param_groups[0]["lr"]

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log the step's loss, and what the module has logged at it; batches whose gradients are added up are one step."""
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, Tensor):
            self._losses = (*self._losses, loss)
        if self.recording is None or self.recording.steps == self._steps:
            return
        self._steps = self.recording.steps
        batches = trainer.num_training_batches
        self._epoch = trainer.current_epoch + (batch_idx + 1) / batches if math.isfinite(batches) else None
        self._log(self._loss_of_step(trainer.accumulate_grad_batches) | self._news(trainer), self._epoch)
        if self._is_stopping:
            trainer.should_stop = True

    def _loss_of_step(self, share: int) -> dict[str, Tensor]:
        """The mean over the step's batches; the trainer has divided each by the number whose gradients are added up."""
        losses, self._losses = self._losses, ()
        if not losses:
            return {}
        return {"train_loss": losses[0] if share == 1 else torch.stack(list(losses)).mean() * share}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what the module has logged of the validation data."""
        self._log(self._news(trainer), self._epoch)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what the module has logged of the test data, where the recording's block still goes on."""
        self._log(self._news(trainer))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what the module has logged of the whole epoch."""
        self._log(self._news(trainer), trainer.current_epoch + 1)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End the recording, unless its block goes on."""
        self._end()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """End it with what has ended the training: an error, or Ctrl-C."""
        self._fail(exception)

    def _news(self, trainer: Trainer) -> dict[str, Any]:
        """The metrics that were logged since the last look, tensors as they are.

        Every process asks, since the means over an epoch may be those of all processes.
        """
        found = dict(trainer.callback_metrics)
        news = {name: value for name, value in found.items() if value is not self._seen.get(name)}
        self._seen = found
        # What is logged both by step and by epoch stands there three times, once under its own name.
        return {
            name: value for name, value in news.items() if not (FORKED.search(name) and FORKED.sub("", name) in found)
        }
