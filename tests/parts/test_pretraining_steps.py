"""The steps of pre-training: contrastive divergence against exact expectations, the autoencoder against torch.nn."""

from __future__ import annotations

import pytest
import torch
from machines import HIDDEN, TRIALS, VISIBLE, every, joint, log_z, machine
from torch import nn

from dlbench.parts.pretraining.autoencoder import Autoencoder
from dlbench.parts.pretraining.coder import Coder
from dlbench.parts.pretraining.energy import free_energy
from dlbench.parts.pretraining.momentum import Ascent
from dlbench.parts.pretraining.partition import counted
from dlbench.parts.pretraining.rbm import RBM

DATA = torch.tensor([[1.0, 1, 0, 0, 1], [0, 1, 1, 0, 0], [1, 0, 0, 1, 1], [0, 0, 1, 1, 0]], dtype=torch.float64)
COPIES = 10_000
NOISE = 5 * 0.5 / (4 * COPIES) ** 0.5
"""Five standard errors of a mean over as many numbers between 0 and 1."""


def streams(purpose):
    """A generator a trial, from its beginning."""
    return [torch.Generator().manual_seed(97 * len(purpose) + trial) for trial in range(TRIALS)]


def copied(coder):
    """The same numbers in tensors of their own."""
    return Coder(coder.weights.clone(), coder.visible.clone(), coder.hidden.clone(), coder.is_gaussian)


def update(coder, x, **arguments):
    """What one step with rate 1 and nothing else changes: weights, visible and hidden biases."""
    after = copied(coder)
    part = RBM(lr=1.0, weight_cost=0.0, momentum=0.0, batch_size=x.shape[1], **arguments)
    part.learner(after, streams).step(x, 0.0)
    return after.weights - coder.weights, after.visible - coder.visible, after.hidden - coder.hidden


def statistics(v, h):
    """Means over samples of v h, v and h, with weights of the samples in front where they are given."""
    return v.T @ h / len(v), v.mean(0), h.mean(0)


def assert_like(found, expected, trial, tolerance):
    """Weights and biases of a trial near what is expected."""
    for own, exact in zip(found, expected, strict=True):
        torch.testing.assert_close(own[trial].squeeze(0), exact, rtol=0, atol=tolerance)


def gibbs(coder, trial, k):
    """The distribution over visible states after k steps up and down from each of `DATA`, one a row."""
    v, h, p = joint(coder, trial)
    up, down = p / p.sum(1, keepdim=True), (p / p.sum(0)).T
    rows = [int(torch.nonzero((v == seen).all(1))) for seen in DATA]
    return torch.matrix_power(up @ down, k)[rows], v, p @ h / p.sum(1, keepdim=True)


@pytest.mark.parametrize("k", [1, 3])
def test_the_expected_update_of_cd_k(k):
    """With sampled visible units, the mean update is <v h> of the data less <v h> after k exact Gibbs steps, to five errors."""
    coder = machine()
    found = update(coder, DATA.repeat(COPIES, 1).expand(TRIALS, -1, -1), k=k, sample_visible=True)
    for trial in range(TRIALS):
        after, v, up = gibbs(coder, trial, k)
        weight = after.mean(0)
        model = (v * weight.unsqueeze(1)).T @ up, weight @ v, weight @ up
        data = statistics(DATA, coder.encode(DATA.expand(TRIALS, -1, -1))[trial])

        assert_like(found, [a - b for a, b in zip(data, model, strict=True)], trial, NOISE)


def test_the_expected_update_with_means_on_the_way_down():
    """As the practical guide has it, visible units take their means: the mean update is a sum over hidden states, to five errors."""
    coder = machine()
    found = update(coder, DATA.repeat(COPIES, 1).expand(TRIALS, -1, -1))
    h = every(HIDDEN)
    back = coder.decode(h.expand(TRIALS, -1, -1))
    for trial in range(TRIALS):
        up = coder.encode(DATA.expand(TRIALS, -1, -1))[trial]
        weight = torch.stack([(h * p + (1 - h) * (1 - p)).prod(1) for p in up]).mean(0)
        v, again = back[trial], coder.encode(back)[trial]
        model = (v * weight.unsqueeze(1)).T @ again, weight @ v, weight @ again

        assert_like(found, [a - b for a, b in zip(statistics(DATA, up), model, strict=True)], trial, NOISE)


def exact_gradient(coder, trial):
    """The gradient of the mean log-likelihood of `DATA`: expectations under the data less those under the model."""
    v, h, p = joint(coder, trial)
    model = v.T @ p @ h, p.sum(1) @ v, p.sum(0) @ h
    data = statistics(DATA, coder.encode(DATA.expand(TRIALS, -1, -1))[trial])
    return [a - b for a, b in zip(data, model, strict=True)]


def test_many_steps_are_maximum_likelihood():
    """CD-25 goes along the exact gradient of the log-likelihood, to five standard errors."""
    coder = machine()
    found = update(coder, DATA.repeat(COPIES // 4, 1).expand(TRIALS, -1, -1), k=25, sample_visible=True)
    for trial in range(TRIALS):
        assert_like(found, exact_gradient(coder, trial), trial, 2 * NOISE)


def test_the_gradient_of_the_log_likelihood():
    """Finite differences of -F(v) - log Z agree with expectations under data and model, to 1e-6."""
    coder, step = machine(), 1e-5

    def likelihood(changed):
        return -free_energy(changed, DATA.expand(TRIALS, -1, -1)).mean(1) - counted(changed).log_z

    def slope(name, index):
        up, down = copied(coder), copied(coder)
        getattr(up, name)[(slice(None), *index)] += step
        getattr(down, name)[(slice(None), *index)] -= step
        return (likelihood(up) - likelihood(down)) / (2 * step)

    for trial in range(TRIALS):
        weights, visible, hidden = exact_gradient(coder, trial)
        assert float(slope("weights", (2, 3))[trial]) == pytest.approx(float(weights[2, 3]), abs=1e-6)
        assert float(slope("visible", (0, 4))[trial]) == pytest.approx(float(visible[4]), abs=1e-6)
        assert float(slope("hidden", (0, 1))[trial]) == pytest.approx(float(hidden[1]), abs=1e-6)
        torch.testing.assert_close(counted(coder).log_z[trial], log_z(coder, trial))


def test_persistent_chains_forget_the_data():
    """Weights all but held still, the mean of 200 persistent steps is the exact gradient within 0.03, and that of CD-1 is not."""
    coder, lr = machine(), 1e-9
    x = DATA.repeat(100, 1).expand(TRIALS, -1, -1)
    error = {}
    for is_persistent in (True, False):
        moved = copied(coder)
        part = RBM(lr=lr, weight_cost=0.0, batch_size=400, persistent=is_persistent, sample_visible=True)
        learner = part.learner(moved, streams)
        for _ in range(200):
            learner.step(x, 0.0)
        slope = (moved.weights - coder.weights) / (200 * lr)
        exact = torch.stack([exact_gradient(coder, trial)[0] for trial in range(TRIALS)])
        error[is_persistent] = float((slope - exact).abs().max())

    assert error[True] < 0.03
    assert error[False] > 0.05


def test_a_smaller_batch_leaves_the_chains_whole():
    """Persistent chains are as many as the first batch had samples, whatever the last batch of an epoch has."""
    coder = machine()
    learner = RBM(batch_size=4, persistent=True).learner(coder, streams)
    x = DATA.expand(TRIALS, -1, -1)
    for batch in (x, x[:, :3], x):
        learner.step(batch, 0.5)

    assert torch.isfinite(coder.weights).all()


@pytest.mark.parametrize("has_momentum", [True, False])
def test_momentum_and_weight_cost(has_momentum):
    """Ten steps along given gradients are those of u <- m u + g - lr cost W, W <- W + u, for rates that differ by trial."""
    coder = machine()
    W, b, c = coder.weights.clone(), coder.visible.clone(), coder.hidden.clone()
    lr, cost = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.0, 0.5, 0.01])
    ascent = Ascent(coder, lr=lr, weight_cost=cost, has_momentum=has_momentum)
    u = [torch.zeros_like(one) for one in (W, b, c)]
    generator = torch.Generator().manual_seed(3)
    shrink = (lr * cost).double().view(-1, 1, 1)
    for step in range(10):
        m = (0.5 if step < 5 else 0.9) * has_momentum
        x, y, visible, hidden = (
            torch.randn(TRIALS, *size, generator=generator, dtype=torch.float64)
            for size in ((6, VISIBLE), (6, HIDDEN), (1, VISIBLE), (1, HIDDEN))
        )
        ascent.step(m, [(x, y), (x, y.square())], visible, hidden)
        gradients = x.mT @ (y + y.square()) - shrink * W, visible, hidden
        u = [m * old + new for old, new in zip(u, gradients, strict=True)]
        W, b, c = W + u[0], b + u[1], c + u[2]

    for own, exact in zip((coder.weights, coder.visible, coder.hidden), (W, b, c), strict=True):
        torch.testing.assert_close(own, exact, rtol=1e-6, atol=1e-6)


def test_sparsity_draws_units_to_their_target():
    """A step with sparsity is the step without, less lr cost (q - target) for biases, and times <v> for weights, to 1e-12."""
    coder, x = machine(), DATA.expand(TRIALS, -1, -1)
    plain = update(coder, x)
    sparse = update(coder, x, sparsity_target=0.2, sparsity_cost=0.7)
    push = 0.7 * (coder.encode(x).mean(1, keepdim=True) - 0.2)

    torch.testing.assert_close(sparse[2], plain[2] - push, rtol=0, atol=1e-12)
    torch.testing.assert_close(sparse[0], plain[0] - x.mean(1).unsqueeze(2) * push, rtol=0, atol=1e-12)
    torch.testing.assert_close(sparse[1], plain[1], rtol=0, atol=1e-12)


class Tied(nn.Module):
    """An autoencoder as anybody writes it in torch.nn, the decoder's weights those of the encoder transposed."""

    def __init__(self, coder, trial):
        super().__init__()
        self.encoder = nn.Linear(VISIBLE, HIDDEN, dtype=torch.float64)
        self.decoder_bias = nn.Parameter(coder.visible[trial, 0].clone())
        self.is_gaussian = coder.is_gaussian
        with torch.no_grad():
            self.encoder.weight.copy_(coder.weights[trial].T)
            self.encoder.bias.copy_(coder.hidden[trial, 0])

    def loss(self, x):
        out = nn.functional.linear(torch.sigmoid(self.encoder(x)), self.encoder.weight.T, self.decoder_bias)
        if self.is_gaussian:
            return nn.functional.mse_loss(out, x, reduction="sum") / 2 / len(x)
        return nn.functional.binary_cross_entropy_with_logits(out, x, reduction="sum") / len(x)


@pytest.mark.parametrize("gaussian", [False, True])
def test_an_autoencoder_is_torch_s_own(gaussian):
    """After 1 and after 20 steps of SGD with momentum it has the weights, biases and loss of torch.nn's, to 1e-10."""
    coder = machine(gaussian=gaussian)
    theirs = [Tied(coder, trial) for trial in range(TRIALS)]
    optimizers = [torch.optim.SGD(one.parameters(), lr=0.05, momentum=0.9) for one in theirs]
    learner = Autoencoder(lr=0.05, weight_cost=0.0).learner(coder, streams)
    for step in range(20):
        x = torch.rand(TRIALS, 6, VISIBLE, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        samples = type("Samples", (), {"train": x, "held_out": x})
        for trial, (net, optimizer) in enumerate(zip(theirs, optimizers, strict=True)):
            loss = net.loss(x[trial])
            assert float(learner.measures(samples)["reconstruction_loss"][trial]) == pytest.approx(
                loss.item(), abs=1e-10
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        learner.step(x, 0.9)
        if step in {0, 19}:
            for trial, net in enumerate(theirs):
                assert_like(
                    (coder.weights, coder.visible, coder.hidden),
                    [net.encoder.weight.detach().T, net.decoder_bias.detach(), net.encoder.bias.detach()],
                    trial,
                    1e-10,
                )
