"""Norms of gradients, weights and updates, in double precision where the device has it, and counts by powers of two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.devices import precise
from dlbench.engine.probes import BINS, BYTES, FIRST_BYTE, HIGHEST_BYTE

PIECES = {"cpu": 2**15}
"""Numbers that are worked on at once: on a CPU as many as its caches hold as doubles, elsewhere `LARGE_PIECE`."""

LARGE_PIECE = 2**24

ZERO = BYTES
"""The bin of exact zeros, beside those of the highest bytes."""


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
    found: dict[int, Tensor] = {}
    small = [index for index, one in enumerate(tensors) if one.numel() <= _piece(one)]
    for kind in {precise(tensors[index].device) for index in small}:
        own = [index for index in small if precise(tensors[index].device) == kind]
        together = torch._foreach_norm([tensors[index] for index in own], 2, dtype=kind)  # noqa: SLF001  # as torch's clipping does
        found |= dict(zip(own, together, strict=True))
    return [found[index] if index in found else _length(_pieces(one)) for index, one in enumerate(tensors)]


def update_norms(after: Sequence[Tensor], before: Sequence[Tensor]) -> list[Tensor]:
    """The norm of what was added to each tensor; the difference is one of doubles."""
    return [
        _length(now - then for now, then in zip(_pieces(new), _pieces(old), strict=True))
        for new, old in zip(after, before, strict=True)
    ]


def _piece(tensor: Tensor) -> int:
    return PIECES.get(tensor.device.type, LARGE_PIECE)


def _pieces(tensor: Tensor) -> Iterator[Tensor]:
    """A tensor's numbers in double precision, piece by piece."""
    kind = precise(tensor.device)
    for piece in torch.split(tensor.reshape(-1), _piece(tensor)):
        yield piece.to(kind)


def _length(pieces: Iterable[Tensor]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(piece) for piece in pieces]))
    return norm


def power_counts(tensors: Sequence[Tensor], rows: Sequence[int], count: int) -> Tensor:
    """How many numbers of the tensors of each of `count` rows have which highest byte, `[count, BYTES + 1]`, zeros in the last.

    All small tensors are counted in one go; what is done a tensor is what a probe of a deep tiny net would cost.
    """
    device = tensors[0].device
    total = torch.zeros(count * (BYTES + 1), dtype=torch.int64, device=device)
    for parts in _portions(tensors, rows):
        numbers = torch.cat([part.to(device, torch.float32).reshape(-1) for part, _ in parts])
        sizes = torch.tensor([part.numel() for part, _ in parts])
        starts = torch.tensor([row * (BYTES + 1) for _, row in parts], dtype=torch.int32)
        byte = (numbers.view(torch.uint8)[HIGHEST_BYTE::4] & 0x7F).masked_fill_(numbers == 0, ZERO).int()
        index = byte.add_(starts.repeat_interleave(sizes).to(device) if len(parts) > 1 else int(starts))
        total += torch.bincount(index, minlength=len(total))
    return total.view(count, BYTES + 1)


def _portions(tensors: Sequence[Tensor], rows: Sequence[int]) -> Iterator[list[tuple[Tensor, int]]]:
    """Tensors with their rows, in portions that are worked on at once; large ones in pieces."""
    portion: list[tuple[Tensor, int]] = []
    size = 0
    for tensor, row in zip(tensors, rows, strict=True):
        for piece in torch.split(tensor.reshape(-1), _piece(tensor)):
            if portion and size + piece.numel() > _piece(tensor):
                yield portion
                portion, size = [], 0
            portion.append((piece, row))
            size += piece.numel()
    if portion:
        yield portion


def bins_of(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Histograms `[rows, BINS]` and zeros `[rows]` of counts by the highest byte.

    As `dlbench.engine.probes.LogHistogram` makes them: NaN and what is as large counts nowhere.
    """
    by_byte = counts[:, : BYTES - 1]
    inside = by_byte[:, FIRST_BYTE : FIRST_BYTE + BINS].copy()
    inside[:, 0] += by_byte[:, :FIRST_BYTE].sum(axis=1)
    inside[:, -1] += by_byte[:, FIRST_BYTE + BINS :].sum(axis=1)
    return inside, counts[:, ZERO]
