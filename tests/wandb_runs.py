"""Runs that wandb itself writes, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def offline_run(folder: Path, steps: int, **config: Any) -> Path:
    """The file of a run called "first", below `folder`, with a loss that falls; skips the test where wandb is not installed."""
    wandb = pytest.importorskip("wandb")
    # Settings are handed over, since wandb reads its environment once a process.
    run = wandb.init(
        project="words", name="first", config=config, dir=folder, mode="offline", settings=wandb.Settings(silent=True)
    )
    for step in range(steps):
        run.log({"val_loss": 1 / (step + 1)})
    run.finish()
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    return Path(path)
