"""Random numbers for the steps of a whole stack, each trial's from its own stream, drawn for several steps at once."""

from __future__ import annotations

from collections.abc import Sequence

from dlbench.parts.lazy import torch

AT_ONCE = {"cpu": 1 << 17, "cuda": 1 << 21}
"""Numbers of a trial that are drawn together: a processor keeps them in its cache, a GPU is spared a call a trial and step."""

SHADES = 1 << 16
"""Uniform numbers stand in the middles of so many equal parts of [0, 1]: a probability is met to 1 in 131,072, for a third of
the time that full floats would take, which is much of what a small RBM costs."""


class Draws:
    """Numbers in blocks of `rows` times `units`: uniform on (0, 1), or standard normal where `is_normal`.

    What a trial gets depends on its own generator and on the size of the blocks, never on the trials beside it.
    """

    def __init__(
        self, generators: Sequence[torch.Generator], rows: int, units: int, *, is_normal: bool = False
    ) -> None:
        self.rows = rows
        self._generators, self._shape, self._is_normal = generators, (rows, units), is_normal
        at_once = AT_ONCE.get(generators[0].device.type, AT_ONCE["cpu"])
        self._blocks = max(1, at_once // (rows * units))
        self._pool: list[torch.Tensor] = []

    def take(self, rows: int | None = None) -> torch.Tensor:
        """The next block, `[trials, rows, units]`, or the first rows of it; it is the caller's own."""
        if not self._pool:
            self._pool = list(self._drawn().unbind())
        return self._pool.pop()[:, :rows]

    def _drawn(self) -> torch.Tensor:
        """Many blocks `[blocks, trials, rows, units]`: what one step uses lies in one piece."""
        shape, device = (self._blocks, *self._shape), self._generators[0].device
        pool = torch.empty(shape[0], len(self._generators), *self._shape, device=device)
        draw = _normal if self._is_normal else _shades
        for trial, generator in enumerate(self._generators):
            pool[:, trial].copy_(draw(generator, torch.Size(shape).numel()).view(shape))
        return pool if self._is_normal else pool.add_(SHADES / 2 + 0.5).mul_(1 / SHADES)


def _shades(generator: torch.Generator, size: int) -> torch.Tensor:
    """Whole numbers that are uniform over all of 16 bits, four of them for each 64 bits that are drawn."""
    bits = torch.empty(-(-size // 4), dtype=torch.int64, device=generator.device)
    return bits.random_(-(2**63), None, generator=generator).view(torch.int16)[:size]


def _normal(generator: torch.Generator, size: int) -> torch.Tensor:
    return torch.empty(size, device=generator.device).normal_(generator=generator)


def sampled(mean: torch.Tensor, draws: Draws, *, is_gaussian: bool = False) -> torch.Tensor:
    """Units with the means `[trials, rows, units]`: 1 with that probability, else 0; or normal numbers of variance 1."""
    numbers = draws.take(mean.shape[1]).to(mean.dtype)
    return numbers.add_(mean) if is_gaussian else numbers.lt_(mean)
