"""What is kept of a stack that was trained to its end: right and wrong answers, confusion counts.

Predictions and weights are kept if they are asked for.

All of it is there before the stack's end is told, so that whoever reads of that finds it; the successor of a worker that was
killed in between writes it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlbench.engine.evaluate import Answers
from dlbench.engine.kept_weights import keep_weights
from dlbench.engine.stack_metrics import Sink
from dlbench.engine.trainer import Trainer
from dlbench.run import correct, predictions
from dlbench.run.folder import RunFolder
from dlbench.run.predictions import Predictions

MOST_CLASSES = 100
"""Classes beyond which no confusion is counted: a trial's counts are their square, in one line of the log."""


def keep(trainer: Trainer, folder: RunFolder, write: Sink, asked: Mapping[str, Any]) -> None:
    """Keep all of it that `[evaluate]` asks for, and tell of it by events; before it where the time went, if that was asked."""
    for text in trainer.clock.told(trainer.step, len(trainer.ids)):
        write("note", stack=trainer.index, text=text)
    FinalAnswers(folder, write).keep(trainer, with_predictions=bool(asked.get("predictions")))
    if asked.get("weights"):
        keep_weights(trainer, folder, write)


class FinalAnswers:
    """Keeps what the trials of a stack say in the end, and tells of it by events."""

    def __init__(self, folder: RunFolder, write: Sink) -> None:
        self._folder, self._write = folder, write

    def keep(self, trainer: Trainer, *, with_predictions: bool) -> None:
        """Keep it all; the answers are those of the last evaluation, unless early stopping has put a trial back since."""
        if answers := trainer.evaluation.answers():
            self._tell_confusion(trainer, answers)
            self._keep_correct(trainer, answers["test"])
        if with_predictions:
            self._keep_predictions(trainer)

    def _tell_confusion(self, trainer: Trainer, answers: Mapping[str, Answers]) -> None:
        if trainer.classes <= MOST_CLASSES:
            counts = {name: _confusion(trainer, own) for name, own in answers.items()}
            self._tell(
                trainer, "confusion", train=counts["train"], validation=counts.get("validation"), test=counts["test"]
            )

    def _keep_correct(self, trainer: Trainer, answers: Answers) -> None:
        path = self._folder.correct_file(trainer.index)
        size = correct.write(path, correct.Correct(answers.right, ~trainer.is_over, trainer.ids))
        self._tell(trainer, "correct", file=self._name(path), samples=len(answers.labels), bytes=size)

    def _keep_predictions(self, trainer: Trainer) -> None:
        path, found = self._folder.predictions_file(trainer.index), predictions_of(trainer)
        size = predictions.write(path, found)
        _, samples, outputs = found.logits.shape
        self._tell(trainer, "predictions", file=self._name(path), samples=samples, outputs=outputs, bytes=size)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder.path).as_posix()

    def _tell(self, trainer: Trainer, kind: str, **fields: Any) -> None:
        self._write(kind, stack=trainer.index, step=trainer.step, **fields)


def predictions_of(trainer: Trainer) -> Predictions:
    """What every trial says of the test data now; NaN where it has diverged or was dropped."""
    outputs, labels = trainer.evaluation.outputs("test")
    outputs[trainer.is_over] = np.nan
    return Predictions(trainer.data.own_units(outputs), trainer.data.own_units(labels), trainer.ids)


def _confusion(trainer: Trainer, answers: Answers) -> list[Any]:
    """`[trials][true][predicted]`, `None` for a trial without numbers."""
    counts = answers.confusion(trainer.classes).tolist()
    return [None if is_over else own for own, is_over in zip(counts, trainer.is_over, strict=True)]
