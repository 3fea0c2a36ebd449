"""log Z of RBMs: exactly where one side has few units, else by annealed importance sampling."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

from dlbench.parts.elementwise import sigmoid, sigmoid_, softplus
from dlbench.parts.lazy import torch
from dlbench.parts.pretraining.coder import Coder
from dlbench.parts.pretraining.draws import Draws, sampled
from dlbench.parts.products import baddbmm

COUNTABLE = 14
"""Units on one side whose states are all gone through: 2^14 of them take less time than sampling."""


def precise(x: torch.Tensor) -> torch.dtype:
    """Double precision for sums of many terms, where the device of `x` has it; Apple's has not."""
    return torch.float32 if x.device.type == "mps" else torch.float64


@dataclass(frozen=True)
class Partition:
    """log Z of each trial and the standard error of that, both `[trials]`; the error is 0 where Z was counted out."""

    log_z: torch.Tensor
    error: torch.Tensor


def states(units: int, like: torch.Tensor) -> torch.Tensor:
    """All 2^units states of so many binary units, one a row."""
    numbers = torch.arange(2**units, device=like.device)
    return (numbers.unsqueeze(1) >> torch.arange(units, device=like.device) & 1).to(like.dtype)


def is_countable(coder: Coder) -> bool:
    """Whether one side has so few binary units that their states can be gone through."""
    sides = coder.weights.shape[2:] if coder.is_gaussian else coder.weights.shape[1:]
    return min(sides) <= COUNTABLE


def counted(coder: Coder) -> Partition:
    """log Z, the sum over all states of the smaller binary side, the other side summed in closed form."""
    trials, visible, hidden = coder.weights.shape
    if hidden <= visible or coder.is_gaussian:
        own = states(hidden, coder.weights).expand(trials, -1, -1)
        inputs = baddbmm(coder.visible, own, coder.weights.mT)
        logs = (own * coder.hidden).sum(dim=2) + _summed(coder, inputs)
    else:
        own = states(visible, coder.weights).expand(trials, -1, -1)
        logs = (own * coder.visible).sum(dim=2) + softplus(coder.inputs(own)).sum(dim=2)
    log_z = logs.to(precise(logs)).logsumexp(dim=1)
    return Partition(log_z, torch.zeros_like(log_z))


def _summed(coder: Coder, inputs: torch.Tensor) -> torch.Tensor:
    """log of the sum (or integral) over v of exp(-E(v, h) + c h) where the visible units get `inputs` = b + W h."""
    if coder.is_gaussian:
        # The integral of exp(-|v - b|^2 / 2 + v W h) is that of a Gaussian around b + W h.
        norm = inputs.shape[2] * log(2 * pi) / 2
        return norm + (inputs.square().sum(dim=2) - coder.visible.square().sum(dim=2)) / 2
    return softplus(inputs).sum(dim=2)


def annealed(coder: Coder, means: torch.Tensor, draws: tuple[Draws, Draws], temperatures: int) -> Partition:
    """log Z by annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008) through evenly spaced temperatures.

    The chains begin in the base-rate model, independent visible units with the data's `means` `[trials, 1, visible]` and no
    weights, whose Z is known; they end in the RBM. `draws` are those for the hidden and for the visible units, with a row a
    chain. The error is that of the log of the mean of the chains' weights.
    """
    base = means if coder.is_gaussian else torch.logit(means, eps=0.01)
    chains = _Chains(coder, base, *draws)
    v = chains.seen(base)
    logs = v.new_zeros(v.shape[:2], dtype=precise(v))
    for step in range(1, temperatures + 1):
        low, high = (step - 1) / temperatures, step / temperatures
        inputs = coder.inputs(v)
        logs += chains.change(v, inputs, low, high)
        if step < temperatures:
            v = chains.moved(inputs, high)
    logs -= (top := logs.amax(dim=1, keepdim=True))
    weights = logs.exp()
    mean = weights.mean(dim=1)
    error = weights.std(dim=1) / mean / weights.shape[1] ** 0.5
    return Partition(chains.log_z_of_base() + mean.log() + top.squeeze(1), error)


@dataclass(frozen=True)
class _Chains:
    """The distributions between the base-rate model (temperature 0) and the RBM (1), all of them RBMs themselves.

    log p(v) at t, but for Z: (1 - t) a v + t b v + sum_j log(1 + exp(t (c + v W)_j)), with the base's biases a; for Gaussian
    units -|v - a|^2 / 2 and -|v - b|^2 / 2 in the places of a v and b v.
    """

    coder: Coder
    base: torch.Tensor
    for_hidden: Draws
    for_visible: Draws

    def seen(self, inputs: torch.Tensor) -> torch.Tensor:
        """Visible units that get `inputs` `[trials, chains or 1, visible]`."""
        rows = inputs.expand(-1, self.for_visible.rows, -1)
        mean = rows if self.coder.is_gaussian else sigmoid(rows)
        return sampled(mean, self.for_visible, is_gaussian=self.coder.is_gaussian)

    def change(self, v: torch.Tensor, inputs: torch.Tensor, low: float, high: float) -> torch.Tensor:
        """log p at temperature `high` less that at `low`, `[trials, chains]` in double: differences are summed, not sums.

        `inputs` are those that `v` gives to the hidden units of the RBM.
        """
        own, base = self.coder.visible, self.base
        if self.coder.is_gaussian:
            shift = ((v - base).square() - (v - own).square()) / 2
        else:
            shift = v * (own - base)
        gain = softplus(high * inputs) - softplus(low * inputs)
        return (high - low) * shift.sum(dim=2, dtype=precise(v)) + gain.sum(dim=2, dtype=precise(v))

    def moved(self, inputs: torch.Tensor, at: float) -> torch.Tensor:
        """One Gibbs step at a temperature, up and down, to new visible units; of the old ones only their `inputs` count."""
        h = sampled(sigmoid_(at * inputs), self.for_hidden)
        own = baddbmm(self.coder.visible, h, self.coder.weights.mT)
        return self.seen(torch.lerp(self.base, own, at))

    def log_z_of_base(self) -> torch.Tensor:
        """log Z at temperature 0, `[trials]`: the hidden units are free coins, the visible ones independent."""
        _, visible, hidden = self.coder.weights.shape
        if self.coder.is_gaussian:
            ours = torch.full_like(self.base[:, 0, 0], visible * log(2 * pi) / 2)
        else:
            ours = softplus(self.base).sum(dim=(1, 2))
        return ours.to(precise(ours)) + hidden * log(2)
