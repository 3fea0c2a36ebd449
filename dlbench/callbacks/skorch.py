"""skorch: `NeuralNetClassifier(..., callbacks=[SkorchRecorder(name="mine")])`."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from dlbench.callbacks.library import needed
from dlbench.callbacks.recorder import LibraryRecorder

with needed("skorch"):
    from skorch import NeuralNet
    from skorch.callbacks import Callback

NO_METRICS = ("epoch", "dur", "batches", "train_batch_count", "valid_batch_count")
"""What a row of the history has beside metrics."""


class SkorchRecorder(LibraryRecorder, Callback):  # type: ignore[misc,unused-ignore]  # not everywhere installed
    """Records `fit` of skorch's nets: their layers, the loss of each step, and what their history has of each epoch.

    A stop that someone asks for in a dashboard ends the fit as skorch's own EarlyStopping does: `fit` returns.
    """

    _has_validation = False

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **given: Any) -> None:
        """Begin, with all modules and optimizers of the net."""
        modules = {name: getattr(net, f"{name}_") for name in net._modules}  # noqa: SLF001  # nothing public tells their names
        optimizers = [getattr(net, f"{name}_") for name in net._optimizers]  # noqa: SLF001  # the same
        self._begin(next(iter(modules.values())) if len(modules) == 1 else modules, optimizers)

    def on_epoch_begin(
        self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **given: Any
    ) -> None:
        """Log what callbacks behind this one have found of the epoch before."""
        self._has_validation = dataset_valid is not None
        if self.recording is not None and self.recording.steps:
            self._log_epoch(net, -2)

    def on_batch_end(self, net: NeuralNet, batch: Any = None, **given: Any) -> None:
        """Log the step's loss; raise what skorch's fit ends by where someone asked to stop."""
        if not given.get("training"):
            return  # a validation
        self._log({"loss": given.get("loss")})
        if self._is_stopping:
            raise KeyboardInterrupt

    def on_epoch_end(self, net: NeuralNet, dataset_train: Any = None, dataset_valid: Any = None, **given: Any) -> None:
        """Log the epoch."""
        self._log_epoch(net, -1)

    def on_train_end(self, net: NeuralNet, X: Any = None, y: Any = None, **given: Any) -> None:
        """End the recording, unless its block goes on. Of Ctrl-C skorch says nothing, but the epoch is not whole then."""
        last = "valid_batch_count" if self._has_validation else "train_batch_count"
        is_whole = not net.history or last in net.history[-1]
        if is_whole:
            self._log_epoch(net, -1)
        self._end(interrupted=not is_whole)

    def _log_epoch(self, net: NeuralNet, row: int) -> None:
        """Log a row of the history."""
        if len(net.history) < abs(row):
            return
        told: Mapping[str, Any] = net.history[row]
        self._log({name: value for name, value in told.items() if name not in NO_METRICS}, told["epoch"])

    def _get_param_names(self) -> list[str]:
        """The arguments, of which skorch and scikit-learn make copies; its own state is none of them."""
        return list(signature(LibraryRecorder).parameters)
