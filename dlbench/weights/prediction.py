"""What trained nets say of new data, and how right that is where the data says itself what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.base import Preparation, TargetScale
from dlbench.parts.datasets.preparation import prepared
from dlbench.parts.tasks import Task
from dlbench.weights.kept import KeptTrial
from dlbench.weights.samples import NewSamples


@dataclass(frozen=True)
class Prediction:
    """What is said of each sample: of classes `predicted` `[samples]` and `numbers` `[samples, columns]` for each class.

    These are probabilities, or outputs where the loss makes none of them; of targets that are numbers they are these.
    """

    columns: Sequence[str]
    numbers: NDArray[np.float64]
    predicted: NDArray[np.int64] | None


def predict(trials: Sequence[KeptTrial], samples: NewSamples) -> Prediction:
    """What a net says, or several trained on the same data together: the mean of their probabilities, outputs or numbers."""
    task = trials[0].task
    said = [_said(one, samples) for one in trials]
    mean = said[0] if len(said) == 1 else np.mean(said, axis=0)
    if task.source.targets:
        return Prediction([_column("predicted", name, task) for name in task.source.targets], mean, None)
    names = [*task.source.names, *(str(unit) for unit in range(task.source.classes, task.outputs))]
    if task.link == "identity":
        columns = ["output"] if task.outputs == 1 else [f"output({name})" for name in names]
        predicted = (mean[:, 0] > 0.5).astype(np.int64) if task.outputs == 1 else mean.argmax(axis=1)
    else:
        columns, predicted = [f"p({name})" for name in names], mean.argmax(axis=1)
    return Prediction(columns, mean, predicted)


def _column(what: str, target: str, task: Task) -> str:
    return what if len(task.source.targets) == 1 else f"{what}({target})"


def _said(one: KeptTrial, samples: NewSamples) -> NDArray[np.float64]:
    """What one net says, in float64."""
    from dlbench.engine.rebuilt import outputs

    data = one.kept.data
    x = prepared(samples.x, Preparation(data.get("fill"), data.get("mean"), data.get("std")))
    found = outputs(one.blocks, one.kept.tensors, one.trial.seed, x)
    if one.task.source.targets:
        return _own_units(one, found)
    return probabilities(found, one.task)


def _own_units(one: KeptTrial, found: NDArray[np.float32]) -> NDArray[np.float64]:
    """Numbers in the target's own units, by the digits that a run keeps of them."""
    data = one.kept.data
    if "target_unit" in data:
        scale = TargetScale(data["target_shift"], data["target_unit"])
        return scale.own_units(found).astype(np.float32).astype(np.float64)
    return found.astype(np.float64)


def probabilities(outputs: NDArray[np.float32], task: Task) -> NDArray[np.float64]:
    """The probability of each class `[samples, classes]`, or outputs as they are where the loss makes none of them.

    Of one logistic unit with logit z, 1 - p and p = 1 / (1 + exp(-z)).
    """
    z = outputs.astype(np.float64)
    if task.link == "identity":
        return z
    if task.link == "softmax":
        shifted = np.exp(z - z.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
        return shares
    # Of the two signs the one that cannot overflow.
    p, q = (np.exp(-np.logaddexp(0, sign * z)) for sign in (-1, 1))
    return np.column_stack([q, p]) if task.outputs == 1 else p


def judged(found: Prediction, samples: NewSamples, task: Task) -> str | None:
    """How right it is, in a few words; `None` where the data does not say what is true."""
    if samples.targets is not None:
        return _judged_numbers(found.numbers, samples.targets)
    if samples.labels is None or found.predicted is None:
        return None
    known = samples.labels >= 0
    if not known.any():
        return f"no label is one of the classes {', '.join(task.source.names)}"
    right = int((found.predicted == samples.labels)[known].sum())
    rest = "" if known.all() else f"; {int((~known).sum()):,} more have no label that the net knows"
    return f"accuracy {right / known.sum():.4f}: {right:,} of {int(known.sum()):,} samples are right{rest}"


def _judged_numbers(said: NDArray[np.float64], true: NDArray[np.float64]) -> str | None:
    known = ~np.isnan(true).any(axis=1)
    if said.shape != true.shape or not known.any():
        return None
    error = said[known] - true[known]
    rmse, mae = np.sqrt((error**2).mean(axis=0)).mean(), np.abs(error).mean()
    return f"RMSE {rmse:.4g}, mean absolute error {mae:.4g} over {int(known.sum()):,} samples"
