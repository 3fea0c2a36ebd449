"""RBMs against sums over all of their states, numeric integrals, finite differences, and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from machines import HIDDEN, TRIALS, VISIBLE, energies, every, joint, log_z, machine
from sklearn.neural_network import BernoulliRBM

from dlbench.parts.pretraining.coder import Coder, decoded, encoded
from dlbench.parts.pretraining.draws import Draws, sampled
from dlbench.parts.pretraining.energy import free_energy, pseudo_likelihood
from dlbench.parts.pretraining.partition import COUNTABLE, annealed, counted, is_countable

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def draws(rows, units, *, seed=0, normal=False):
    """Random numbers for every trial of a small stack."""
    return Draws(
        [torch.Generator().manual_seed(10 * seed + trial) for trial in range(TRIALS)], rows, units, is_normal=normal
    )


def of_all(v):
    """The same samples for every trial."""
    return v.expand(TRIALS, *v.shape)


@pytest.mark.parametrize("gaussian", [False, True])
def test_free_energy_is_the_sum_over_hidden_states(gaussian):
    """F(v) = -log of the sum of exp(-E(v, h)) over all h, to 1e-10, for 0/1 and for real visible units."""
    coder = machine(gaussian=gaussian)
    v = torch.randn(7, VISIBLE, dtype=torch.float64) if gaussian else every(VISIBLE)
    expected = [-torch.logsumexp(-energies(coder, trial, v, every(HIDDEN)), 1) for trial in range(TRIALS)]

    torch.testing.assert_close(free_energy(coder, of_all(v)), torch.stack(expected), **EXACT)


def test_up_and_down_are_the_conditionals():
    """P(h | v) and P(v | h) are those of the joint distribution, to 1e-10."""
    coder = machine()
    for trial in range(TRIALS):
        v, h, p = joint(coder, trial)

        torch.testing.assert_close(coder.encode(of_all(v))[trial], (p / p.sum(1, keepdim=True)) @ h, **EXACT)
        torch.testing.assert_close(coder.decode(of_all(h))[trial], (p / p.sum(0)).T @ v, **EXACT)


def test_a_gaussian_unit_has_the_mean_of_its_integral():
    """For Gaussian units exp(-E(v, h)), integrated numerically, is normal around b + W h with variance 1, to 1e-6."""
    coder = machine(visible=1, gaussian=True)
    grid = torch.linspace(-12, 12, 961, dtype=torch.float64)
    density = torch.exp(-energies(coder, 0, grid.unsqueeze(1), every(HIDDEN)))
    mass = torch.trapezoid(density, grid, dim=0)
    mean = torch.trapezoid(density * grid.unsqueeze(1), grid, dim=0) / mass
    variance = torch.trapezoid(density * (grid.unsqueeze(1) - mean) ** 2, grid, dim=0) / mass

    torch.testing.assert_close(coder.decode(of_all(every(HIDDEN)))[0, :, 0], mean, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(variance, torch.ones_like(variance), rtol=1e-6, atol=1e-6)
    # Z as well: the free energy integrated over v.
    z = torch.trapezoid(torch.exp(-free_energy(coder, of_all(grid.unsqueeze(1)))[0]), grid)
    torch.testing.assert_close(counted(coder).log_z[0], z.log(), rtol=1e-6, atol=1e-6)


def test_pseudo_likelihood_is_expected_over_random_units():
    """Averaged over every choice of unit, it is the sum over units of log P(v_i | the others) by the joint, to 1e-10."""
    coder = machine()
    v = every(VISIBLE)
    found = [
        pseudo_likelihood(coder, of_all(v), [torch.full((TRIALS, len(v)), unit, dtype=torch.int64)])
        for unit in range(VISIBLE)
    ]
    for trial in range(TRIALS):
        p = joint(coder, trial)[2].sum(1)
        index = {tuple(state.tolist()): row for row, state in enumerate(v)}
        exact = 0.0
        for row, state in enumerate(v):
            for unit in range(VISIBLE):
                other = state.clone()
                other[unit] = 1 - other[unit]
                exact += math.log(p[row] / (p[row] + p[index[tuple(other.tolist())]])) / len(v)

        assert float(torch.stack(found).mean(0)[trial]) == pytest.approx(exact, abs=1e-10)


def test_a_grey_unit_is_a_mean_over_black_and_white():
    """Of a unit between 0 and 1, the pseudo-likelihood is the mean of those for 0 and for 1 with its value as weight."""
    coder, share = machine(), 0.3
    grey, dark, light = (
        torch.tensor([[value, 1.0, 0.0, 1.0, 1.0]], dtype=torch.float64) for value in (share, 0.0, 1.0)
    )
    first = torch.zeros(TRIALS, 1, dtype=torch.int64)
    mixed, off, on = (pseudo_likelihood(coder, of_all(v), [first]) for v in (grey, dark, light))

    torch.testing.assert_close(mixed, share * on + (1 - share) * off, **EXACT)


def test_as_scikit_learn_has_it():
    """BernoulliRBM with our weights has the same hidden probabilities, free-energy differences and scores, to 1e-6."""
    coder = machine()
    theirs = BernoulliRBM(n_components=HIDDEN, random_state=0)
    theirs.components_ = coder.weights[1].T.numpy()
    theirs.intercept_visible_, theirs.intercept_hidden_ = coder.visible[1, 0].numpy(), coder.hidden[1, 0].numpy()
    theirs.random_state_ = np.random.RandomState(0)
    v = every(VISIBLE).numpy()
    units = np.random.RandomState(5).randint(0, VISIBLE, len(v))
    scored = theirs.__class__(n_components=HIDDEN, random_state=np.random.RandomState(5))
    scored.__dict__ |= {key: value for key, value in theirs.__dict__.items() if key != "random_state"}

    ours = free_energy(coder, of_all(every(VISIBLE)))[1].numpy()
    free = theirs._free_energy(v)
    np.testing.assert_allclose(coder.encode(of_all(every(VISIBLE)))[1].numpy(), theirs.transform(v), atol=1e-6)
    np.testing.assert_allclose(ours - ours[0], free - free[0], atol=1e-6)
    score = pseudo_likelihood(coder, of_all(every(VISIBLE)), [torch.from_numpy(units).expand(TRIALS, -1)])[1]
    assert float(score) == pytest.approx(scored.score_samples(v).mean(), abs=1e-6)


@pytest.mark.parametrize(("visible", "hidden"), [(5, 4), (4, 6)])
def test_log_z_is_counted_out(visible, hidden):
    """The sum over the smaller side is that over all states of both, to 1e-10, and has no error."""
    coder = machine(visible=visible, hidden=hidden)
    found = counted(coder)

    torch.testing.assert_close(found.log_z, torch.stack([log_z(coder, trial) for trial in range(TRIALS)]), **EXACT)
    assert found.error.tolist() == [0.0] * TRIALS
    assert is_countable(coder)
    assert not is_countable(machine(visible=COUNTABLE + 1, hidden=COUNTABLE + 1))


@pytest.mark.parametrize("gaussian", [False, True])
def test_annealing_finds_log_z_within_its_error(gaussian):
    """AIS with 500 chains lies within four of its standard errors of the exact log Z, and these are below 0.2."""
    coder = machine(3, visible=12, hidden=8, gaussian=gaussian)
    means = torch.full((TRIALS, 1, 12), 0.4, dtype=torch.float64)
    pair = draws(500, 8, seed=1), draws(500, 12, seed=2, normal=gaussian)
    found, exact = annealed(coder, means, pair, 300), counted(coder).log_z

    assert (found.error < 0.2).all()
    assert ((found.log_z - exact).abs() < 4 * found.error).all()


def test_the_base_rate_model_has_no_error():
    """A machine without weights whose visible biases are the base's is the base itself: AIS is exact for it, to 1e-9."""
    means = torch.rand(TRIALS, 1, 6, dtype=torch.float64) * 0.8 + 0.1
    nothing = torch.zeros(TRIALS, 6, 4, dtype=torch.float64)
    coder = Coder(nothing, torch.logit(means), torch.zeros(TRIALS, 1, 4, dtype=torch.float64))
    found = annealed(coder, means, (draws(10, 4), draws(10, 6)), 7)

    torch.testing.assert_close(found.log_z, counted(coder).log_z, rtol=0, atol=1e-9)
    assert (found.error < 1e-9).all()


def test_a_chain_of_coders_goes_up_and_down():
    """Up the chain each coder sees the probabilities of the one below; down it goes back through the same ones."""
    low, high = machine(1), machine(2, visible=HIDDEN, hidden=3)
    v = of_all(every(VISIBLE))
    up = high.encode(low.encode(v))

    assert torch.equal(encoded([low, high], v), up)
    assert torch.equal(decoded([low, high], up), low.decode(high.decode(up)))
    assert torch.equal(encoded([], v), v)


@pytest.mark.parametrize("rows", [1, 3])
def test_draws_are_a_trial_s_own(rows):
    """What a trial draws does not depend on its company, and neither on how many rows of a block are taken."""
    together, alone = draws(4, 3), Draws([torch.Generator().manual_seed(1)], 4, 3)
    for _ in range(5):
        assert torch.equal(together.take(rows)[1:2], alone.take()[:, :rows])


def test_draws_meet_their_probabilities():
    """Over 400,000 draws each, units are on as often as their probability says, within five standard errors; 0 and 1 exactly."""
    p = torch.tensor([0.0, 1e-3, 0.5, 0.9, 1.0]).expand(TRIALS, 1000, 5)
    pool = draws(1000, 5)
    share = torch.stack([sampled(p, pool) for _ in range(400)]).mean(dim=(0, 1, 2))
    bound = 5 * (p[0, 0] * (1 - p[0, 0]) / (400 * 1000 * TRIALS)).sqrt()

    assert ((share - p[0, 0]).abs() <= bound).all()


def test_normal_draws_are_normal():
    """Noise around a mean has that mean and variance 1, within five standard errors of 360,000 draws."""
    pool = draws(100, 4, normal=True)
    means = torch.full((TRIALS, 100, 4), 2.0)
    x = torch.stack([sampled(means, pool, is_gaussian=True) for _ in range(300)])

    assert abs(float(x.mean()) - 2) < 5 / 600
    assert abs(float(x.var()) - 1) < 5 * 2**0.5 / 600
