"""Norms of gradients, weights and updates: of many tensors at once, in double precision where the device has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor

from dlbench.engine.devices import precise
from dlbench.engine.probes import BINS, BYTES, FIRST_BYTE, HIGHEST_BYTE

PIECE = 2**22
"""Numbers whose powers of two are counted at once, so that a large layer takes little memory."""


def local(tensor: Tensor) -> Tensor:
    """The plain dense numbers of a tensor: of a sparse one its values, of a sharded one this process's part."""
    if hasattr(tensor, "to_local"):
        tensor = cast("Tensor", tensor.to_local())
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    tensor = tensor.detach()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def is_sharded(tensors: Iterable[Tensor]) -> bool:
    """Whether any of them is only in part on this process, as those of FSDP2 are."""
    return any(hasattr(tensor, "to_local") for tensor in tensors)


def norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The Euclidean norm of each, a number on its device.

    Squares of vanishing gradients underflow in single precision, and those of half precision in anything less.
    """
    if not tensors:
        return []
    kinds = {precise(tensor.device) for tensor in tensors}
    if len(kinds) > 1:
        return [torch.linalg.vector_norm(one, dtype=precise(one.device)) for one in tensors]
    return list(torch._foreach_norm(list(tensors), 2, dtype=kinds.pop()))  # noqa: SLF001  # as torch's own clip_grad_norm_ does


def update_norms(after: Sequence[Tensor], before: Sequence[Tensor]) -> list[Tensor]:
    """The norm of what was added to each tensor; the difference is taken in double, one tensor at a time for memory's sake."""
    return [
        torch.linalg.vector_norm(new.to(kind) - old.to(kind))
        for new, old in zip(after, before, strict=True)
        for kind in [precise(new.device)]
    ]


def power_counts(tensor: Tensor) -> Tensor:
    """How many numbers of a tensor have which power of two, `[BINS + 1]`, exact zeros in the last place.

    As `dlbench.engine.probes.LogHistogram` counts: by the highest byte of a float in single precision, NaN and what is as large
    nowhere.
    """
    pieces = torch.split(tensor.reshape(-1), PIECE)
    total = torch.stack([_counts_of(piece) for piece in pieces]).sum(dim=0)
    zeros, by_byte = total[-1:], total[: BYTES - 1]
    inside = by_byte[FIRST_BYTE : FIRST_BYTE + BINS].clone()
    inside[:1] += by_byte[:FIRST_BYTE].sum() - zeros
    inside[-1:] += by_byte[FIRST_BYTE + BINS :].sum()
    return torch.cat([inside, zeros])


def _counts_of(piece: Tensor) -> Tensor:
    """`[BYTES + 1]`: how many numbers have which highest byte, and how many are zero."""
    single = piece.to(torch.float32).contiguous()
    index = single.view(torch.uint8)[HIGHEST_BYTE::4] & 0x7F
    zeros = single.numel() - torch.count_nonzero(single)
    return torch.cat([torch.bincount(index, minlength=BYTES), zeros.reshape(1)])
