"""The weights that a stack's trials end with, kept on disk where the recipe asks for it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.engine.stack_metrics import Sink
from dlbench.engine.trainer import Trainer
from dlbench.parts.datasets.base import Preparation
from dlbench.parts.outline import slots_of
from dlbench.run import weights
from dlbench.run.folder import RunFolder
from dlbench.run.weights import KeptStack

Arrays: TypeAlias = dict[str, NDArray[Any]]


def keep_weights(trainer: Trainer, folder: RunFolder, write: Sink) -> None:
    """Keep what each trial is now, but for those that diverged or were dropped, and tell of it once the file is whole."""
    path, found = folder.weights_file(trainer.index), weights_of(trainer)
    size = weights.write(path, found)
    name = path.relative_to(folder.path).as_posix()
    write("weights", stack=trainer.index, step=trainer.step, file=name, trials=len(found.trials), bytes=size)


def weights_of(trainer: Trainer) -> KeptStack:
    """What every trial is now that has come to its end; of one that was stopped early, what it was at its best step."""
    slots, buffers = slots_of(trainer.blocks), trainer.tensors.buffers
    tensors = {slot.name: slot.of(trainer.tensors.weights) for slot in slots}
    tensors |= {f"{block}.{name}": buffer for block, own in buffers.items() for name, buffer in own.items()}
    every = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
    ended = [row for row in range(len(trainer.ids)) if not trainer.is_over[row]]
    # asarray, since ascontiguousarray makes a list of a single number.
    trials = {trainer.ids[row]: {name: np.asarray(own[row], order="C") for name, own in every.items()} for row in ended}
    best = np.where(trainer.stopped, trainer.stopping.best_step, trainer.step)
    return KeptStack(trials, {trainer.ids[row]: int(best[row]) for row in ended}, _arrays(trainer), _facts(trainer))


def _arrays(trainer: Trainer) -> Arrays:
    """What is done to data, and to targets that are numbers."""
    how, scale = trainer.data.preparation, trainer.data.scale
    found = {field.name: getattr(how, field.name) for field in fields(Preparation)}
    if scale is not None:
        found |= {"target_shift": scale.shift, "target_unit": scale.unit}
    return {name: np.ascontiguousarray(array) for name, array in found.items() if array is not None}


def _facts(trainer: Trainer) -> dict[str, Any]:
    """What a net must know of its data, since these may be gone when someone reads its weights."""
    source = trainer.source
    return {
        "task": source.task,
        "shape": source.shape,
        "class_names": source.names,
        "feature_names": source.feature_names,
        "targets": source.targets,
        "form": source.form,
    }
