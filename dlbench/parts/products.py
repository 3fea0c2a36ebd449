"""Products of the matrices of a whole stack, in which no trial's bits depend on how many trials there are.

MKL multiplies a single matrix by a vector with another kernel than one of several, which sums in another order. So a stack of one
trial goes through the kernel for several where a side is 1, taken twice. (That no bit depends on where a matrix lies in memory, or
on the number of threads, is asked of MKL by `ask_for_same_bits`.)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dlbench.parts.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


LARGE = 1 << 15
"""Numbers of a product from which copying it takes longer than launching it."""


def ask_for_same_bits() -> None:
    """Say how MKL shall multiply: before the first product, which is when it reads that.

    Else it chooses its kernels by how the matrices happen to lie in memory, which depends on how many trials lie before them, and
    by the number of threads (Intel's "conditional numerical reproducibility").
    """
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


def bmm(a: Tensor, b: Tensor) -> Tensor:
    """a b for `a` of `[trials, n, k]` and `b` of `[trials, k, m]`."""
    # The first question is the cheapest: in a tiny net's step every microsecond counts.
    if a.size(0) > 1 or not _has_vector(a, b):
        return torch.bmm(a, b)
    return torch.bmm(_twice(a), _twice(b))[:1]


def baddbmm(offset: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """offset + a b; the offset is broadcast to `[trials, n, m]`."""
    if a.size(0) > 1 or not _has_vector(a, b):
        return torch.baddbmm(offset, a, b)
    return torch.baddbmm(_twice(offset), _twice(a), _twice(b))[:1]


def baddbmm_(total: Tensor, a: Tensor, b: Tensor, *, beta: float) -> None:
    """total = beta total + a b, in place and without a gradient."""
    if a.size(0) > 1 or not _has_vector(a, b):
        torch.baddbmm(total, a, b, beta=beta, out=total)
    else:
        total.copy_(torch.baddbmm(_twice(total), _twice(a), _twice(b), beta=beta)[:1])


def bmm_into(total: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """total = a b without a gradient, where the matrices of `total` lie apart; large ones are written where they belong.

    One after the other they take as long as in a batch, which wants to write them side by side.
    """
    if total.is_cpu and total[0].numel() >= LARGE:
        for own, left, right in zip(total, a, b, strict=True):
            torch.mm(left, right, out=own)
        return total
    return total.copy_(bmm(a, b))


def _has_vector(a: Tensor, b: Tensor) -> bool:
    """Whether MKL would take one such product for that of a matrix and a vector."""
    return 1 in (a.size(1), a.size(2), b.size(2)) and a.is_cpu


def _twice(x: Tensor) -> Tensor:
    return x.expand(2, -1, -1)
