"""What an RBM thinks of what it sees: free energy, and the pseudo-likelihood by one random unit a sample.

E(v, h) = -b v - c h - v W h for Bernoulli visible units and |v - b|^2 / 2 - c h - v W h for Gaussian ones, the hidden units
being 0 or 1 in both; P(v, h) = exp(-E(v, h)) / Z.
"""

from __future__ import annotations

from collections.abc import Sequence

from dlbench.parts.elementwise import softplus
from dlbench.parts.lazy import torch
from dlbench.parts.pretraining.coder import Coder


def free_energy(coder: Coder, v: torch.Tensor) -> torch.Tensor:
    """F(v) = -log of the sum of exp(-E(v, h)) over all h, `[trials, samples]` for `v` `[trials, samples, visible]`.

    -b v - sum_j log(1 + exp(c_j + v W_j)), or |v - b|^2 / 2 in place of -b v for Gaussian visible units.
    """
    hidden = softplus(coder.inputs(v)).sum(dim=2)
    if coder.is_gaussian:
        return (v - coder.visible).square().sum(dim=2) / 2 - hidden
    return -(v * coder.visible).sum(dim=2) - hidden


def pseudo_likelihood(coder: Coder, v: torch.Tensor, chosen: Sequence[torch.Tensor]) -> torch.Tensor:
    """The pseudo-log-likelihood of Bernoulli data, `[trials]`, by one unit of each sample, or by several in turn.

    The number of units times the mean over the samples of log P(v_i | the other units), with the unit i of each sample in
    each of `chosen`, `[trials, samples]`. Where i is drawn uniformly, its expectation is the sum over all units. (A fixed unit
    would
    lie: pixels at the border of a digit are always black.) A unit between 0 and 1 is taken as a probability, so the mean is
    over both of its states.
    """
    inputs = coder.inputs(v)
    return torch.stack([_by_unit(coder, v, inputs, units) for units in chosen]).mean(dim=0)


def _by_unit(coder: Coder, v: torch.Tensor, inputs: torch.Tensor, units: torch.Tensor) -> torch.Tensor:
    at = units.unsqueeze(2)
    rows = coder.weights.gather(1, at.expand(-1, -1, coder.weights.shape[2]))  # W_i of each sample's unit
    value = v.gather(2, at).squeeze(2)
    off = torch.addcmul(inputs, rows, value.unsqueeze(2), value=-1)
    gain = (softplus(off + rows) - softplus(off)).sum(dim=2)
    logit = gain + coder.visible.squeeze(1).gather(1, units)  # F(v with v_i = 0) - F(v with v_i = 1)
    logs = torch.nn.functional.logsigmoid(logit) - (1 - value) * logit  # log(1 - p) = log p - logit
    return v.shape[2] * logs.mean(dim=1)
