"""The names of what is measured while a training goes on: recipes watch and claim it, the engine writes it, reports read it."""

from __future__ import annotations

CURVES: dict[str, str] = {
    "train_loss": "loss on the training data",
    "train_accuracy": "accuracy on the training data",
    "validation_loss": "loss on the validation data",
    "validation_accuracy": "accuracy on the validation data",
    "test_loss": "loss on the test data",
    "test_accuracy": "accuracy on the test data",
}
"""The series that every evaluation writes: name and what it is."""

BATCH_LOSS = "batch_loss"
"""The mean loss over the batches since the last evaluation, written beside the curves."""

MEASURES = (
    "gradient_norm",
    "weight_norm",
    "update_ratio",
    "activation_mean",
    "activation_deviation",
    "zero_share",
    "saturated_share",
)
"""What a probe measures of every layer: one number a trial and layer each."""

HISTOGRAM = "gradient_histogram"
"""Counts of gradients by their power of two, in bins."""

ZEROS = "gradient_zeros"
"""How many gradients are exactly zero, which no power of two is."""

GRADIENT_RATIO = "gradient_ratio"
"""Gradient norm of the first layer with a weight over that of the last, at a probe."""
