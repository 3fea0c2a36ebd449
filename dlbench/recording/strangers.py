"""Optimizers that nobody gave to the recording, and that move its weights: a loop may begin a new one midway."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakMethod, WeakSet

from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle


class StrangerWatch:
    """Looks at the steps of every optimizer of the process, and tells once of one that goes on with the recording's weights alone.

    A step of an optimizer that is known costs one look into a set. Nothing here keeps an optimizer or the recording alive.
    """

    def __init__(
        self, weights: Iterable[nn.Parameter], optimizers: Iterable[Optimizer], tell: Callable[[str], None]
    ) -> None:
        """`tell` is called with the sentence for whoever reads the recording."""
        self._weights = {id(one) for one in weights}
        self._known: WeakSet[Optimizer] = WeakSet(optimizers)
        self._others: WeakSet[Optimizer] = WeakSet()
        """Those of other models."""
        self._is_alone = False
        """Whether the last step was a stranger's; one that steps inside of a known optimizer, or in turn with it, is none."""
        self._tell = tell
        self._handle: RemovableHandle | None = None

    def attach(self) -> None:
        """Begin to look."""
        stepped = WeakMethod(self._stepped)

        def hook(optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
            if (found := stepped()) is not None:
                found(optimizer)

        self._handle = register_optimizer_step_post_hook(hook)

    def detach(self) -> None:
        """Look no more."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _stepped(self, optimizer: Optimizer) -> None:
        if optimizer in self._known:
            self._is_alone = False
        elif optimizer in self._others:
            return
        elif not any(id(one) in self._weights for group in optimizer.param_groups for one in group["params"]):
            self._others.add(optimizer)
        elif not self._is_alone:
            self._is_alone = True
        else:
            self.detach()
            self._tell(
                f"an optimizer that record was not given ({type(optimizer).__name__}) moves weights of the model, and its steps "
                "are not recorded; give record all of them as a list, or begin a recording for each stage"
            )
