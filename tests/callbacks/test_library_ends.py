"""What a single library does otherwise than the others."""

import numpy as np
import pytest
import torch
from library_trainings import BATCH, EPOCHS, SAMPLES, Called, data, net, recorder_of, train
from recorded_loops import events_of, layers_of, measured
from torch.nn.functional import cross_entropy

from dlbench.errors import UsageError
from dlbench.launch.status import status

pytestmark = [pytest.mark.extras, pytest.mark.filterwarnings("ignore")]

EACH = SAMPLES // BATCH


def logged(run, name):
    """What was logged under a name, by step."""
    return {event["step"]: event[name][0] for event in events_of(run, "metrics") if event.get(name) is not None}


def first_gradients(share):
    """The norms of the first step's gradient of the mean loss over so many batches."""
    model, (x, y) = net(), data()
    cross_entropy(model(x[: BATCH * share]), y[: BATCH * share]).backward()
    return [float(model[k].weight.grad.double().norm()) for k in (0, 2)]


@pytest.mark.parametrize(
    ("library", "options"),
    [("lightning", {"accumulate_grad_batches": 3}), ("transformers", {"gradient_accumulation_steps": 3})],
    ids=["lightning", "transformers"],
)
def test_accumulated_batches_are_one_step(tmp_path, library, options):
    """Where gradients of three batches are added up, three batches are a step, with their gradient and a loss of full size."""
    recorder = recorder_of(library, tmp_path)
    train(library, tmp_path, recorder, **options)
    run = recorder.recording
    found = list(measured(run, "gradient_norm")[0].values())
    x, y = data()

    assert run.steps == EPOCHS * EACH // 3
    assert found == pytest.approx(first_gradients(3), rel=1e-5)
    assert list(logged(run, "train_loss")) == [1, 2, 3, 4]
    assert logged(run, "train_loss")[1] == pytest.approx(
        cross_entropy(net()(x[: 3 * BATCH]), y[: 3 * BATCH]).item(), rel=1e-5
    )


def test_lightning_logs_by_step_and_by_epoch(tmp_path):
    """What a module logs by step and by epoch stands once, by step and at the epoch's end as its mean, and never a step late."""
    import lightning.pytorch as pl

    from dlbench.callbacks.lightning import LightningRecorder

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net()

        def training_step(self, batch, index):
            loss = cross_entropy(self.net(batch[0]), batch[1])
            self.log("both", torch.tensor(float(index)), on_step=True, on_epoch=True)
            self.log("mean", torch.tensor(float(index)), on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch, index):
            self.log("val_acc", torch.tensor(0.25 * (1 + self.current_epoch)))

        def configure_optimizers(self):
            optimizer = torch.optim.SGD(self.parameters(), 0.1)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), BATCH)
    recorder = LightningRecorder(name="steps", seed=0, out=tmp_path, budget=1.0)
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    pl.Trainer(accelerator="cpu", max_epochs=2, val_check_interval=0.5, callbacks=[recorder], **quiet).fit(
        Module(), loader, loader
    )
    run, mean = recorder.recording, (EACH - 1) / 2

    steps = {step: float((step - 1) % EACH) for step in range(1, 2 * EACH + 1)}
    assert logged(run, "both") == steps | {EACH: mean, 2 * EACH: mean}
    assert logged(run, "mean") == {EACH: mean, 2 * EACH: mean}
    assert logged(run, "validation_accuracy") == {3: 0.25, 6: 0.25, 9: 0.5, 12: 0.5}
    assert list(logged(run, "learning_rate").values()) == [0.1] * EACH + [0.05] * EACH
    assert not [name for event in events_of(run, "metrics") for name in event if name.startswith(("both_", "mean_"))]


def test_keras_layers_are_its_own(tmp_path):
    """Of nested models, recurrent and frozen layers each is a row, without moving means and states of random numbers."""
    recorder_of("keras", tmp_path)
    import keras

    inner = keras.Sequential(
        [keras.Input((16,)), keras.layers.Dense(8, activation="relu", name="bottom")], name="inner"
    )
    first = keras.layers.Dense(16, name="first")
    layers = [keras.layers.BatchNormalization(name="norm"), keras.layers.Dropout(0.2), inner]
    rest = [keras.layers.Reshape((4, 2)), keras.layers.LSTM(5, name="lstm"), keras.layers.Dense(3, name="last")]
    model = keras.Sequential([keras.Input((6,)), first, *layers, *rest])
    first.trainable = False
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    recorder = recorder_of("keras", tmp_path)
    x, y = (one.numpy() for one in data())
    model.fit(x, y, BATCH, verbose=0, callbacks=[recorder])
    run = recorder.recording
    (stack,) = events_of(run, "stack")
    gradients = {layer: float(layer.kernel.value.grad.double().norm()) for layer in (inner.layers[0], model.layers[-1])}

    assert layers_of(run) == ["first", "norm", "inner.bottom", "lstm", "last"]
    assert {one["name"]: one["parameters"] for one in stack["net"]} == {
        "first": 6 * 16 + 16,
        "norm": 2 * 16,
        "inner.bottom": 16 * 8 + 8,
        "lstm": 4 * (2 * 5 + 5 * 5 + 5),
        "last": 5 * 3 + 3,
    }
    told = measured(run, "gradient_norm")[EACH - 1]
    assert told["first"] is None
    assert [told["inner.bottom"], told["last"]] == pytest.approx(list(gradients.values()), rel=1e-6)
    assert 0 < measured(run, "zero_fraction")[0]["inner.bottom"] < 1


def test_keras_on_something_else_is_refused(tmp_path, monkeypatch):
    """On TensorFlow or JAX there are no gradients to look at, so that is told before the training."""
    recorder = recorder_of("keras", tmp_path)
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(UsageError, match="KERAS_BACKEND=torch"):
        train("keras", tmp_path, recorder)


def test_lightning_compiles(tmp_path):
    """Of a module that is given to the trainer compiled the norms are told and the outputs are not, which a note says."""
    recorder = recorder_of("lightning", tmp_path)
    train("lightning", tmp_path, recorder, epochs=1, wrap=lambda module: torch.compile(module, backend="eager"))
    run = recorder.recording

    assert list(measured(run, "gradient_norm")[0].values()) == pytest.approx(first_gradients(1), rel=1e-5)
    assert measured(run, "activation_mean") == {}
    assert "the model is compiled" in events_of(run, "note")[0]["text"]


def test_skorch_stops_early(tmp_path):
    """EarlyStopping, which ends the fit by the same exception as Ctrl-C, is an end as any other."""
    from skorch.callbacks import EarlyStopping, EpochScoring

    recorder = recorder_of("skorch", tmp_path)
    late = EpochScoring("accuracy", name="late", lower_is_better=False)
    stopper = EarlyStopping("train_loss", patience=2, threshold=1e9, threshold_mode="abs", sink=lambda _: None)
    train("skorch", tmp_path, epochs=50, callbacks=[recorder, ("late", late), ("stop", stopper)])
    run = recorder.recording

    assert 0 < run.steps < 50 * EACH
    assert status(run.folder).state == "done"
    assert list(logged(run, "late")) == list(range(EACH, run.steps + 1, EACH))
    assert not np.isnan(list(logged(run, "late").values())).any()


def test_skorch_is_searched(tmp_path):
    """scikit-learn's clone makes a recorder with the same arguments, and its own state is no parameter of a search."""
    from sklearn.base import clone
    from skorch import NeuralNetClassifier

    recorder = recorder_of("skorch", tmp_path)
    classifier = clone(NeuralNetClassifier(Called, callbacks=[recorder], verbose=0))
    (copied,) = classifier.callbacks
    names = {name for name in classifier.initialize().get_params() if "Recorder" in name}

    assert copied is not recorder
    assert copied.get_params() == recorder.get_params()
    assert {f"callbacks__SkorchRecorder__{name}" for name in recorder.get_params()} <= names
    assert not [name for name in names if "___" in name]
