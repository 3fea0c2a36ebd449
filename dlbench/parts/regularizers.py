"""Regularizers: what is added to the gradient, cut from it, or done to the weights after a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from annotated_types import Ge, Gt

from dlbench.parts.arguments import Number, Settings
from dlbench.parts.catalog import Catalog
from dlbench.parts.lazy import torch
from dlbench.parts.rows import Rows

REGULARIZERS: Catalog[Callable[..., None]] = Catalog("regularizers", title="what keeps weights or gradients small")
"""Called as `f(rows, *, ...)`, in the recipe's order: before the optimizer on `rows.gradient`, or, with the trait
`after_step=True`, after it on `rows.weights`."""


def apply(settings: Settings, rows: Rows) -> None:
    """Apply the regularizer that settings such as `{"kind": "l2", "strength": 0.001}` name."""
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    REGULARIZERS[settings["kind"]].make(rows, **arguments)


def is_after_step(settings: Settings) -> bool:
    """Whether the regularizer that the settings name comes after the optimizer."""
    return bool(REGULARIZERS[settings["kind"]].traits["after_step"])


@REGULARIZERS.add(after_step=False)
def l2(rows: Rows, *, strength: Annotated[Number, Ge(0)] = 0.001) -> None:
    """The lecture's regularization: strength times the sum of W^2 is added to the loss; biases are left out.

    g += 2 strength W. The optimizers' weight_decay has no 2 in it, so it stands for half of itself here.
    """
    rows.gradient.addcmul_(rows.weights, rows.is_weight, value=2 * strength)


@REGULARIZERS.add(after_step=False)
def l1(rows: Rows, *, strength: Annotated[Number, Ge(0)] = 0.001) -> None:
    """Strength times the sum of |W| is added to the loss, which draws weights to exactly 0; biases are left out.

    g += strength sign(W).
    """
    rows.gradient.addcmul_(rows.weights.sign(), rows.is_weight, value=strength)


@REGULARIZERS.add(after_step=True)
def max_norm(rows: Rows, *, norm: Annotated[Number, Gt(0)] = 3.0) -> None:
    """After each step, shorten the incoming weights of any unit that are longer than norm (Srivastava et al. 2014).

    The incoming weights of a unit are a column of `[fan_in, units]`; biases are left out.
    """
    for slot in rows.slots:
        if slot.is_bias:
            continue
        columns = rows.weights[:, slot.start : slot.stop].view(rows.weights.shape[0], slot.fan_in, -1)
        lengths = torch.linalg.vector_norm(columns, dim=1, keepdim=True)
        columns.mul_((norm / lengths).clamp_(max=1.0))


@REGULARIZERS.add(after_step=False)
def clip_norm(rows: Rows, *, norm: Annotated[Number, Gt(0)] = 1.0) -> None:
    """Shorten the gradient of a trial, all its weights as one vector, to norm where it is longer (Pascanu et al. 2013)."""
    lengths = torch.linalg.vector_norm(rows.gradient, dim=1, keepdim=True)
    rows.gradient.mul_((norm / lengths).clamp_(max=1.0))


@REGULARIZERS.add(after_step=False)
def clip_value(rows: Rows, *, value: Annotated[Number, Gt(0)] = 1.0) -> None:
    """Cut every number of the gradient off at value and -value."""
    rows.gradient.clamp_(-value, value)
