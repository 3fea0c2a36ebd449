"""The names of a trial's numbers: recipes compare and watch them, the engine writes them, the fold keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dlbench.metrics.quantity import ACCURACY, AT_MOST_1, POSITIVE, Quantity

CLASSIFICATION, REGRESSION = "classification", "regression"
"""Tasks, as metrics name them that only one of them has."""

UNKNOWN_TASK = "unknown"
"""The task of a loop that was recorded: what it learns, nobody has told."""


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation tells of each split: in words, which way is better, what kind of number it is, of which task alone."""

    what: str
    better: Literal["higher", "lower"]
    quantity: Quantity
    task: str | None = None


EVALUATED = {
    "loss": Evaluated("loss", "lower", POSITIVE),
    "accuracy": Evaluated("accuracy", "higher", ACCURACY, CLASSIFICATION),
    "rmse": Evaluated("root mean squared error, in the target's units,", "lower", POSITIVE, REGRESSION),
    "mae": Evaluated("mean absolute error, in the target's units,", "lower", POSITIVE, REGRESSION),
    "r2": Evaluated("R2, the part of the variance that is explained,", "higher", AT_MOST_1, REGRESSION),
}
"""By its name; which of them an evaluation has, the task says."""

LOSS = "loss"
"""What every task has."""

SPLITS = {"train": "training", "validation": "validation", "test": "test"}

CURVES: dict[str, str] = {
    f"{split}_{name}": f"{EVALUATED[name].what} on the {data} data"
    for names in (("loss", "accuracy"), ("rmse", "mae", "r2"))
    for split, data in SPLITS.items()
    for name in names
}
"""The series that evaluations write: name and what it is."""


def evaluated(curve: str) -> Evaluated:
    """What a curve such as `test_rmse` shows, or `batch_loss`."""
    return EVALUATED[curve.rpartition("_")[2]]


BATCH_LOSS = "batch_loss"
"""The mean loss over the batches since the last evaluation, written beside the curves."""

LEARNING_RATE = "learning_rate"
"""The learning rate of the last step, its schedule's factor included, written beside the curves."""

CLIPPED_FRACTION = "clipped_fraction"
"""In what share of the steps so far clipping has cut the gradient, written beside the curves."""

BESIDE = frozenset({BATCH_LOSS, LEARNING_RATE, CLIPPED_FRACTION, "epoch", "seconds", "skipped_steps"})
"""What stands beside the curves of an evaluation and is none."""

GRADIENT_RATIO = "first_last_gradient_ratio"
"""Gradient norm of the first layer with a weight over that of the last, at a probe."""

TIME_GRADIENT_RATIO = "time_gradient_ratio"
"""Gradient norm of a recurrent layer's state at its first step of time over that at its last, at a probe."""

RECONSTRUCTION_ERROR = "reconstruction_error"

PRETRAINED: dict[str, str] = {
    RECONSTRUCTION_ERROR: "squared error of the reconstruction of held-out samples, mean over samples and units",
    "reconstruction_loss": "loss of an autoencoder on held-out samples, sum over units, mean over samples",
    "pseudo_likelihood": "log-pseudo-likelihood of held-out samples in nats, estimated with one random unit each",
    "free_energy_gap": "mean free energy of held-out samples minus that of training samples; it grows when an RBM overfits",
    "log_z": "log of an RBM's partition function, once its layer has learned",
    "log_z_error": "standard error of that; 0 where all states were counted",
    "log_likelihood": "mean log-likelihood of held-out samples in nats, with that log Z",
}
"""What pre-training tells of a layer: name and what it is, one number a trial each."""

ENSEMBLE_ACCURACY = "ensemble_accuracy"
ENSEMBLE_GAIN = "ensemble_gain"
ENSEMBLE_LOSS = "ensemble_loss"
ENSEMBLE_LOSS_GAIN = "ensemble_loss_gain"

ENSEMBLE: dict[str, str] = {
    ENSEMBLE_ACCURACY: "Accuracy of an ensemble on the test data, mean over the subsets of that many members.",
    ENSEMBLE_GAIN: "Accuracy of an ensemble on the test data minus the mean accuracy of its members.",
    ENSEMBLE_LOSS: "Loss of an ensemble on the test data, mean over the subsets of that many members; votes have none.",
    ENSEMBLE_LOSS_GAIN: "Mean loss of an ensemble's members on the test data minus its own; never below 0.",
}
"""What is claimed of ensembles: name and what it is. One number a subset of a variant's trials, none a trial."""
