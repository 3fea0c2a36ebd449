"""Muon: momentum whose matrices are made orthogonal."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Annotated, Literal, TypeAlias

from annotated_types import Interval

from dlbench.parts.lazy import torch
from dlbench.parts.optimizers.base import OPTIMIZERS, Decay, NotNegative, Positive, functional, steps_before
from dlbench.parts.products import bmm
from dlbench.parts.rows import Rows, Slot

Adjustment: TypeAlias = Literal["original", "match_rms_adamw", "spectral_unclamped", "none"]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""The quintic polynomial of Jordan's Newton-Schulz iteration, steepest at 0."""

EPS = 1e-7


@OPTIMIZERS.add()
def muon(
    rows: Rows,
    *,
    lr: Positive = 0.001,
    momentum: Decay = 0.95,
    nesterov: bool = True,
    newton_schulz_steps: Annotated[int, Interval(ge=1, lt=100)] = 5,
    adjust_lr: Adjustment = "original",
    weight_decay: NotNegative = 0.1,
) -> None:
    """Momentum that turns each matrix of the update into the nearest orthogonal one (Jordan 2024).

    Matrices that are not biases: v = momentum v + (1 - momentum) g; O = orthogonal(g + momentum (v - g)); w -= lr
    weight_decay w + lr ratio O, where the ratio follows from fan_in and fan_out: `original` sqrt(max(1, out / in)),
    `match_rms_adamw` 0.2 sqrt(max(out, in)), `spectral_unclamped` sqrt(out / in). Everything else is `adamw` with the same
    lr and weight_decay.

    momentum: how much of the running mean of gradients a step keeps.
    nesterov: whether it looks ahead by its momentum.
    newton_schulz_steps: how many iterations make the matrix orthogonal.
    adjust_lr: the ratio by which the shape of a matrix changes its rate.
    weight_decay: this times the learning rate is taken off each weight at each step, as a share of it.
    """
    matrices = [slot for slot in rows.slots if _is_matrix(slot)]
    for slot in matrices:
        weight, gradient, velocity = map(slot.of, (rows.weights, rows.gradient, rows.state("momentum")))
        velocity.lerp_(gradient, 1 - momentum)
        step = orthogonalized(gradient.lerp(velocity, momentum) if nesterov else velocity, newton_schulz_steps)
        weight.mul_(1 - lr * weight_decay)
        fans = slot.shape[::-1] if slot.outputs_first else slot.shape
        weight.add_(step, alpha=-lr * lr_ratio(adjust_lr, *fans))
    others = [slot for slot in rows.slots if not _is_matrix(slot)]
    if others:
        _adamw(rows, others, lr, weight_decay)


def lr_ratio(adjust: Adjustment, fan_in: int, fan_out: int) -> float:
    """What multiplies the learning rate of a matrix `[fan_in, fan_out]`; torch's matrices lie the other way round."""
    if adjust == "original":
        return sqrt(max(1, fan_out / fan_in))
    if adjust == "match_rms_adamw":
        return 0.2 * sqrt(max(fan_out, fan_in))
    return sqrt(fan_out / fan_in) if adjust == "spectral_unclamped" else 1.0


def orthogonalized(matrices: torch.Tensor, steps: int) -> torch.Tensor:
    """Matrices `[trials, in, out]` with all singular values brought near 1 (0.7 to 1.2), in bfloat16; on a CPU in float32.

    X = a X + (b G + c G^2) X with G = X X^T, from X of Frobenius norm 1: the Newton-Schulz iteration of Jordan (2024).
    """
    a, b, c = COEFFICIENTS
    is_tall = matrices.shape[1] > matrices.shape[2]
    # Most CPUs have no products in bfloat16, and emulating them takes many times as long.
    x = (matrices.mT if is_tall else matrices).to(torch.float32 if matrices.is_cpu else torch.bfloat16)
    x = x / torch.linalg.matrix_norm(x, keepdim=True).clamp_(min=EPS)
    for _ in range(steps):
        gram = bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x


def _is_matrix(slot: Slot) -> bool:
    return len(slot.shape) == 2 and not slot.is_bias


def _adamw(rows: Rows, slots: Sequence[Slot], lr: float, weight_decay: float) -> None:
    """`adamw` on some columns only; they are no contiguous memory, which its fused kernel would need."""
    parts = [
        [tensor[:, slot.start : slot.stop] for slot in slots]
        for tensor in (rows.weights, rows.gradient, rows.state("mean"), rows.state("square"))
    ]
    functional("adamw")(
        *parts,
        [],
        [steps_before(rows) for _ in slots],
        foreach=False,
        amsgrad=False,
        beta1=0.9,
        beta2=0.999,
        lr=lr,
        weight_decay=weight_decay,
        eps=1e-8,
        maximize=False,
    )
