"""Optimizers that nobody gave to the recording, and that move its weights: a loop may begin a new one midway."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakMethod, WeakSet, finalize

from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle


class StrangerWatch:
    """Looks at the steps of every optimizer of the process for one that goes on with the recording's weights alone.

    A step of an optimizer that is known costs one look into a set. Nothing here keeps an optimizer or the recording alive.
    """

    def __init__(
        self, weights: Iterable[nn.Parameter], steps: Callable[[], int], follow: Callable[[Optimizer], None]
    ) -> None:
        """`steps` are those of known optimizers so far; `follow` is called with one that has taken over, after its second step."""
        self._weights = {id(one) for one in weights}
        self._known: set[int] = set()
        """Optimizers by their identities, for as long as they live."""
        self._others: WeakSet[Optimizer] = WeakSet()
        """Those of other models."""
        self._steps = steps
        self._alone_since: int | None = None
        """Steps of known optimizers when a stranger stepped last: one that steps in turn with them takes nothing over."""
        self._follow = follow
        self._handle: RemovableHandle | None = None

    def attach(self) -> None:
        """Begin to look."""
        stepped, known = WeakMethod(self._stepped), self._known

        def hook(optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
            if id(optimizer) not in known and (found := stepped()) is not None:
                found(optimizer)

        self._handle = register_optimizer_step_post_hook(hook)

    def detach(self) -> None:
        """Look no more."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def know(self, optimizer: Optimizer) -> None:
        """This one is no stranger."""
        self._known.add(id(optimizer))
        finalize(optimizer, self._known.discard, id(optimizer)).atexit = False

    def _stepped(self, optimizer: Optimizer) -> None:
        if optimizer in self._others:
            return
        if not any(id(one) in self._weights for group in optimizer.param_groups for one in group["params"]):
            self._others.add(optimizer)
        elif self._alone_since != self._steps():
            self._alone_since = self._steps()
        else:
            self._follow(optimizer)
