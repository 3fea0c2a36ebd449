"""What a stack's trials have lost so far: batch losses, divergence, and the events that tell of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlbench.engine.early_stopping import EarlyStopper, Losses
from dlbench.metrics.names import BATCH_LOSS


class Sink(Protocol):
    """Where events go."""

    def __call__(self, kind: str, **fields: Any) -> None:
        """Write one event."""


class StackMetrics:
    """Sums the batch losses between two evaluations, and writes metrics, divergence and early stops of a stack as events.

    Divergence is a result: a trial whose loss is not finite keeps the step and its last finite loss, has no metrics from then
    on, and is never replaced by a number. Nor has a trial that was dropped, whatever becomes of it.
    """

    def __init__(self, stack: int, trials: int, names: Sequence[str], write: Sink, stopping: EarlyStopper) -> None:
        """`names` are those of the metrics of each split, the loss first."""
        self._stack, self._names, self._write, self._stopping = stack, tuple(names), write, stopping
        self.losses = np.zeros(trials)
        self.count = 0
        self.last_loss = np.full(trials, np.nan)
        self.diverged = np.zeros(trials, dtype=bool)
        self.dropped = np.zeros(trials, dtype=bool)

    def add(self, losses: Losses, step: int) -> None:
        """Book the batch losses `[steps, trials]` of the steps from `step` on."""
        finite = np.isfinite(losses)
        for trial in np.flatnonzero(~finite.all(axis=0) & ~self.is_over & ~self.stopped):
            row = int(np.argmin(finite[:, trial]))
            last = losses[row - 1, trial] if row else self.last_loss[trial]
            self._diverge(int(trial), step + row, float(last))
        # One after the other: the bits of a sum must depend on neither the chunk's length nor the number of trials.
        rows = np.vstack([self.losses, np.where(finite, losses, np.nan)])
        self.losses = rows.cumsum(axis=0, dtype=np.float64)[-1].copy()
        self.count += len(losses)
        self.last_loss = losses[-1].astype(np.float64)

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """Which trials were stopped early, `[trials]`: they keep the numbers that they have."""
        return self._stopping.stopped

    @property
    def is_idle(self) -> bool:
        """Whether nobody is left to train: all were dropped, or the last that had not diverged was stopped."""
        return bool(self.dropped.all() or (self.stopped.any() and (self.is_over | self.stopped).all()))

    @property
    def is_over(self) -> NDArray[np.bool_]:
        """Which trials have no numbers any more, `[trials]`: they diverged or were dropped."""
        return self.diverged | self.dropped

    def evaluated(
        self, splits: dict[str, NDArray[np.float64] | None], told: Mapping[str, Losses | None], **fields: Any
    ) -> dict[str, Losses | None]:
        """Write the metrics event of an evaluation; `splits` has `[metrics, trials]` or `None` for each name.

        `told` are other numbers, `[trials]`, of the steps that led to it. Returns the metrics as they were written, `[trials]`
        each.
        """
        for values in splits.values():
            if values is not None:
                for trial in np.flatnonzero(~np.isfinite(values[0]) & ~self.is_over & ~self.stopped):
                    self._diverge(int(trial), fields["step"], float(self.last_loss[trial]))
        mean = self.losses / self.count if self.count else np.full_like(self.losses, np.nan)
        batch_loss: Losses = np.where(self.dropped, np.nan, mean).astype(np.float32)
        own = {name: None if values is None else self._known(values) for name, values in told.items()}
        metrics: dict[str, Losses | None] = {BATCH_LOSS: batch_loss, **own, **self._metrics(splits)}
        stopped = self._stopping.judge(fields["step"], metrics, self.is_over)
        self._write("metrics", stack=self._stack, **fields, **metrics)
        for row in stopped:
            best = int(self._stopping.best_step[row])
            self._write("early_stop", stack=self._stack, step=fields["step"], trial=row, best_step=best)
        self.losses[:] = 0
        self.count = 0
        return metrics

    def pretrained(self, layer: str, errors: NDArray[np.float64]) -> None:
        """Book the reconstruction errors `[trials]` of a layer: without a number a trial has diverged before its first step."""
        for trial in np.flatnonzero(~np.isfinite(errors) & ~self.is_over):
            self._diverge(int(trial), 0, np.nan)
            text = f"trial {trial} of stack {self._stack} diverged while {layer} was pre-trained; try a smaller rate"
            self._write("note", stack=self._stack, text=text)

    def probed(self, measures: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The measures of a probe without those of trials that train no more: numbers are missing there, counts are 0."""
        idle = self.dropped | self.stopped
        if idle.any():
            for values in measures.values():
                values[idle] = np.nan if values.dtype.kind == "f" else 0
        return measures

    def _metrics(self, splits: dict[str, NDArray[np.float64] | None]) -> dict[str, Losses | None]:
        metrics: dict[str, Losses | None] = {}
        for name, values in splits.items():
            with np.errstate(over="ignore"):  # R2 of a wild trial is beyond single precision while its loss is not yet
                known = None if values is None else self._known(values)
            for row, metric in enumerate(self._names):
                metrics[f"{name}_{metric}"] = None if known is None else known[row]
        return metrics

    def _known(self, values: NDArray[np.floating[Any]]) -> Losses:
        """Values `[..., trials]`, none of trials that have no numbers any more."""
        known: Losses = np.where(self.is_over, np.nan, values).astype(np.float32)
        return known

    def state(self) -> dict[str, Any]:
        """How far it has come, for a checkpoint."""
        return {
            "losses": self.losses.tolist(),
            "losses_count": self.count,
            "last_loss": self.last_loss.tolist(),
            "diverged": self.diverged.tolist(),
            "dropped": self.dropped.tolist(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `state` left it."""
        self.losses[:], self.count = saved["losses"], saved["losses_count"]
        self.last_loss[:], self.diverged[:] = saved["last_loss"], saved["diverged"]
        self.dropped[: len(saved["dropped"])] = saved["dropped"]

    def _diverge(self, trial: int, step: int, last_loss: float) -> None:
        self.diverged[trial] = True
        self._write("diverged", stack=self._stack, step=step, trial=trial, last_loss=last_loss)
