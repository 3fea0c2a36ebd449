"""Gradient descent with and without momentum."""

from __future__ import annotations

from dlbench.parts.optimizers.base import OPTIMIZERS, Decay, NotNegative, Positive, functional
from dlbench.parts.rows import Rows


@OPTIMIZERS.add()
def sgd(rows: Rows, *, lr: Positive = 0.1, weight_decay: NotNegative = 0.0) -> None:
    """Stochastic gradient descent, straight down the gradient of the batch.

    w -= lr (g + weight_decay w).
    """
    _descend(rows, lr, momentum=0.0, weight_decay=weight_decay)


@OPTIMIZERS.add()
def momentum(
    rows: Rows,
    *,
    lr: Positive = 0.1,
    momentum: Decay = 0.9,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Gradient descent with a heavy ball, which rolls on along the mean of past gradients (Polyak 1964).

    v = momentum v + g; w -= lr v. Momentum 0 is `sgd`, bit for bit.
    """
    _descend(rows, lr, momentum=momentum, weight_decay=weight_decay)


@OPTIMIZERS.add()
def nesterov(
    rows: Rows,
    *,
    lr: Positive = 0.1,
    momentum: Decay = 0.9,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Momentum that looks ahead before it measures the slope (Nesterov 1983, in the form of Sutskever et al. 2013).

    v = momentum v + g; w -= lr (g + momentum v). Momentum 0 is `sgd`, bit for bit.
    """
    _descend(rows, lr, momentum=momentum, weight_decay=weight_decay, look_ahead=True)


def _descend(rows: Rows, lr: Positive, *, momentum: Decay, weight_decay: NotNegative, look_ahead: bool = False) -> None:
    functional("sgd")(
        [rows.weights],
        [rows.gradient],
        [rows.state("momentum") if momentum else None],
        fused=True,
        lr=lr,
        momentum=momentum,
        weight_decay=weight_decay,
        nesterov=look_ahead and momentum > 0,
        dampening=0.0,
        maximize=False,
    )
