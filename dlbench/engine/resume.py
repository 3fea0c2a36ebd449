"""Going on with a stack: from its newest checkpoint, past one that is damaged to the one before it, else from the beginning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.stack_metrics import Sink
from dlbench.engine.trainer import Trainer
from dlbench.errors import DamagedFileError
from dlbench.run.folder import previous


def resumed(make: Callable[[], Trainer], path: Path, write: Sink) -> Trainer:
    """A trainer that `make` made, as the newest sound checkpoint of its stack has it; `path` is that of the newest.

    A damaged one is told by a note and set aside. What older sessions told of later steps is void, as its `stack` event will say.
    """
    trainer = make()
    damages: list[str] = []
    for file in (path, previous(path)):
        try:
            if trainer.restore(file):
                break
        except torch.OutOfMemoryError:
            raise
        except (DamagedFileError, ValueError, TypeError, LookupError, RuntimeError) as error:
            own_words = isinstance(error, DamagedFileError)
            damages.append(str(error) if own_words else f"{file.name}: it does not match its stack")
            checkpoints.set_aside(file)
            trainer = make()  # nothing of the damage stays in it
    if damages:
        origin = f"the checkpoint before it, of step {trainer.step:,}" if trainer.step else "its beginning"
        text = (
            f"a checkpoint is damaged ({'; '.join(damages)}); the stack continues from {origin}, with the same results"
        )
        write("note", stack=trainer.index, text=text)
    return trainer
