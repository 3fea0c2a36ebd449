"""A learning rate for each weight, from the size of its own gradients."""

from __future__ import annotations

from dlbench.parts.optimizers.base import OPTIMIZERS, Decay, NotNegative, Positive, functional, steps_before
from dlbench.parts.rows import Rows


@OPTIMIZERS.add()
def adagrad(
    rows: Rows,
    *,
    lr: Positive = 0.01,
    lr_decay: NotNegative = 0.0,
    eps: NotNegative = 1e-10,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Each weight's rate falls with the sum of its squared gradients so far (Duchi et al. 2011).

    s += g^2; w -= lr / (1 + (step - 1) lr_decay) g / (sqrt(s) + eps).

    lr_decay: how fast the rate of all weights falls with the steps besides.
    """
    functional("adagrad")(
        [rows.weights],
        [rows.gradient],
        [rows.state("square")],
        [steps_before(rows)],
        fused=rows.weights.device.type == "cpu",
        foreach=False,
        lr=lr,
        lr_decay=lr_decay,
        eps=eps,
        weight_decay=weight_decay,
        maximize=False,
    )


@OPTIMIZERS.add()
def adadelta(
    rows: Rows,
    *,
    lr: Positive = 1.0,
    rho: Decay = 0.9,
    eps: NotNegative = 1e-6,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Each gradient is scaled by the running size of past updates over that of past gradients (Zeiler 2012).

    v = rho v + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(v + eps) g; u = rho u + (1 - rho) d^2; w -= lr d.

    rho: how much of both running means a step keeps.
    """
    functional("adadelta")(
        [rows.weights],
        [rows.gradient],
        [rows.state("square")],
        [rows.state("square_update")],
        [steps_before(rows)],
        foreach=False,
        lr=lr,
        rho=rho,
        eps=eps,
        weight_decay=weight_decay,
        maximize=False,
    )


@OPTIMIZERS.add()
def rmsprop(
    rows: Rows,
    *,
    lr: Positive = 0.01,
    alpha: Decay = 0.99,
    eps: NotNegative = 1e-8,
    momentum: Decay = 0.0,
    centered: bool = False,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Each gradient is divided by the root of the running mean of its square (Tieleman & Hinton 2012).

    v = alpha v + (1 - alpha) g^2; w -= lr g / (sqrt(v) + eps), or by way of a momentum. `centered` takes the square of
    the running mean gradient off v first (Graves 2013).

    alpha: how much of the running mean of squared gradients a step keeps.
    centered: whether the square of the mean gradient is taken off first.
    """
    functional("rmsprop")(
        [rows.weights],
        [rows.gradient],
        [rows.state("square")],
        [rows.state("mean")] if centered else [],
        [rows.state("momentum")] if momentum else [],
        [steps_before(rows)],
        foreach=False,
        lr=lr,
        alpha=alpha,
        eps=eps,
        weight_decay=weight_decay,
        momentum=momentum,
        centered=centered,
    )
