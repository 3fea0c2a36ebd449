"""The steps of pre-training: gradient ascent with momentum on the weights and biases of one layer of a stack."""

from __future__ import annotations

from collections.abc import Sequence

from dlbench.parts.arguments import Number
from dlbench.parts.lazy import torch
from dlbench.parts.pretraining.coder import Coder
from dlbench.parts.products import baddbmm_


class Ascent:
    """Changes a coder in place: u <- momentum u + lr (gradient - weight_cost W), W <- W + u (Hinton 2010, sections 9 and 10).

    The biases bear no weight cost. `lr` and `weight_cost` may differ from trial to trial. Without momentum the weights need no
    u, which spares a pass over as many numbers as there are weights.
    """

    def __init__(self, coder: Coder, *, lr: Number, weight_cost: Number, has_momentum: bool = True) -> None:
        self._coder, self._has_momentum = coder, has_momentum
        self.lr = per_trial(lr, coder)
        """`[trials, 1, 1]`."""
        self._cost = self.lr * per_trial(weight_cost, coder)
        self._has_cost = bool((self._cost != 0).any())
        self._weights = torch.zeros_like(coder.weights) if has_momentum else coder.weights
        self._visible, self._hidden = torch.zeros_like(coder.visible), torch.zeros_like(coder.hidden)

    def step(
        self,
        momentum: float,
        products: Sequence[tuple[torch.Tensor, torch.Tensor]],
        visible: torch.Tensor,
        hidden: torch.Tensor,
    ) -> None:
        """One step along a gradient that has `lr` in it already.

        That for the weights is the sum of a' b over the `products` of a `[trials, batch, visible]` and b `[trials, batch,
        hidden]`; those for the biases are `[trials, 1, visible]` and `[trials, 1, hidden]`.
        """
        weights, kept = self._weights, momentum if self._has_momentum else 1.0
        if self._has_cost and not self._has_momentum:
            weights.mul_(1 - self._cost)
        for a, b in products:
            baddbmm_(weights, a.mT, b, beta=kept)
            kept = 1.0
        if self._has_momentum:
            if self._has_cost:
                weights.addcmul_(self._coder.weights, self._cost, value=-1)
            self._coder.weights.add_(weights)
        self._coder.visible.add_(self._visible.mul_(momentum).add_(visible))
        self._coder.hidden.add_(self._hidden.mul_(momentum).add_(hidden))


def per_trial(number: Number, coder: Coder) -> torch.Tensor:
    """A number as `[trials, 1, 1]`, whether the trials agree on it or not: no bit of a trial depends on whether they do."""
    like = coder.weights
    if isinstance(number, (int, float)):
        return like.new_full((like.shape[0], 1, 1), number)
    return number.to(like).view(-1, 1, 1)
