"""Autoencoders, layer by layer: the rival of RBMs with the same budget."""

from __future__ import annotations

from dataclasses import dataclass

from dlbench.parts.elementwise import softplus
from dlbench.parts.lazy import torch
from dlbench.parts.pretraining.base import PRETRAINING, Pretraining, Samples, Streams
from dlbench.parts.pretraining.coder import Coder
from dlbench.parts.pretraining.momentum import Ascent
from dlbench.parts.products import baddbmm, bmm


@PRETRAINING.add()
@dataclass(frozen=True, kw_only=True)
class Autoencoder(Pretraining):
    """Each hidden layer learns to reproduce its input, by plain back-propagation (Bengio et al. 2007).

    x' = f(sigmoid(x W + c) W' + b): the decoder has the encoder's weights transposed, as an RBM has, and is dropped in the
    end. The loss of a sample is the cross-entropy -sum(x log x' + (1 - x) log(1 - x')) with a sigmoid for f, or |x' - x|^2 / 2
    without, where the visible units are Gaussian. A step has the five products of an RBM's with k = 1.

    `layers` hidden layers learn, counted from the input, all without; each for `epochs` in batches of `batch_size`, by steps of
    rate `lr` with `momentum`, after `momentum_epochs` `final_momentum`, and `weight_cost` times the weights off the gradient.
    Weights start from N(0, `std`), biases from 0. With `unlabelled = "all"` it learns from the whole training set, also where
    `[data] limit` leaves few labels for the training.
    """

    def learner(self, coder: Coder, streams: Streams) -> Mirror:
        """Gradient descent on the reconstruction of `coder`; no random numbers are needed."""
        del streams
        return Mirror(self, coder)

    def flops(self, visible: int, hidden: int) -> float:
        """Two products forward, one back to the hidden units, and two for the gradient."""
        return 2.0 * visible * hidden * 5


class Mirror:
    """An autoencoder of a stack while it learns."""

    def __init__(self, settings: Autoencoder, coder: Coder) -> None:
        self._coder = coder
        self._ascent = Ascent(
            coder, lr=settings.lr, weight_cost=settings.weight_cost, has_momentum=settings.has_momentum
        )

    def step(self, x: torch.Tensor, momentum: float) -> None:
        """One step down the mean loss of a batch `[trials, batch, visible]`."""
        coder = self._coder
        h = coder.encode(x)
        # Both losses have the same gradient for what goes into f, here with its sign turned: x - x'.
        outer = (x - coder.decode(h)).mul_(self._ascent.lr / x.shape[1])
        inner = bmm(outer, coder.weights).mul_(h).mul_(1 - h)
        self._ascent.step(momentum, [(x, inner), (outer, h)], outer.sum(1, keepdim=True), inner.sum(1, keepdim=True))

    def measures(self, samples: Samples) -> dict[str, torch.Tensor]:
        """The mean loss of held-out samples."""
        coder, x = self._coder, samples.held_out
        inputs = baddbmm(coder.visible, coder.encode(x), coder.weights.mT)
        losses = (inputs - x).square() / 2 if coder.is_gaussian else softplus(inputs) - x * inputs
        return {"reconstruction_loss": losses.sum(2).mean(1)}

    def judged(self, samples: Samples) -> dict[str, torch.Tensor]:
        """Nothing: an autoencoder gives no sample a probability."""
        del samples
        return {}
