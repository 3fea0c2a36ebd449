"""Gradients as the way back has left them, before anything clips them: hooks that are there in probed steps only."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.autograd import Variable

from dlbench.recording.budget import Stopwatch
from dlbench.recording.norms import local, norms

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

FIRST = 5
"""Probed steps in which it is looked for anything that changes gradients; where nothing does, nothing will."""


class LeftGradient(NamedTuple):
    """The gradient of a parameter when the last way back was over."""

    gradient: Tensor
    version: int
    """How often it had been changed in place by then, as far as that is counted."""
    norm: Tensor

    def is_in(self, parameter: nn.Parameter) -> bool:
        """Whether it is what the parameter still has."""
        return parameter.grad is self.gradient and self.gradient._version == self.version  # noqa: SLF001  # as autograd does


class BackwardWatch:
    """Norms of gradients at the end of each way back, so that those are known that are clipped before the step.

    Of several ways back before a step the last counts, which has added to the others. A loop that changes no gradient in its
    first probed steps is not looked at again.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], stopwatch: Stopwatch, scaler: GradScaler | None) -> None:
        """Without a `scaler` that of the loop is looked for where a step is called by one."""
        self._parameters, self._stopwatch, self._scaler = list(parameters), stopwatch, scaler
        self._left: dict[int, LeftGradient] = {}
        self._fresh: list[nn.Parameter] = []
        """Those that the present way back has come by."""
        self._handles: list[RemovableHandle] = []
        self._opened = 0
        self._is_broken = False
        self.is_needed = False
        """Whether anything was seen to change gradients before a step."""

    def open(self) -> None:
        """Look from now on, if gradients are changed in this loop, or nobody knows yet."""
        if self._is_broken or (self._opened >= FIRST and not self.is_needed):
            return
        self._opened += 1
        with self._stopwatch:
            self._handles = [
                one.register_post_accumulate_grad_hook(self._note)  # type: ignore[no-untyped-call]
                for one in self._parameters
                if one.requires_grad
            ]

    def close(self) -> None:
        """Look no more, and let go of everything."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._fresh, self._left = [], [], {}

    def left(self, parameter: nn.Parameter) -> LeftGradient | None:
        """What the way back has left of a parameter; `None` where that was not seen."""
        return self._left.get(id(parameter))

    def scale(self) -> float:
        """How many times too large the gradients were then."""
        scaler = self._scaler or _calling_scaler()
        return 1.0 if scaler is None else scaler.get_scale()

    def _note(self, parameter: Tensor) -> None:
        if not self._fresh:
            # Once this way back is over, as DistributedDataParallel does; until then gradients may still be added to.
            Variable._execution_engine.queue_callback(self._measure)  # noqa: SLF001
        self._fresh.append(parameter)  # type: ignore[arg-type]

    @torch.no_grad()
    def _measure(self) -> None:
        fresh, self._fresh = {id(one): one for one in self._fresh}, []
        try:
            with self._stopwatch:
                own = [(one, one.grad) for one in fresh.values() if one.grad is not None]
                found = norms([local(gradient) for _, gradient in own])
                for (one, gradient), norm in zip(own, found, strict=True):
                    self._left[id(one)] = LeftGradient(gradient, gradient._version, norm)  # noqa: SLF001
        except Exception:  # noqa: BLE001  # inside of the loop's own way back, which must not end by it
            self._is_broken = True
            self.close()


def is_distributed() -> bool:
    """Whether gradients are averaged over processes, which happens after the way back of each."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _calling_scaler() -> GradScaler | None:
    """The GradScaler that has called the present step, if one has."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "step" and isinstance(found := _self_of(frame.f_locals), GradScaler):
            return found
        frame = frame.f_back
    return None


def _self_of(names: Any) -> Any:
    return names.get("self")
