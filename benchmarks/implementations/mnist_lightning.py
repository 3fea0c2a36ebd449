"""Lightning with everything switched off that costs time: no logger, no checkpoints, no progress bar."""

from __future__ import annotations

import logging
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import LambdaCallback
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import mnist
from benchmarks.timer import Timer


class Classifier(lightning.LightningModule):  # type: ignore[misc,unused-ignore]  # not everywhere installed
    """The module that Lightning's own introduction writes."""

    def __init__(self) -> None:
        super().__init__()
        self.model = mnist.model()
        self.loss_of = nn.CrossEntropyLoss()

    def training_step(self, batch: list[Tensor]) -> Tensor:
        """The loss of one batch."""
        x, y = batch
        loss: Tensor = self.loss_of(self.model(x), y)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def run(lap: Timer, *, samples: int, workers: int) -> None:
    """One trial; a lap is an epoch over `samples`, from a `TensorDataset` by `workers` processes that live on between epochs."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    loader: Any = DataLoader(
        TensorDataset(*mnist.tensors(samples)),
        batch_size=mnist.BATCH,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    trainer = lightning.Trainer(
        max_epochs=-1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[LambdaCallback(on_train_epoch_start=lambda *_: lap.start())],
    )
    trainer.fit(Classifier(), loader)
