"""Optimizers against torch.optim's own classes, each other, and the promise that trials do not notice each other."""

import math
import subprocess
import sys

import pytest
import torch
from part_examples import example, shipped

from dlbench.parts.optimizers import OPTIMIZERS, update
from dlbench.parts.optimizers.muon import lr_ratio, orthogonalized
from dlbench.parts.rows import Rows, lay_out

SLOTS = lay_out(
    [
        ("dense1.weight", (4, 7), False, 4),
        ("dense1.bias", (1, 7), True, 4),
        ("dense2.weight", (7, 3), False, 7),
        ("dense2.bias", (1, 3), True, 7),
    ]
)
PARAMETERS = SLOTS[-1].stop
STEPS = 50


def betas(beta1=0.9, beta2=0.999, **rest):
    """torch takes both betas as a pair."""
    return {"betas": (beta1, beta2), **rest}


class TorchMuon:
    """torch's Muon for the matrices and its AdamW for the rest; torch's matrices are [out, in]."""

    def __init__(self, parameters, *, lr=0.001, weight_decay=0.1, newton_schulz_steps=5, adjust_lr="original", **rest):
        matrices, others = parameters[::2], parameters[1::2]
        self.parts = [
            torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, ns_steps=newton_schulz_steps,
                             adjust_lr_fn=adjust_lr, **rest),
            torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay),
        ]  # fmt: skip

    def step(self):
        for part in self.parts:
            part.step()


ORACLES = {
    "sgd": lambda p, lr=0.1, **k: torch.optim.SGD(p, lr=lr, **k),
    "momentum": lambda p, lr=0.1, momentum=0.9, **k: torch.optim.SGD(p, lr=lr, momentum=momentum, **k),
    "nesterov": lambda p, lr=0.1, momentum=0.9, **k: torch.optim.SGD(p, lr=lr, momentum=momentum, nesterov=True, **k),
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
    "adam": lambda p, **k: torch.optim.Adam(p, **betas(**k)),
    "adamw": lambda p, **k: torch.optim.AdamW(p, **betas(**k)),
    "nadam": lambda p, **k: torch.optim.NAdam(p, **betas(**k)),
    "radam": lambda p, **k: torch.optim.RAdam(p, **betas(**k)),
    "adamax": lambda p, **k: torch.optim.Adamax(p, **betas(**k)),
    "muon": TorchMuon,
}
"""What each optimizer must agree with, called as `oracle(parameters, **arguments)`; left out, arguments are torch's."""

BETAS = {"beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.1}
OTHERS = {
    "sgd": {"lr": 0.03, "weight_decay": 0.1},
    "momentum": {"lr": 0.03, "momentum": 0.5, "weight_decay": 0.1},
    "nesterov": {"lr": 0.03, "momentum": 0.5, "weight_decay": 0.1},
    "adagrad": {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-3, "weight_decay": 0.1},
    "adadelta": {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    "rmsprop": {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "momentum": 0.5, "centered": True, "weight_decay": 0.1},
    "adam": {"lr": 0.02, **BETAS},
    "adamw": {"lr": 0.02, **BETAS},
    "nadam": {"lr": 0.02, "momentum_decay": 0.1, **BETAS},
    "radam": {"lr": 0.02, **BETAS},
    "adamax": {"lr": 0.02, **BETAS},
    "muon": {"lr": 0.02, "momentum": 0.8, "nesterov": False, "newton_schulz_steps": 4, "adjust_lr": "match_rms_adamw",
             "weight_decay": 0.3},
}  # fmt: skip
"""Every argument of every optimizer, away from its default."""

CASES = [(name, case) for name in OPTIMIZERS.names for case in ({}, OTHERS.get(name, {}))]


def resolved(name, **given):
    """Settings as the engine gets them, every default filled in."""
    return example("optimizers", name, **given)


def random(*shape, seed=0, dtype=torch.float32):
    """Standard normal numbers, the same for every type but for their rounding."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def slope(weights, step):
    """A gradient that depends on the weights, so that an error would feed back, and on the step."""
    return 0.3 * weights + random(*weights.shape, seed=step, dtype=weights.dtype)


def train(settings, weights, *, steps=range(1, STEPS + 1), states=None, gradient=slope, lr_factor=1.0):
    """Train rows in one group; returns what they remember."""
    states = {} if states is None else states
    rows = Rows(weights, torch.empty_like(weights), states, SLOTS, trials=len(weights))
    for step in steps:
        rows.step = step
        rows.gradient = gradient(weights, step)
        update(settings, rows, lr_factor)
    return states


@pytest.mark.parametrize("name", shipped(OPTIMIZERS))
def test_every_optimizer_has_an_oracle_and_a_case_for_each_argument(name):
    """No optimizer of dlbench's own, and no argument of one, is in the catalogue without being compared with torch."""
    assert name in ORACLES
    assert set(OTHERS[name]) == set(OPTIMIZERS[name].arguments)
    defaults = resolved(name)
    assert all(defaults[key] != value for key, value in OTHERS[name].items())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize(("name", "arguments"), [case for case in CASES if case[0] in ORACLES], ids=str)
def test_fifty_steps_are_those_of_torch(name, arguments, dtype):
    """Fifty steps on three trials end where torch.optim ends with each weight of each trial as a parameter of its own.

    To 1e-10 in float64, to 2e-5 in float32. torch's Muon computes in bfloat16 with 8 bits, so that one update is known to
    2^-8 of itself: its weights may differ by fifty of these.
    """
    if name == "muon" and not hasattr(torch.optim, "Muon"):
        pytest.skip("this torch has no Muon to compare with")
    weights = random(3, PARAMETERS, dtype=dtype)
    trials = [[torch.nn.Parameter(slot.of(row[None])[0].T.clone()) for slot in SLOTS] for row in weights.clone()]
    optimizers = [ORACLES[name](trial, **arguments) for trial in trials]
    for step in range(1, STEPS + 1):
        flat = torch.stack([torch.cat([p.detach().T.reshape(-1) for p in trial]) for trial in trials])
        for trial, gradient, optimizer in zip(trials, slope(flat, step), optimizers, strict=True):
            for parameter, slot in zip(trial, SLOTS, strict=True):
                parameter.grad = slot.of(gradient[None])[0].T.clone()
            optimizer.step()
    flat = torch.stack([torch.cat([p.detach().T.reshape(-1) for p in trial]) for trial in trials])
    train(resolved(name, **arguments), weights)
    tolerance = 1e-10 if dtype == torch.float64 else 2e-5
    if name == "muon":
        tolerance = STEPS * resolved(name, **arguments)["lr"] * 2**-8
    torch.testing.assert_close(weights, flat, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("columns", "tolerance"), [(64, 0), (PARAMETERS, 1e-5)])
@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_a_group_is_indifferent_to_the_stack_around_it(name, arguments, columns, tolerance):
    """Rows trained in groups of a larger buffer are the rows trained all at once.

    They are so bit for bit where a row fills whole vectors of the processor, and to rounding where the kernels compute the
    odd numbers at the end of a group one by one.
    """
    settings = resolved(name, **arguments)
    whole, parted = random(7, columns), random(7, columns)
    train(settings, whole)
    states = {}
    groups = [(0, 2), (2, 3), (3, 7)]
    rows = [Rows(parted[a:b], parted[a:b], states, SLOTS, trials=7, first=a) for a, b in groups]
    for step in range(1, STEPS + 1):
        gradient = slope(parted, step)
        for group, (a, b) in zip(rows, groups, strict=True):
            group.step = step
            group.gradient = gradient[a:b]
            update(settings, group, 1.0)
    torch.testing.assert_close(whole, parted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", OPTIMIZERS.names)
def test_a_broken_trial_breaks_no_other(name):
    """A trial whose gradient is NaN or infinite changes no bit of its neighbours, even inside one group."""
    healthy, beside = random(4, PARAMETERS), random(4, PARAMETERS)

    def poisoned(weights, step):
        gradient = slope(weights, step)
        gradient[1], gradient[2] = torch.nan, torch.inf
        return gradient

    train(resolved(name), healthy, steps=range(1, 11))
    train(resolved(name), beside, steps=range(1, 11), gradient=poisoned)
    assert torch.equal(healthy[[0, 3]], beside[[0, 3]])
    assert not beside[1].isfinite().any()


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_what_is_remembered_is_all_that_is_needed(name, arguments):
    """Training that is saved and taken up again, each trial in a group of its own, ends bit for bit where it would have."""
    settings = resolved(name, **arguments)
    straight, resumed = random(2, 64), random(2, 64)
    train(settings, straight)
    states = train(settings, resumed, steps=range(1, 21))
    saved = {key: tensor.clone() for key, tensor in states.items()}
    assert all(len(tensor) == 2 for tensor in saved.values())
    for first in range(2):
        own = resumed[first : first + 1]
        rows = Rows(own, own, saved, SLOTS, trials=2, first=first)
        for step in range(21, STEPS + 1):
            rows.step, rows.gradient = step, slope(resumed, step)[first : first + 1]
            update(settings, rows, 1.0)
    assert torch.equal(straight, resumed)


@pytest.mark.parametrize("name", OPTIMIZERS.names)
def test_the_schedule_scales_the_learning_rate(name):
    """A factor of a half on the learning rate is half the learning rate."""
    by_factor, by_rate = random(2, PARAMETERS), random(2, PARAMETERS)
    train(resolved(name, lr=0.5), by_factor, steps=range(1, 6), lr_factor=0.5)
    train(resolved(name, lr=0.25), by_rate, steps=range(1, 6))
    assert torch.equal(by_factor, by_rate)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_without_momentum_it_is_sgd(name):
    """Momentum 0 is gradient descent, bit for bit, and remembers nothing."""
    kin, sgd = random(3, PARAMETERS), random(3, PARAMETERS)
    assert train(resolved(name, lr=0.1, momentum=0.0), kin) == {}
    train(resolved("sgd", lr=0.1), sgd)
    assert torch.equal(kin, sgd)


def test_without_weight_decay_adamw_is_adam():
    """The two differ in their weight decay and nowhere else, bit for bit."""
    kin, adam = random(3, PARAMETERS), random(3, PARAMETERS)
    train(resolved("adamw", weight_decay=0.0), kin)
    train(resolved("adam"), adam)
    assert torch.equal(kin, adam)


def test_first_step_of_adam_is_the_sign():
    """Adam's first step is the learning rate times the sign of the gradient, however small the gradient is."""
    weights = torch.zeros(2, PARAMETERS)
    gradient = random(2, PARAMETERS) * 10.0 ** -torch.arange(PARAMETERS).remainder(6)
    train(resolved("adam", lr=0.01, eps=0.0), weights, steps=[1], gradient=lambda *_: gradient.clone())
    torch.testing.assert_close(weights, -0.01 * gradient.sign(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("shape", [(3, 20, 50), (3, 50, 20), (3, 32, 32)], ids=str)
def test_muon_makes_matrices_nearly_orthogonal(shape):
    """Every singular value of a well-conditioned matrix comes within 0.6 to 1.3, and directions stay what they were."""
    u, _, vh = torch.linalg.svd(random(*shape), full_matrices=False)
    spectrum = torch.linspace(0.2, 3.0, u.shape[-1])
    result = orthogonalized((u * spectrum) @ vh, 5).float()
    values = u.mT @ result @ vh.mT
    diagonal = values.diagonal(dim1=1, dim2=2)
    assert 0.6 < diagonal.min().item() <= diagonal.max().item() < 1.3
    # Five iterations of three products each leave this much of float32's 24 bits.
    assert (values - torch.diag_embed(diagonal)).abs().max().item() < 1e-5


@pytest.mark.parametrize("adjust", ["original", "match_rms_adamw", "spectral_unclamped", "none"])
@pytest.mark.parametrize(("fan_in", "fan_out"), [(4, 9), (9, 4)])
def test_muon_adjusts_the_rate_as_torch_does(adjust, fan_in, fan_out):
    """The factor for a matrix `[fan_in, fan_out]` is torch's for its transpose `[fan_out, fan_in]`."""
    expected = {
        "original": math.sqrt(max(1, fan_out / fan_in)),
        "match_rms_adamw": 0.2 * math.sqrt(9),
        "spectral_unclamped": math.sqrt(fan_out / fan_in),
        "none": 1.0,
    }
    assert lr_ratio(adjust, fan_in, fan_out) == pytest.approx(expected[adjust], rel=1e-12)


def test_biases_and_weights_are_told_apart():
    """`is_weight` is 1 exactly on the columns of weights, and a slot's view writes through to the rows."""
    weights = torch.zeros(2, PARAMETERS)
    rows = Rows(weights, torch.zeros_like(weights), {}, SLOTS, trials=2)
    assert rows.is_weight.tolist() == [1.0] * 28 + [0.0] * 7 + [1.0] * 21 + [0.0] * 3
    SLOTS[2].of(weights)[1, 6, 2] = 5.0
    assert weights[1, 28 + 7 + 20].item() == 5.0
    assert weights.count_nonzero().item() == 1


def test_no_optimizer_imports_dynamo():
    """A step of every optimizer leaves `torch._dynamo`, which costs seconds to import, alone."""
    program = """
import sys, torch
from dlbench.parts.optimizers import OPTIMIZERS, update
from dlbench.parts.rows import Rows, lay_out
slots = lay_out([("weight", (2, 3), False, 2), ("bias", (1, 3), True, 2)])
for part in OPTIMIZERS:
    settings = {"kind": part.name} | {key: parameter.default for key, parameter in part.arguments.items()}
    for weight_decay in (0.0, 0.1):
        rows = Rows(torch.ones(2, 9), torch.ones(2, 9), {}, slots, trials=2)
        update(settings | {"weight_decay": weight_decay}, rows, 1.0)
        assert not torch.equal(rows.weights, torch.ones(2, 9)), part.name
assert "torch._dynamo" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
