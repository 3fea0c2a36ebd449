"""Keras 3 on torch: `model.fit(..., callbacks=[KerasRecorder(name="mine")])`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlbench.callbacks.library import needed
from dlbench.callbacks.recorder import LibraryRecorder
from dlbench.errors import UsageError
from dlbench.recording.layers import LayeredModel, RecordedLayer

with needed("keras"):
    import keras

TEST = {"loss": "test_loss", "accuracy": "test_accuracy", "acc": "test_accuracy"}
"""What an evaluation logs that is none of the training's own."""

BIASES = ("bias", "beta")


class KerasRecorder(LibraryRecorder, keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]  # not everywhere installed
    """Records `Model.fit` of Keras on torch: its layers, and what it logs at batches and epochs.

    Keras's `loss` is the mean over the epoch so far. A stop that someone asks for in a dashboard sets `model.stop_training`.
    """

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Begin; raises UsageError where Keras works with something else than torch."""
        backend = keras.backend.backend()
        if backend != "torch":
            raise UsageError(
                f"KerasRecorder records Keras on torch, and this is {backend}: "
                "set the variable KERAS_BACKEND=torch before keras is imported"
            )
        self._begin(LayeredModel(self.model, layers_of_keras(self.model)), None)
        if self.recording is not None:
            self.recording.on_rate = self._set_rate

    def _set_rate(self, rate: float) -> None:
        """Raises UsageError where a schedule computes it."""
        if isinstance(
            getattr(self.model.optimizer, "_learning_rate", None), keras.optimizers.schedules.LearningRateSchedule
        ):
            raise UsageError("it is computed by a LearningRateSchedule")
        self.model.optimizer.learning_rate = rate

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """A step is over: its gradients are still there."""
        if self.recording is None:
            return
        self.recording.step()
        self._log({**(logs or {}), **rate_of(self.model)})
        if self._is_stopping:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log what the epoch has come to, the validation's metrics among it."""
        self._log({**(logs or {}), **rate_of(self.model)}, epoch + 1)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Log what `Model.evaluate` finds after the training, where the recording's block still goes on."""
        if self._is_trained:
            self._log(logs or {}, bare=TEST)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """End the recording, unless its block goes on."""
        self._end()


def rate_of(model: Any) -> dict[str, Any]:
    """The learning rate as it is, a tensor on its device; nothing of a model that moves its weights in a way of its own."""
    if model.optimizer is None:
        return {}
    rate = model.optimizer.learning_rate
    return {"learning_rate": getattr(rate, "value", rate)}


def layers_of_keras(model: Any) -> list[RecordedLayer]:
    """The layers of a model that have weights, those of models in it among them; weights that stand in several are the first's.

    What is no weight that is trained (moving means, states of random numbers) is left out, but in layers that are frozen.
    """
    known: set[int] = set()
    rows = []
    for name, layer in _walk(model):
        variables = layer.trainable_weights if layer.trainable else layer.weights
        own = {one.path: one.value for one in variables if id(one.value) not in known}
        known |= {id(one) for one in own.values()}
        if own:
            weights = [one for path, one in own.items() if path.rpartition("/")[2] not in BIASES]
            numbers = sum(one.numel() for one in own.values())
            rows.append(RecordedLayer(name, type(layer).__name__, layer, tuple(weights or own.values()), numbers))
    return rows


def _walk(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer with its name, before the models that hold them."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _walk(layer, f"{prefix}{layer.name}.")
        else:
            yield f"{prefix}{layer.name}", layer
    yield prefix.rstrip(".") or model.name, model
