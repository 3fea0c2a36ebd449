"""The names of a trial's numbers: recipes compare and watch them, the engine writes them, the fold keeps them."""

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

GRADIENT_RATIO = "first_last_gradient_ratio"
"""Gradient norm of the first layer with a weight over that of the last, at a probe."""

TIME_GRADIENT_RATIO = "time_gradient_ratio"
"""Gradient norm of a recurrent layer's state at its first step of time over that at its last, at a probe."""

RECONSTRUCTION_ERROR = "reconstruction_error"

PRETRAINED: dict[str, str] = {
    RECONSTRUCTION_ERROR: "squared error of held-out samples that went up and down the layer, mean over samples and units",
    "reconstruction_loss": "loss of an autoencoder on held-out samples, sum over units, mean over samples",
    "pseudo_likelihood": "log-pseudo-likelihood of held-out samples in nats, by a random unit each",
    "free_energy_gap": "mean free energy of held-out samples less that of training samples; it grows where an RBM overfits",
    "log_z": "log of an RBM's partition function, once its layer has learned",
    "log_z_error": "standard error of that; 0 where all states were counted",
    "log_likelihood": "mean log-likelihood of held-out samples in nats, by that log Z",
}
"""What pre-training tells of a layer: name and what it is, one number a trial each."""

ENSEMBLE_ACCURACY = "ensemble_accuracy"
ENSEMBLE_GAIN = "ensemble_gain"
ENSEMBLE_LOSS = "ensemble_loss"
ENSEMBLE_LOSS_GAIN = "ensemble_loss_gain"

ENSEMBLE: dict[str, str] = {
    ENSEMBLE_ACCURACY: "Accuracy of an ensemble on the test data, mean over the subsets of so many members.",
    ENSEMBLE_GAIN: "Accuracy of an ensemble on the test data less the mean accuracy of its members.",
    ENSEMBLE_LOSS: "Loss of an ensemble on the test data, mean over the subsets of so many members; votes have none.",
    ENSEMBLE_LOSS_GAIN: "Mean loss of an ensemble's members on the test data less its own; never below 0.",
}
"""What is claimed of ensembles: name and what it is. One number a subset of a variant's trials, none a trial."""
