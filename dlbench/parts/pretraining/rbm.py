"""Restricted Boltzmann machines by contrastive divergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from dlbench.parts.arguments import Number
from dlbench.parts.lazy import torch
from dlbench.parts.pretraining.base import PRETRAINING, Pretraining, Samples, Streams
from dlbench.parts.pretraining.coder import Coder
from dlbench.parts.pretraining.draws import Draws, sampled
from dlbench.parts.pretraining.energy import free_energy, pseudo_likelihood
from dlbench.parts.pretraining.momentum import Ascent, per_trial
from dlbench.parts.pretraining.partition import Partition, annealed, counted, is_countable

UNITS = 10
"""Random units of each sample that the pseudo-likelihood goes by at the end of a layer; one along the way."""

MEMORY = 0.9
"""How much of a unit's mean activity of the batches before stays in its running mean (Hinton 2010, section 11)."""


@PRETRAINING.add()
@dataclass(frozen=True, kw_only=True)
class RBM(Pretraining):
    """Each hidden layer learns as an RBM on the hidden probabilities of the one below (Hinton, Osindero & Teh 2006).

    Contrastive divergence: the weights go along <v h> of the data less <v h> after `k` steps of Gibbs sampling up and down.
    These steps begin at the data, or with `persistent` where those of the batch before ended (Tieleman 2008). Going down
    gives the visible units their means, as Hinton's practical guide (2010) has it, or samples with `sample_visible` and in
    persistent chains. Gaussian visible units, of variance 1 as `normalize = "standard"` makes them, are for the first layer
    only, and want a rate ten to a hundred times smaller. `sparsity_cost` draws the mean activity of each hidden unit to
    `sparsity_target`. With `ais_chains`, log Z is estimated at the end of each layer, through `ais_temperatures`.

    `layers` hidden layers learn, counted from the input, all without; each for `epochs` in batches of `batch_size`, by steps of
    rate `lr` with `momentum`, after `momentum_epochs` `final_momentum`, and `weight_cost` times the weights off the gradient.
    Weights start from N(0, `std`), biases from 0. With `unlabelled = "all"` it learns from the whole training set, also where
    `[data] limit` leaves few labels for the training.

    k: how many steps of Gibbs sampling a weight step takes.
    persistent: whether sampling goes on where it ended, and does not begin at the data.
    sample_visible: whether visible units are sampled on the way, and do not take their means.
    sparsity_target: the mean activity that hidden units are drawn to.
    sparsity_cost: how strongly they are; 0 is not at all.
    ais_chains: how many chains estimate log Z in the end; 0 does not.
    ais_temperatures: how many temperatures these chains go through.
    """

    k: Annotated[int, Ge(1)] = 1
    persistent: bool = False
    sample_visible: bool = False
    sparsity_target: Annotated[Number, Gt(0), Lt(1)] = 0.05
    sparsity_cost: Annotated[Number, Ge(0)] = 0.0
    ais_chains: Annotated[int, Ge(0)] = 0
    ais_temperatures: Annotated[int, Ge(1)] = 1000

    def learner(self, coder: Coder, streams: Streams) -> ContrastiveDivergence:
        """Contrastive divergence on `coder`."""
        return ContrastiveDivergence(self, coder, streams)

    def flops(self, visible: int, hidden: int) -> float:
        """A product up, k down and up again, and two for the gradient."""
        return 2.0 * visible * hidden * (2 * self.k + 3)


class ContrastiveDivergence:
    """An RBM of a stack while it learns."""

    def __init__(self, settings: RBM, coder: Coder, streams: Streams) -> None:
        self._settings, self._coder, self._streams = settings, coder, streams
        self._ascent = Ascent(
            coder, lr=settings.lr, weight_cost=settings.weight_cost, has_momentum=settings.has_momentum
        )
        _, visible, hidden = coder.weights.shape
        self._samples_visible = settings.sample_visible or settings.persistent
        self._for_hidden = Draws(streams("hidden"), settings.batch_size, hidden)
        self._for_visible = Draws(streams("visible"), settings.batch_size, visible, is_normal=coder.is_gaussian)
        self._chains: torch.Tensor | None = None
        self._target = per_trial(settings.sparsity_target, coder)
        self._cost = per_trial(settings.sparsity_cost, coder)
        self._has_sparsity = bool((self._cost != 0).any())
        self._activity: torch.Tensor | None = None

    def step(self, x: torch.Tensor, momentum: float) -> None:
        """One update by a batch `[trials, batch, visible]`."""
        up = self._coder.encode(x)
        v, h = self._reconstructed(up)
        lr = self._ascent.lr / x.shape[1]
        plus = lr * (self._drawn_to_target(up) if self._has_sparsity else up)
        minus = h.mul_(-self._ascent.lr / v.shape[1])
        self._ascent.step(
            momentum,
            [(x, plus), (v, minus)],
            self._ascent.lr * (x.mean(1, keepdim=True) - v.mean(1, keepdim=True)),
            plus.sum(1, keepdim=True).add_(minus.sum(1, keepdim=True)),
        )

    def _reconstructed(self, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the model would see, and the hidden probabilities for it, after k steps; `up` are those for the data."""
        h = sampled(up, self._for_hidden) if self._chains is None else self._chains
        v = self._seen(h)
        for _ in range(self._settings.k - 1):
            v = self._seen(sampled(self._coder.encode(v), self._for_hidden))
        p = self._coder.encode(v)
        if self._settings.persistent:
            self._chains = sampled(p, self._for_hidden)
        return v, p

    def _seen(self, h: torch.Tensor) -> torch.Tensor:
        """One step down, to means or to samples."""
        v = self._coder.decode(h)
        if not self._samples_visible:
            return v
        return sampled(v, self._for_visible, is_gaussian=self._coder.is_gaussian)

    def _drawn_to_target(self, up: torch.Tensor) -> torch.Tensor:
        """The data's hidden probabilities less cost (q - target), with the running mean q of each unit's activity.

        That is the derivative of the cross-entropy between target and q for the unit's total input, so that what follows
        does the same to its bias and to its weights.
        """
        now = up.mean(1, keepdim=True)
        self._activity = now if self._activity is None else self._activity.lerp(now, 1 - MEMORY)
        return up - self._cost * (self._activity - self._target)

    def measures(self, samples: Samples) -> dict[str, torch.Tensor]:
        """The gap of the mean free energies, held-out less training; the pseudo-likelihood of Bernoulli units."""
        own, other = (free_energy(self._coder, v).mean(1) for v in (samples.train, samples.held_out))
        found = {"free_energy_gap": other - own}
        if not self._coder.is_gaussian:
            found |= self._pseudo_likelihood(samples.held_out, 1)
        return found

    def _pseudo_likelihood(self, v: torch.Tensor, looks: int) -> dict[str, torch.Tensor]:
        """By so many random units of each sample: the same ones every time, so that what changes is the machine."""
        generators = self._streams("unit")
        chosen = [torch.stack([_units(v, generator) for generator in generators]) for _ in range(looks)]
        return {"pseudo_likelihood": pseudo_likelihood(self._coder, v, chosen)}

    def judged(self, samples: Samples) -> dict[str, torch.Tensor]:
        """The pseudo-likelihood by more units; where AIS was asked for, log Z, its error, and the mean log-likelihood.

        The latter is that of held-out samples. A Bernoulli unit between 0 and 1 is a probability: judged are samples of it.
        """
        coder, v = self._coder, samples.held_out
        told = {} if coder.is_gaussian else self._pseudo_likelihood(v, UNITS)
        if not self._settings.ais_chains:
            return told
        found = counted(coder) if is_countable(coder) else self._annealed(samples)
        if not coder.is_gaussian:
            v = sampled(v, Draws(self._streams("judged"), *v.shape[1:]))
        log_likelihood = -free_energy(coder, v).mean(1) - found.log_z
        return told | {"log_z": found.log_z, "log_z_error": found.error, "log_likelihood": log_likelihood}

    def _annealed(self, samples: Samples) -> Partition:
        coder, chains = self._coder, self._settings.ais_chains
        _, visible, hidden = coder.weights.shape
        draws = (
            Draws(self._streams("ais hidden"), chains, hidden),
            Draws(self._streams("ais visible"), chains, visible, is_normal=coder.is_gaussian),
        )
        return annealed(coder, samples.train.mean(1, keepdim=True), draws, self._settings.ais_temperatures)


def _units(v: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A random visible unit for each sample of `v` `[trials, samples, visible]`."""
    return torch.randint(v.shape[2], (v.shape[1],), generator=generator, device=generator.device)
