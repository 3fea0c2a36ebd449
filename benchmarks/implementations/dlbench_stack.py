"""dlbench's engine on one stack of trials, events written to a file as in any run."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

import torch

from benchmarks.lessons import one_stack
from benchmarks.timer import Timer
from dlbench.engine.batches import Data, load
from dlbench.engine.slices import slices_for
from dlbench.engine.trainer import Trainer
from dlbench.run.events import EventWriter


def run(lap: Timer, *, lesson: str, trials: int, steps: int, probes: bool, samples: int | None = None) -> None:
    """`trials` seeds of a lesson ("xor", "mnist", "cnn" or "lstm") on its first `samples`; a lap is a training of `steps` steps.

    As with every implementation, making the net is not timed. The evaluations at the first and last step see one sample.
    """
    plan = one_stack(lesson, trials=trials, steps=steps, probes=probes, samples=samples)
    device = torch.device("cpu")
    whole = load(plan.candidates[0].settings["data"], device)
    slices = slices_for(plan, 0, device)
    data = Data(whole.train, None, whole.test.sample(1))
    with tempfile.TemporaryDirectory() as folder:
        for number in count():
            lap.wait()
            with EventWriter(Path(folder) / f"{number}.jsonl") as writer:
                trainer = Trainer(plan, 0, device, data, writer.write, slices=slices)
                lap.start()
                trainer.train(_go_on)
                lap.stop()


def _go_on(trainer: Trainer) -> bool:
    del trainer
    return False
