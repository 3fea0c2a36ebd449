"""Dropout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Gt, Interval, Le

from dlbench.parts.arguments import Number, spread
from dlbench.parts.layers.base import LAYERS, LayerContext, SavedForBackward, Shape, Stateless
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode


@LAYERS.add(random=True, example={"keep": 0.8})
class Dropout(Stateless):
    """During training, drop each unit with probability `rate`, or keep it with probability `keep`; at test use all units.

    Inverted dropout: what stays is divided by keep, so that the expectation is kept, E[y] = x, Var[y] = x^2 (1 - keep) /
    keep, and nothing is scaled at test (Srivastava et al. 2014, section 10, in the form of TensorFlow and torch). Exactly
    one of `keep` (the lecture's word) and `rate` (torch's p) is given.

    keep: the probability that a unit stays.
    rate: the probability that a unit is dropped, 1 - keep.
    at_test: whether units are dropped in evaluations too, the mistake that the lecture warns of.
    """

    def __init__(
        self,
        *,
        keep: Annotated[Number, Gt(0), Le(1)] | None = None,
        rate: Annotated[Number, Interval(ge=0, lt=1)] | None = None,
        at_test: bool = False,
    ) -> None:
        if (keep is None) == (rate is None):
            raise ValueError("'dropout' takes exactly one of 'keep' (share kept) and 'rate' (share dropped)")
        self.keep: Number = keep if keep is not None else 1 - rate  # type: ignore[operator]
        self.at_test = at_test
        # Read once, so that no step waits for the device.
        self.shares = self.keep if isinstance(self.keep, (int, float)) else self.keep.tolist()

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Any `[trials, batch, ...]` to the same shape; each trial draws its mask from its own stream."""
        del weights
        place.kept = None
        if not (place.training or self.at_test) or self.shares == 1:
            return x
        mask = torch.empty_like(x)
        for trial, generator in enumerate(place.generators):
            share = self.shares[trial] if isinstance(self.shares, list) else self.shares
            mask[trial].bernoulli_(share, generator=generator)
        place.kept = mask = mask.div_(spread(self.keep, x))
        return x * mask

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.Dropout`, which does nothing in `eval`; its function where units are dropped there too."""
        del shape
        rate = f"{1 - float(self.keep):.6g}"
        if self.at_test:
            return TorchCode(call=f"F.dropout({{x}}, {rate}, training=True)")
        return TorchCode(f"nn.Dropout({rate})")

    def can_go_backward(self) -> bool:
        """Always."""
        return True

    def backward(
        self, gradient: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """The gradient through the same mask."""
        if not wants_input:
            return None, []
        return gradient if passed.place.kept is None else gradient * passed.place.kept, []
