"""One small training by each library: the same net, data, batches and optimizer, so that one loop by hand tells what is right."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import torch
from recorded_loops import ByHand
from torch import nn
from torch.nn.functional import cross_entropy

SAMPLES, BATCH, EPOCHS, RATE, MOMENTUM = 48, 8, 2, 0.1, 0.9
STEPS = EPOCHS * SAMPLES // BATCH
LIBRARIES = ("lightning", "transformers", "keras", "skorch")


@dataclass
class Trained:
    """What a library has made: its weights at the end, and its own account of the losses."""

    weights: list[torch.Tensor]
    train_loss: dict[int, float] = field(default_factory=dict)
    """By step, where the library tells it."""
    validation_loss: list[float] = field(default_factory=list)
    """By epoch."""
    test_loss: float | None = None


def data():
    """Inputs and labels, the same at every call."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(SAMPLES, 6, generator=generator), torch.randint(3, (SAMPLES,), generator=generator)


def net():
    """The net as it begins."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))


def by_hand():
    """The training as a loop: what every layer is around each step, and the loss of each batch."""
    model, (x, y) = net(), data()
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM)
    seen, losses = ByHand({"0": model[0], "2": model[2]}), []
    for _ in range(EPOCHS):
        for first in range(0, SAMPLES, BATCH):
            optimizer.zero_grad()
            loss = cross_entropy(model(x[first : first + BATCH]), y[first : first + BATCH])
            loss.backward()
            seen.before()
            optimizer.step()
            seen.after()
            losses.append(loss.item())
    return seen, losses


class Called(nn.Module):
    """The net; `on_call` is called at each pass with gradients, and may raise."""

    def __init__(self, on_call=None):
        super().__init__()
        self.net, self.on_call = net(), on_call

    def forward(self, x, labels=None):
        if self.on_call is not None and torch.is_grad_enabled():
            self.on_call()
        out = self.net(x)
        return out if labels is None else {"loss": cross_entropy(out, labels), "logits": out}


def weights_of(model):
    """A copy of all weights and buffers."""
    return [value.detach().clone() for value in model.state_dict().values()]


def train(library, folder, recorder=None, **options):
    """Train by a library; `on_call` is called at each step, `tests` evaluates once more after the training."""
    callbacks = options.pop("callbacks", [] if recorder is None else [recorder])
    return TRAININGS[library](folder, callbacks, **options)


def lightning(folder, callbacks, on_call=None, epochs=EPOCHS, *, tests=False, wrap=lambda module: module, **options):
    """By Lightning's Trainer; `wrap` makes what the trainer is given of the module."""
    import lightning.pytorch as pl

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = Called(on_call)

        def training_step(self, batch, index):
            return cross_entropy(self.model(batch[0]), batch[1])

        def validation_step(self, batch, index):
            self.log("val_loss", cross_entropy(self.model(batch[0]), batch[1]))

        def on_validation_epoch_end(self):
            own.validation_loss.append(self.trainer.callback_metrics["val_loss"].item())

        def test_step(self, batch, index):
            self.log("test_loss", cross_entropy(self.model(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), RATE, momentum=MOMENTUM)

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), BATCH)
    own, module = Trained([]), Module()
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=epochs, callbacks=callbacks, num_sanity_val_steps=1, **quiet, **options
    )
    trainer.fit(wrap(module), loader, loader)
    if tests:
        own.test_loss = trainer.test(module, loader, verbose=False)[0]["test_loss"]
    own.weights, own.validation_loss = weights_of(module), own.validation_loss[1:]
    return own


def transformers(folder, callbacks, on_call=None, epochs=EPOCHS, *, tests=False, **options):
    """By the Trainer of transformers."""
    from transformers import Trainer, TrainingArguments

    class Unshuffled(Trainer):
        def _get_train_sampler(self, *given):
            return None

    samples = [{"x": x, "labels": y} for x, y in zip(*data(), strict=True)]
    model = Called(on_call)
    arguments = TrainingArguments(
        str(folder / "transformers"),
        num_train_epochs=epochs,
        per_device_train_batch_size=BATCH,
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        lr_scheduler_type="constant",
        learning_rate=RATE,
        max_grad_norm=0.0,
        **options,
    )
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM)
    trainer = Unshuffled(
        model, arguments, train_dataset=samples, eval_dataset=samples, callbacks=callbacks, optimizers=(optimizer, None)
    )
    trainer.train()
    tested = trainer.evaluate(samples, metric_key_prefix="test")["test_loss"] if tests else None
    history = trainer.state.log_history
    return Trained(
        weights_of(model),
        {one["step"]: one["loss"] for one in history if "loss" in one},
        [one["eval_loss"] for one in history if "eval_loss" in one],
        tested,
    )


def keras(folder, callbacks, on_call=None, epochs=EPOCHS, *, tests=False, **options):
    """By Keras on torch, from the weights of the same net."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    layers = [keras.layers.Dense(16, activation="tanh", name="0"), keras.layers.Dense(3, name="2")]
    model = keras.Sequential([keras.Input((6,)), *layers])
    for layer, other in zip(layers, (0, 2), strict=True):
        layer.set_weights([net()[other].weight.detach().numpy().T, net()[other].bias.detach().numpy()])
    model.compile(
        optimizer=keras.optimizers.SGD(RATE, momentum=MOMENTUM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        **options,
    )
    more = (
        [] if on_call is None else [keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: on_call())]
    )
    x, y = (one.numpy() for one in data())
    told = model.fit(
        x, y, BATCH, epochs, verbose=0, shuffle=False, validation_data=(x, y), callbacks=[*callbacks, *more]
    ).history
    tested = float(model.evaluate(x, y, verbose=0, callbacks=callbacks)) if tests else None
    each = SAMPLES // BATCH
    return Trained(
        [one.value.detach().clone() for one in model.weights],
        {each * (epoch + 1): float(loss) for epoch, loss in enumerate(told["loss"])},
        [float(loss) for loss in told["val_loss"]],
        tested,
    )


def skorch(folder, callbacks, on_call=None, epochs=EPOCHS, *, tests=False, **options):
    """By skorch."""
    from skorch import NeuralNetClassifier
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    x, y = data()
    classifier = NeuralNetClassifier(
        Called,
        module__on_call=on_call,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=MOMENTUM,
        lr=RATE,
        max_epochs=epochs,
        batch_size=BATCH,
        train_split=predefined_split(Dataset(x, y)),
        verbose=0,
        callbacks=callbacks,
        **options,
    ).fit(x, y)
    each, history = SAMPLES // BATCH, classifier.history
    if tests:
        callbacks[0].recording.log(test_loss=history[-1]["valid_loss"])
    return Trained(
        weights_of(classifier.module_),
        {each * row["epoch"]: row["train_loss"] for row in history if "train_loss" in row},
        [row["valid_loss"] for row in history if "valid_loss" in row],
        history[-1].get("valid_loss"),
    )


TRAININGS = {"lightning": lightning, "transformers": transformers, "keras": keras, "skorch": skorch}


def recorder_of(library, folder, **options):
    """The recorder of a library, which probes every step."""
    from importlib import import_module

    names = {
        "lightning": "LightningRecorder",
        "transformers": "TrainerRecorder",
        "keras": "KerasRecorder",
        "skorch": "SkorchRecorder",
    }
    os.environ.setdefault("KERAS_BACKEND", "torch")
    kind = getattr(import_module(f"dlbench.callbacks.{library}"), names[library])
    told = {"name": library, "variant": "one", "seed": 0, "out": folder, "budget": 1.0} | options
    return kind(**told)
