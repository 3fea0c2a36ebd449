"""MNIST for every implementation: torchvision's own reader, on the real files or on random ones of the same size."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

HIDDEN = 256
CLASSES = 10
BATCH = 100
REPOSITORY = Path(__file__).resolve().parents[1]
FILES = {"train": 60_000, "t10k": 10_000}


def find() -> Path | None:
    """The folder that holds `MNIST/raw` (DLBENCH_DATA, else ../shared/data), if it is there."""
    named = os.environ.get("DLBENCH_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return folder if (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file() else None


def make_random(folder: Path) -> Path:
    """Write files of MNIST's form and size with random pixels and labels into `folder`, which is returned."""
    import numpy as np

    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in FILES.items():
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, CLASSES, count, dtype=np.uint8)
        header = struct.pack(">IIII", 0x803, count, 28, 28)
        (raw / f"{split}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels.tobytes())
    return folder


def pictures(samples: int) -> Any:
    """The first training samples as torchvision's dataset of PIL images, each turned into a tensor when it is read."""
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    dataset = MNIST(os.environ["DLBENCH_DATA"], train=True, transform=ToTensor())
    dataset.data, dataset.targets = dataset.data[:samples], dataset.targets[:samples]
    return dataset


def tensors(samples: int) -> tuple[Tensor, Tensor]:
    """The first training samples as float32 pixels 0..1 `[samples, 784]` and int64 labels `[samples]`."""
    dataset = pictures(samples)
    return dataset.data.flatten(1).float().div_(255), dataset.targets.clone()


def model() -> nn.Sequential:
    """784-256-256-10 with ReLU, as plain PyTorch writes it."""
    from torch import nn

    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, CLASSES),
    )
