"""The nine-layer lesson in Lightning, with everything switched off that costs time."""

from __future__ import annotations

import logging

import lightning
import torch
from lightning.pytorch.callbacks import LambdaCallback
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.implementations.xor_plain import SAMPLES, nine_layers, steps_of
from benchmarks.timer import Timer


class NineLayers(lightning.LightningModule):  # type: ignore[misc,unused-ignore]  # not everywhere installed
    """The module that Lightning's own introduction writes."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nine_layers()
        self.loss_of = nn.BCELoss()

    def training_step(self, batch: list[Tensor]) -> Tensor:
        """The loss of one batch."""
        x, y = batch
        loss: Tensor = self.loss_of(self.model(x), y)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Gradient descent."""
        return torch.optim.SGD(self.parameters(), lr=0.1)


def run(lap: Timer, *, steps: int) -> None:
    """One trial; a lap is an epoch of `steps` batches, the four points each, without workers."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    trainer = lightning.Trainer(
        max_epochs=-1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[LambdaCallback(on_train_epoch_start=lambda *_: lap.start())],
    )
    trainer.fit(NineLayers(), DataLoader(TensorDataset(*steps_of(steps)), batch_size=SAMPLES))
