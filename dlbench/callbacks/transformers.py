"""Hugging Face: `Trainer(callbacks=[TrainerRecorder(name="mine")])`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlbench.callbacks.library import needed
from dlbench.callbacks.names import BARE
from dlbench.callbacks.recorder import LibraryRecorder

with needed("transformers"):
    from transformers.trainer_callback import TrainerCallback, TrainerControl, TrainerState
    from transformers.training_args import TrainingArguments

SUMMARY = "train_runtime"
"""What stands in the summary that is logged at the end of a training alone."""

SPEED = ("_runtime", "_per_second", "total_flos")
"""How names end that tell how fast it was."""


class TrainerRecorder(LibraryRecorder, TrainerCallback):  # type: ignore[misc,unused-ignore]  # not everywhere installed
    """Records `Trainer.train` of Hugging Face's transformers: its layers and what it logs, at the steps at which it logs.

    A stop that someone asks for in a dashboard sets `control.should_training_stop`.
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        """Begin; the optimizer is the one that accelerate has wrapped."""
        optimizer = given["optimizer"]
        self._begin(given["model"], getattr(optimizer, "optimizer", optimizer), getattr(optimizer, "scaler", None))

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        """Take note of the learning rate, which the scheduler changes next."""
        self._rate = given["optimizer"].param_groups[0]["lr"]

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any) -> None:
        """Stop where that was asked for."""
        if self._is_stopping:
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> None:
        """Log the same: `loss` is the mean since the last one, `eval_loss` the validation's, `grad_norm` that before clipping."""
        told = {name: value for name, value in (logs or {}).items() if not name.endswith(SPEED) and name != "epoch"}
        # The summary's train_loss is the mean over the whole training, which is none of its end.
        renamed = {"train_loss": "mean_train_loss"} if SUMMARY in (logs or {}) else {}
        self._log(told, state.epoch, BARE | renamed)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any) -> None:
        """End the recording, unless its block goes on."""
        self._end()
