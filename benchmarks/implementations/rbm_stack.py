"""dlbench's RBMs, a stack of trials at once, as a run pre-trains them: records on the way, events written to a file."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import torch

from benchmarks.rbms import Task, lost
from benchmarks.timer import Timer
from dlbench.engine.batches import load
from dlbench.engine.host_samples import whole
from dlbench.engine.trainer import Trainer
from dlbench.parts.outline import slots_of
from dlbench.parts.pretraining.coder import Coder
from dlbench.run.events import EventWriter


def run(lap: Timer, *, trials: int, quality: bool, **task: Any) -> None:
    """A lap is the whole pre-training of `trials` RBMs; with `quality` it answers with what they lose, not with its time."""
    own = Task(**task)
    plan, device = own.plan(trials), torch.device("cpu")
    data = load(plan.candidates[0].settings["data"], device)
    with tempfile.TemporaryDirectory() as folder:
        for number in count():
            lap.wait()
            with EventWriter(Path(folder) / f"{number}.jsonl") as writer:
                trainer = Trainer(plan, 0, device, data, writer.write)
                lap.start()
                trainer.pretraining.train(0, lambda: False)
                if quality:
                    lap.answer(lost(learned(trainer), whole(data.train.x).flatten(1)))
                else:
                    lap.stop()


def learned(trainer: Trainer) -> Coder:
    """The RBMs of a trainer that has pre-trained its one hidden layer."""
    own = {slot.name: slot.of(trainer.tensors.weights) for slot in slots_of(trainer.blocks)}
    (visible,) = trainer.pretraining.state()["visible"]
    return Coder(own["dense1.weight"], visible, own["dense1.bias"])
