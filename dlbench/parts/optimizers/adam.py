"""Adam and its kin."""

from __future__ import annotations

from dlbench.parts.optimizers.base import OPTIMIZERS, Decay, NotNegative, Positive, functional, steps_before
from dlbench.parts.rows import Rows


@OPTIMIZERS.add()
def adam(
    rows: Rows,
    *,
    lr: Positive = 0.001,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: NotNegative = 1e-8,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Momentum divided by the running size of each weight's gradient (Kingma & Ba 2015).

    m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= lr m' / (sqrt(v') + eps), where m' and v' make up for
    the start at 0. The first step is lr times the gradient's sign. weight_decay is added to the gradient.
    """
    _adapt("adam", rows, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)


@OPTIMIZERS.add()
def adamw(
    rows: Rows,
    *,
    lr: Positive = 0.001,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: NotNegative = 1e-8,
    weight_decay: NotNegative = 0.01,
) -> None:
    """Adam whose weight decay shrinks the weights themselves: w -= lr weight_decay w (Loshchilov & Hutter 2019).

    Without weight_decay it is `adam`.

    weight_decay: this times the learning rate is taken off each weight at each step, as a share of it.
    """
    _adapt("adamw", rows, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)


def _adapt(kind: str, rows: Rows, **numbers: NotNegative) -> None:
    functional(kind)(
        [rows.weights],
        [rows.gradient],
        [rows.state("mean")],
        [rows.state("square")],
        [],
        [steps_before(rows, rows.weights.device)],
        fused=True,
        amsgrad=False,
        maximize=False,
        **numbers,
    )


@OPTIMIZERS.add()
def nadam(
    rows: Rows,
    *,
    lr: Positive = 0.002,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: NotNegative = 1e-8,
    momentum_decay: NotNegative = 0.004,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Adam with Nesterov's look ahead (Dozat 2016).

    The momentum of step t is beta1 (1 - 0.96^(t momentum_decay) / 2).

    momentum_decay: how fast the momentum warms up to beta1.
    """
    product = rows.scalar("momentum_product", 1.0)
    functional("nadam")(
        [rows.weights],
        [rows.gradient],
        [rows.state("mean")],
        [rows.state("square")],
        [product[0]],
        [steps_before(rows)],
        foreach=False,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        momentum_decay=momentum_decay,
        weight_decay=weight_decay,
    )
    product[1:] = product[0]


@OPTIMIZERS.add()
def radam(
    rows: Rows,
    *,
    lr: Positive = 0.001,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: NotNegative = 1e-8,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Adam that divides by its running square only once that can be trusted (Liu et al. 2020).

    Its first steps, five with the default beta2, are plain momentum.
    """
    functional("radam")(
        [rows.weights],
        [rows.gradient],
        [rows.state("mean")],
        [rows.state("square")],
        [steps_before(rows)],
        foreach=False,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        weight_decay=weight_decay,
    )


@OPTIMIZERS.add()
def adamax(
    rows: Rows,
    *,
    lr: Positive = 0.002,
    beta1: Decay = 0.9,
    beta2: Decay = 0.999,
    eps: NotNegative = 1e-8,
    weight_decay: NotNegative = 0.0,
) -> None:
    """Adam that divides by a fading maximum in place of the root mean square (Kingma & Ba 2015, section 7.1).

    u = max(beta2 u, |g| + eps); w -= lr m / ((1 - beta1^step) u).
    """
    functional("adamax")(
        [rows.weights],
        [rows.gradient],
        [rows.state("mean")],
        [rows.state("maximum")],
        [steps_before(rows)],
        foreach=False,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        weight_decay=weight_decay,
    )
