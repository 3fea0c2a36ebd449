"""Regularizers: what is added to the gradient, cut from it, or done to the weights after a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from annotated_types import Ge, Gt

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Settings, given
from dlbench.parts.lazy import torch
from dlbench.parts.rows import RowNumber, Rows

REGULARIZERS: Catalog[Callable[..., torch.Tensor | None]] = Catalog(
    "regularizers", title="what keeps weights or gradients small"
)
"""Called as `f(rows, *, ...)`, in the recipe's order: before the optimizer on `rows.gradient`, or, with the trait
`after_step=True`, after it on `rows.weights`. With the trait `clips=True` it returns in which trials it has cut the gradient,
bools `[group]` that stay on the device."""


def apply(settings: Settings, rows: Rows) -> torch.Tensor | None:
    """Apply the regularizer that settings such as `{"kind": "l2", "strength": 0.001}` name; what it tells of clipping."""
    return REGULARIZERS[settings["kind"]].make(rows, **given(settings))


def clips(settings: Settings) -> bool:
    """Whether the regularizer that the settings name tells in which trials it has cut the gradient."""
    return bool(REGULARIZERS[settings["kind"]].traits.get("clips"))


def is_after_step(settings: Settings) -> bool:
    """Whether the regularizer that the settings name comes after the optimizer."""
    return bool(REGULARIZERS[settings["kind"]].traits["after_step"])


@REGULARIZERS.add(after_step=False)
def l2(rows: Rows, *, strength: Annotated[RowNumber, Ge(0)] = 0.001) -> None:
    """The lecture's regularization: strength times the sum of W^2 is added to the loss; biases are left out.

    g += 2 strength W. The optimizers' weight_decay has no 2 in it, so it stands for half of itself here.

    strength: what the sum of squares is multiplied by.
    """
    rows.gradient.addcmul_(rows.weights, rows.is_weight, value=2 * strength)


@REGULARIZERS.add(after_step=False)
def l1(rows: Rows, *, strength: Annotated[RowNumber, Ge(0)] = 0.001) -> None:
    """Strength times the sum of |W| is added to the loss, which draws weights to exactly 0; biases are left out.

    g += strength sign(W).

    strength: what the sum of absolute values is multiplied by.
    """
    rows.gradient.addcmul_(rows.weights.sign(), rows.is_weight, value=strength)


@REGULARIZERS.add(after_step=True)
def max_norm(rows: Rows, *, norm: Annotated[RowNumber, Gt(0)] = 3.0) -> None:
    """After each step, shorten the incoming weights of any unit that are longer than norm (Srivastava et al. 2014).

    The incoming weights of a unit are a column of a matrix `[fan_in, units]`, and what the first axis counts in a weight of
    more axes, such as a convolution's, and in torch's own modules. Biases are left out.

    norm: the greatest length.
    """
    for slot in rows.slots:
        if not slot.is_bias:
            weight = slot.of(rows.weights)
            is_ours = len(slot.shape) == 2 and not slot.outputs_first
            incoming = (1,) if is_ours else tuple(range(2, weight.dim()))
            lengths = torch.linalg.vector_norm(weight, dim=incoming, keepdim=True)
            weight.mul_((norm / lengths).clamp_(max=1.0))


@REGULARIZERS.add(after_step=False, clips=True)
def clip_norm(rows: Rows, *, norm: Annotated[RowNumber, Gt(0)] = 1.0) -> torch.Tensor:
    """Shorten the gradient of a trial, all its weights as one vector, to norm where it is longer (Pascanu et al. 2013).

    norm: the greatest length.
    """
    lengths = torch.linalg.vector_norm(rows.gradient, dim=1, keepdim=True)
    share = (norm / lengths).clamp_(max=1.0)
    rows.gradient.mul_(share)
    was_cut: torch.Tensor = share[:, 0] < 1
    return was_cut


@REGULARIZERS.add(after_step=False, clips=True)
def clip_value(rows: Rows, *, value: Annotated[RowNumber, Gt(0)] = 1.0) -> torch.Tensor:
    """Clip every number of the gradient to the range from -value to value.

    value: the greatest absolute value.
    """
    was_cut: torch.Tensor = torch.linalg.vector_norm(rows.gradient, ord=torch.inf, dim=1) > value
    rows.gradient.clamp_(-value, value)
    return was_cut
