"""Steps that a GradScaler leaves out, because a gradient in half precision was no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.amp.grad_scaler import GradScaler


class ScalerWatch:
    """Counts the steps that a scaler was asked for and that its optimizer never took.

    The scaler knows by itself, so asking it costs no wait for the device. Fused optimizers take all steps and leave out the
    weights; these are counted where the steps are.
    """

    def __init__(self, scaler: GradScaler, taken: Callable[[], int]) -> None:
        """`taken` are the steps that optimizers have begun so far."""
        self._scaler, self._taken = scaler, taken
        self.skipped = 0
        self._original = scaler.step

    def attach(self) -> None:
        """Count from now on."""
        self._scaler.step = self._step  # type: ignore[method-assign]

    def detach(self) -> None:
        """Give the scaler its own method back."""
        self._scaler.__dict__.pop("step", None)

    def _step(self, optimizer: Any, *args: Any, **kwargs: Any) -> float | None:
        before = self._taken()
        result = self._original(optimizer, *args, **kwargs)
        self.skipped += self._taken() == before
        return result
