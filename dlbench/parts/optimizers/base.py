"""What every optimizer is: a function that changes rows of weights in place, by torch.optim's own arithmetic.

The arithmetic is torch.optim's functional forms. Its classes would import `torch._dynamo`, which takes seconds, and know
parameters one by one; here a whole stack is one tensor, and one fused kernel is one step.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeAlias

from annotated_types import Ge, Gt, Interval

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Settings, given
from dlbench.parts.lazy import torch
from dlbench.parts.rows import RowNumber, Rows

Positive: TypeAlias = Annotated[RowNumber, Gt(0)]
NotNegative: TypeAlias = Annotated[RowNumber, Ge(0)]
Decay: TypeAlias = Annotated[RowNumber, Interval(ge=0, lt=1)]
"""How much of a running average one step keeps."""

MEANINGS = {
    "lr": "the learning rate, which a schedule multiplies.",
    "beta1": "how much of the running mean of gradients a step keeps.",
    "beta2": "how much of the running mean of squared gradients a step keeps.",
    "eps": "what is added to the divisor, so that nothing is divided by 0.",
    "momentum": "how much of its speed the ball keeps at each step; 0 is none.",
    "weight_decay": "this times the weight is added to its gradient.",
}
"""What arguments mean that several of them have."""

OPTIMIZERS: Catalog[Callable[..., None]] = Catalog(
    "optimizers", title="how a gradient changes the weights", meanings=MEANINGS
)
"""Each is called as `f(rows, *, lr, ...)`, with plain floats."""


def update(settings: Settings, rows: Rows, lr_factor: float) -> None:
    """Take one step with the optimizer that settings such as `{"kind": "sgd", "lr": 0.1}` name, lr times `lr_factor`."""
    arguments = given(settings)
    arguments["lr"] *= lr_factor
    OPTIMIZERS[settings["kind"]].make(rows, **arguments)


@cache
def functional(name: str) -> Callable[..., None]:
    """torch.optim's functional form of an optimizer: `torch.optim.sgd.sgd`."""
    function: Callable[..., None] = getattr(importlib.import_module(f"torch.optim.{name}"), name)
    return function


def steps_before(rows: Rows, device: Any = "cpu") -> torch.Tensor:
    """How many steps lie behind, as the tensor that the functional forms count up.

    On the CPU, where reading it makes no GPU wait, except for the fused kernels, which read it on their own device. It
    is filled there and not copied, which makes no GPU wait either.
    """
    return torch.full((), rows.step - 1.0, device=device)
