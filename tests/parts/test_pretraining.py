"""What holds for every way of pre-training, found by its catalogue."""

from __future__ import annotations

import pytest
import torch

from dlbench.metrics.names import PRETRAINED
from dlbench.parts.arguments import given
from dlbench.parts.pretraining import PRETRAINING
from dlbench.parts.pretraining.base import Samples
from dlbench.parts.pretraining.coder import Coder

PARTS = [pytest.param(part.name, id=part.name) for part in PRETRAINING]
KINDS = pytest.mark.parametrize("kind", PARTS)
VISIBLE, HIDDEN, BATCH = 12, 6, 20
SEEDS = (3, 8, 5)


def patterns(samples, seed=0):
    """Noisy copies of three patterns of twelve pixels, `[samples, 12]`."""
    generator = torch.Generator().manual_seed(seed)
    prototypes = (torch.rand(3, VISIBLE, generator=torch.Generator().manual_seed(99)) > 0.5).float()
    clean = prototypes[torch.randint(3, (samples,), generator=generator)]
    return (clean - (torch.rand(samples, VISIBLE, generator=generator) < 0.05).float()).abs()


def learned(kind, seeds, steps=150, **arguments):
    """A coder after so many steps on patterns, and its learner; every trial starts from its own seed."""
    weights = [0.01 * torch.randn(VISIBLE, HIDDEN, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    coder = Coder(torch.stack(weights), torch.zeros(len(seeds), 1, VISIBLE), torch.zeros(len(seeds), 1, HIDDEN))

    def streams(purpose):
        return [torch.Generator().manual_seed(1000 * seed + len(purpose)) for seed in seeds]

    learner = PRETRAINING[kind].make(batch_size=BATCH, **arguments).learner(coder, streams)
    x = patterns(BATCH * steps)
    for step in range(steps):
        learner.step(x[step * BATCH : (step + 1) * BATCH].expand(len(seeds), -1, -1), 0.5)
    return coder, learner


def samples(trials):
    """Samples to look at, for every trial the same."""
    return Samples(patterns(80, 1).expand(trials, -1, -1), patterns(90, 2).expand(trials, -1, -1))


def error(coder):
    """The mean squared error of what comes back."""
    v = samples(len(coder.weights)).held_out
    return (coder.decode(coder.encode(v)) - v).square().mean(dim=(1, 2))


@KINDS
def test_it_learns(kind):
    """After 150 steps on three noisy patterns, what comes back of held-out samples has a third of the error of the start."""
    before, after = error(learned(kind, SEEDS, steps=0)[0]), error(learned(kind, SEEDS, lr=0.2)[0])

    assert (after < before / 3).all()


@KINDS
def test_no_trial_notices_its_neighbours(kind):
    """A trial in a stack, its numbers its own, learns what it learns alone, to 1e-6."""
    numbers = {"lr": [0.05, 0.2, 0.1], "weight_cost": [0.0, 0.001, 0.0002]}
    together = learned(kind, SEEDS, 20, **{name: torch.tensor(values) for name, values in numbers.items()})[0]
    for trial, seed in enumerate(SEEDS):
        alone = learned(kind, [seed], 20, **{name: values[trial] for name, values in numbers.items()})[0]
        for name in ("weights", "visible", "hidden"):
            torch.testing.assert_close(getattr(together, name)[trial], getattr(alone, name)[0], rtol=0, atol=1e-6)


@KINDS
def test_measures_are_those_that_are_told(kind):
    """Every measure, on the way and in the end, is one of those that events and reports know, a finite number a trial."""
    coder, learner = learned(kind, SEEDS, 5)
    seen = samples(len(SEEDS))
    before = coder.weights.clone()
    found = learner.measures(seen) | learner.judged(seen)

    assert set(found) <= set(PRETRAINED)
    assert all(values.shape == (len(SEEDS),) and torch.isfinite(values).all() for values in found.values())
    assert torch.equal(coder.weights, before)


@KINDS
def test_looking_disturbs_nothing(kind):
    """Whoever measures between steps changes no bit of what is learned, and measures the same twice."""
    coder, learner = learned(kind, SEEDS, 5)
    first = learner.measures(samples(len(SEEDS)))
    again = learner.measures(samples(len(SEEDS)))
    learner.step(patterns(BATCH).expand(len(SEEDS), -1, -1), 0.9)
    other, undisturbed = learned(kind, SEEDS, 5)
    undisturbed.step(patterns(BATCH).expand(len(SEEDS), -1, -1), 0.9)

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.equal(coder.weights, other.weights)


@KINDS
def test_its_cost_grows_with_the_layer(kind):
    """The estimate of its work is that of a few products."""
    part = PRETRAINING[kind].make(**given({"kind": kind}))

    assert part.flops(100, 50) == pytest.approx(2 * 100 * 50 * 5)
    assert part.flops(200, 50) == 2 * part.flops(100, 50)


def test_log_likelihood_in_the_end():
    """Where AIS is asked for, an RBM that few states make is judged exactly, and learning has made its data more likely."""
    seen = samples(len(SEEDS))
    before, after = (
        learned("rbm", SEEDS, steps, ais_chains=10)[1].judged(seen)["log_likelihood"] for steps in (0, 150)
    )

    assert set(learned("rbm", SEEDS, 0)[1].judged(seen)) == {"pseudo_likelihood"}
    assert (after > before + 1).all()
    torch.testing.assert_close(before, torch.full_like(before, -VISIBLE * 0.6931), rtol=0, atol=0.1)
