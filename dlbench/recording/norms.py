"""Norms of gradients, weights and updates, in double precision where the device has it, and counts by powers of two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.devices import precise
from dlbench.engine.log_histogram import BINS, BYTES, FIRST_BYTE, HIGHEST_BYTE

PIECES = {"cpu": 2**15}
"""Numbers that are worked on at once: on a CPU as many as its caches hold as doubles, elsewhere `LARGE_PIECE`."""

LARGE_PIECE = 2**24

BLOCK = 256
"""Squares that are added up in single precision; the sums of blocks are added up in double."""

SAFE = (1e-12, 1e15)
"""Norms of which no part that counts has squares outside of single precision."""

HALVES = frozenset({torch.float16, torch.bfloat16})

MOST_COUNTED = 2**15
"""Numbers of one gradient that are enough for its histogram."""

AT_ONCE = 2**18
"""Numbers of several gradients that are counted at once."""

ZERO = BYTES
"""The bin of exact zeros, beside those of the highest bytes."""


def local(tensor: Tensor) -> Tensor:
    """The plain dense numbers of a tensor: of a sparse one its values, of a sharded one this process's part."""
    if hasattr(tensor, "to_local"):
        tensor = cast("Tensor", tensor.to_local())
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    tensor = tensor.detach()
    if tensor.is_floating_point() and tensor.element_size() == 1:
        tensor = tensor.float()  # those of 8 bits know no arithmetic
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def is_sharded(tensors: Iterable[Tensor]) -> bool:
    """Whether any of them is only in part on this process, as those of FSDP2 are."""
    return any(hasattr(tensor, "to_local") for tensor in tensors)


def norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The Euclidean norm of each, a number on its device.

    Squares of vanishing gradients underflow in single precision, and those of half precision in anything less.
    """
    found: dict[int, Tensor] = {}
    small = [index for index, one in enumerate(tensors) if one.numel() <= _piece(one)]
    for kind in {precise(tensors[index].device) for index in small}:
        own = [index for index in small if precise(tensors[index].device) == kind]
        together = torch._foreach_norm([tensors[index] for index in own], 2, dtype=kind)  # noqa: SLF001  # as torch's clipping does
        found |= dict(zip(own, together, strict=True))
    return [found[index] if index in found else _large_norm(one) for index, one in enumerate(tensors)]


def update_norms(after: Sequence[Tensor], before: Sequence[Tensor]) -> list[Tensor]:
    """The norm of what was added to each tensor; `before` is used up.

    That is how far the weights have moved, not what the optimizer has computed: a weight of 1 in single precision moves by steps
    of 2^-24, and by nothing where less is asked of it. The difference of two numbers within a factor of two is exact in their own
    precision (Sterbenz 1974), of others it is rounded once, so nothing is gained by more digits; that of two halves would be
    rounded to three digits.
    """
    is_exact = [old.dtype not in HALVES and old.dtype == new.dtype for old, new in zip(before, after, strict=True)]
    if any(is_exact):
        own = [(old, new) for old, new, exact in zip(before, after, is_exact, strict=True) if exact]
        torch._foreach_sub_([old for old, _ in own], [new for _, new in own])  # as torch's optimizers do
    return norms(
        [
            old if exact else old.to(precise(old.device)) - new
            for old, new, exact in zip(before, after, is_exact, strict=True)
        ]
    )


def _piece(tensor: Tensor) -> int:
    return PIECES.get(tensor.device.type, LARGE_PIECE)


def _large_norm(tensor: Tensor) -> Tensor:
    """That of a tensor of many pieces: on a CPU in single precision, block by block, unless its squares might underflow."""
    if tensor.dtype == torch.float32 and tensor.device.type == "cpu" and tensor.is_contiguous():
        flat = tensor.view(-1)
        whole = flat.numel() // BLOCK * BLOCK
        blocks = torch.linalg.vector_norm(flat[:whole].view(-1, BLOCK), dim=1).double()
        rest = torch.linalg.vector_norm(flat[whole:].double())
        norm: Tensor = torch.linalg.vector_norm(torch.cat([blocks, rest.reshape(1)]))
        if SAFE[0] < norm.item() < SAFE[1]:
            return norm
    return _length(_pieces(tensor))


def _pieces(tensor: Tensor) -> Iterator[Tensor]:
    """A tensor's numbers in double precision, piece by piece."""
    kind = precise(tensor.device)
    for piece in torch.split(tensor.reshape(-1), _piece(tensor)):
        yield piece.to(kind)


def _length(pieces: Iterable[Tensor]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(piece) for piece in pieces]))
    return norm


def power_counts(tensors: Sequence[Tensor]) -> Tensor:
    """How many numbers of each tensor have which highest byte, `[tensors, BYTES + 1]`, zeros in the last.

    Many tensors are counted in one go, since what is done a tensor is what a probe of a deep tiny net would cost. Of one with
    more than `MOST_COUNTED` numbers about as many are looked at, spread evenly, and stand for their neighbours.
    """
    device = tensors[0].device
    strides = [_stride(one.numel()) for one in tensors]
    parts = [one.reshape(-1)[::stride] for one, stride in zip(tensors, strides, strict=True)]
    counts = torch.cat([_counted([part.to(device, torch.float32) for part in own]) for own in _portions(parts)])
    if any(stride > 1 for stride in strides):
        counts *= torch.tensor(strides, device=device).unsqueeze(1)
    return counts


def _counted(parts: Sequence[Tensor]) -> Tensor:
    numbers = torch.cat(list(parts))
    byte = (numbers.view(torch.uint8)[HIGHEST_BYTE::4] & 0x7F).masked_fill_(numbers == 0, ZERO).int()
    sizes = torch.tensor([part.numel() for part in parts])
    starts = torch.arange(0, len(parts) * (BYTES + 1), BYTES + 1, dtype=torch.int32)
    index = byte.add_(starts.repeat_interleave(sizes).to(byte.device))
    return torch.bincount(index, minlength=len(parts) * (BYTES + 1)).view(len(parts), BYTES + 1)


def _portions(parts: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors in portions that are worked on at once."""
    portion: list[Tensor] = []
    size = 0
    for part in parts:
        if portion and size + part.numel() > AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(part)
        size += part.numel()
    if portion:
        yield portion


def _stride(count: int) -> int:
    """The distance between numbers that are looked at: no part of any side of the tensor, or only some columns would be seen."""
    stride = max(-(-count // MOST_COUNTED), 1)
    while math.gcd(stride, count) > 1:
        stride += 1
    return stride


def bins_of(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Histograms `[rows, BINS]` and zeros `[rows]` of counts by the highest byte.

    As `dlbench.engine.log_histogram.LogHistogram` makes them: NaN and what is as large counts nowhere.
    """
    by_byte = counts[:, : BYTES - 1]
    inside = by_byte[:, FIRST_BYTE : FIRST_BYTE + BINS].copy()
    inside[:, 0] += by_byte[:, :FIRST_BYTE].sum(axis=1)
    inside[:, -1] += by_byte[:, FIRST_BYTE + BINS :].sum(axis=1)
    return inside, counts[:, ZERO]
