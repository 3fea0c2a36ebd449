"""The loop of every tutorial: a Dataset, a DataLoader with workers, a model, Adam."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks import mnist
from benchmarks.timer import Timer


def run(lap: Timer, *, samples: int, workers: int, pictures: bool) -> None:
    """One trial; a lap is an epoch over `samples`, read by `workers` processes that live on between epochs.

    With `pictures`, torchvision's MNIST with `ToTensor`, as the tutorials have it; else a `TensorDataset`, where nothing is
    left to do for a sample but to collate it.
    """
    dataset: Dataset[tuple[torch.Tensor, ...]]
    dataset = mnist.pictures(samples) if pictures else TensorDataset(*mnist.tensors(samples))
    loader = DataLoader(
        dataset, batch_size=mnist.BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )
    model = mnist.model()
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        lap.start()
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
