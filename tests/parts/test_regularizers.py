"""Regularizers against autograd, torch.nn.utils and torch.renorm."""

import pytest
import torch
from part_examples import example, shipped

from dlbench.parts.optimizers import update
from dlbench.parts.regularizers import REGULARIZERS, apply, clips, is_after_step
from dlbench.parts.rows import Rows, lay_out

SLOTS = lay_out(
    [
        ("dense1.weight", (4, 7), False, 4),
        ("dense1.bias", (1, 7), True, 4),
        ("conv1.weight", (3, 2, 3, 3), False, 18),
        ("conv1.bias", (3,), True, 18),
    ]
)
PARAMETERS = SLOTS[-1].stop
DENSE, DENSE_BIAS, CONV, CONV_BIAS = SLOTS


def random(seed, scale=1.0):
    """Standard normal numbers for three trials, times scale."""
    return scale * torch.randn(3, PARAMETERS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def make_rows():
    """Three trials with weights larger than their gradients."""
    return Rows(random(0, 2.0), random(1), {}, SLOTS, trials=3)


def penalty_gradient(weights, penalty):
    """The gradient that autograd finds for a penalty on the weights alone."""
    leaf = weights.clone().requires_grad_()
    total = sum(penalty(slot.of(leaf)) for slot in SLOTS if not slot.is_bias)
    return torch.autograd.grad(total, leaf)[0]


def by_autograd(penalty):
    """The oracle of a penalty that is added to the loss."""

    def expected(weights, gradient, strength=0.001):
        return weights, gradient + penalty_gradient(weights, lambda w: strength * penalty(w))

    return expected


def max_norm(weights, gradient, norm=3.0):
    """torch.renorm over the units: columns of a matrix, output channels of a kernel."""
    short = weights.clone()
    for row in short:
        dense, conv = DENSE.of(row[None])[0], CONV.of(row[None])[0]
        dense.copy_(torch.renorm(dense, p=2, dim=1, maxnorm=norm))
        conv.copy_(torch.renorm(conv, p=2, dim=0, maxnorm=norm))
    return short, gradient


def by_torch(clip):
    """The oracle of a clipping, by torch.nn.utils on each trial alone."""

    def expected(weights, gradient, norm=1.0, value=None):
        clipped = []
        for row in gradient:
            parameter = torch.nn.Parameter(torch.zeros_like(row))
            parameter.grad = row.clone()
            clip([parameter], value or norm)
            clipped.append(parameter.grad)
        return weights, torch.stack(clipped)

    return expected


ORACLES = {
    "l2": by_autograd(lambda w: w.square().sum()),
    "l1": by_autograd(lambda w: w.abs().sum()),
    "max_norm": max_norm,
    "clip_norm": by_torch(torch.nn.utils.clip_grad_norm_),
    "clip_value": by_torch(torch.nn.utils.clip_grad_value_),
}
"""What weights and gradient must become, called as `oracle(weights, gradient, **arguments)`."""

CASES = [example("regularizers", name) for name in shipped(REGULARIZERS)] + [
    {"kind": "l2", "strength": 0.3},
    {"kind": "l1", "strength": 0.3},
    {"kind": "max_norm", "norm": 0.5},
    {"kind": "clip_norm", "norm": 9.0},
    {"kind": "clip_value", "value": 0.2},
]


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_result_is_that_of_the_oracle(settings):
    """Every regularizer makes of weights and gradient what autograd or torch's own function makes of them."""
    rows = make_rows()
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    weights, gradient = ORACLES[settings["kind"]](rows.weights.clone(), rows.gradient.clone(), **arguments)
    apply(settings, rows)
    # torch's clip_grad_norm_ divides by the norm plus 1e-6, renorm by the norm plus 1e-7.
    torch.testing.assert_close(rows.weights, weights, rtol=2e-6, atol=1e-12)
    torch.testing.assert_close(rows.gradient, gradient, rtol=2e-6, atol=1e-12)


@pytest.mark.parametrize("name", REGULARIZERS.names)
def test_only_what_the_trait_says_is_changed(name):
    """A regularizer before the step changes the gradient alone, one after the step the weights alone."""
    rows = make_rows()
    weights, gradient = rows.weights.clone(), rows.gradient.clone()
    settings = example("regularizers", name)
    apply(settings, rows)
    after = is_after_step(settings)
    assert torch.equal(rows.weights, weights) == (not after)
    assert torch.equal(rows.gradient, gradient) == after


@pytest.mark.parametrize("name", REGULARIZERS.names)
def test_a_broken_trial_breaks_no_other(name):
    """A trial of NaN, or of infinite numbers, changes no bit of its neighbour."""
    alone, beside = make_rows(), make_rows()
    for tensor in (beside.weights, beside.gradient):
        tensor[1], tensor[2] = torch.nan, torch.inf
    settings = example("regularizers", name)
    apply(settings, alone)
    apply(settings, beside)
    assert torch.equal(alone.weights[0], beside.weights[0])
    assert torch.equal(alone.gradient[0], beside.gradient[0])


@pytest.mark.parametrize("name", ["l2", "l1", "max_norm"])
def test_biases_are_left_alone(name):
    """A penalty on weights leaves biases and their gradients as they are, bit for bit."""
    rows, before = make_rows(), make_rows()
    apply({"kind": name}, rows)
    for slot in (DENSE_BIAS, CONV_BIAS):
        assert torch.equal(slot.of(rows.weights), slot.of(before.weights))
        assert torch.equal(slot.of(rows.gradient), slot.of(before.gradient))


def test_l2_is_weight_decay_of_twice_its_strength():
    """One step of sgd under the lecture's l2 moves the weights as weight_decay = 2 strength does, to rounding."""
    by_l2, by_decay = make_rows(), make_rows()
    apply({"kind": "l2", "strength": 0.05}, by_l2)
    update({"kind": "sgd", "lr": 0.1, "weight_decay": 0.0}, by_l2, 1.0)
    update({"kind": "sgd", "lr": 0.1, "weight_decay": 0.1}, by_decay, 1.0)
    for slot in (DENSE, CONV):
        torch.testing.assert_close(slot.of(by_l2.weights), slot.of(by_decay.weights), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["max_norm", "clip_norm"])
def test_short_vectors_are_left_alone(name):
    """What is shorter than the norm, or 0, keeps every bit."""
    rows = make_rows()
    rows.weights[0], rows.gradient[0] = 0.0, 0.0
    weights, gradient = rows.weights.clone(), rows.gradient.clone()
    apply({"kind": name, "norm": 1e3}, rows)
    assert torch.equal(rows.weights, weights)
    assert torch.equal(rows.gradient, gradient)


def test_clip_norm_is_each_trials_own():
    """A long gradient is shortened to the norm while a short one beside it is left alone."""
    rows = make_rows()
    rows.gradient[1] *= 1e-4
    apply({"kind": "clip_norm", "norm": 1.0}, rows)
    lengths = rows.gradient.norm(dim=1).tolist()
    assert lengths[0] == pytest.approx(1.0, rel=1e-12)
    assert lengths[1] == pytest.approx(random(1)[1].norm().item() * 1e-4, rel=1e-12)


@pytest.mark.parametrize("name", REGULARIZERS.names)
def test_who_clips_says_which_trials_it_has_cut(name):
    """A regularizer that clips returns for each trial whether any bit of its gradient changed; others return nothing."""
    rows = make_rows()
    rows.gradient[1] *= 1e-6
    rows.gradient[2, :3] = torch.tensor([torch.nan, 0.0, 0.0])
    before = rows.gradient.clone()
    settings = example("regularizers", name)
    found = apply(settings, rows)
    if not clips(settings):
        assert found is None
        return
    changed = [not torch.equal(old, new) for old, new in zip(before[:2], rows.gradient[:2], strict=True)]
    assert changed == [True, False]
    assert found.tolist() == [*changed, False]  # what is no number is not shortened


@pytest.mark.parametrize(
    "settings", [{"kind": "clip_norm", "norm": 3.0}, {"kind": "clip_value", "value": 3.0}], ids=str
)
def test_a_gradient_at_the_very_bound_is_not_cut(settings):
    """A gradient as long, or as large, as is allowed keeps every bit, and does not count."""
    rows = make_rows()
    rows.gradient.zero_()
    rows.gradient[0, 5], rows.gradient[1, 5], rows.gradient[2, 5] = -3.0, 3.0, 3.0000001
    assert apply(settings, rows).tolist() == [False, False, True]
    assert rows.gradient[:2, 5].tolist() == [-3.0, 3.0]
