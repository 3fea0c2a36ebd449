"""Stacks of nets of images, norms, maxout and nested layers train as single nets of torch.nn would."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import ZEROS, dense, gradient_at, plan_of, settings, trainer_of
from torch_nets import torch_net, train

pytestmark = pytest.mark.usefixtures("either_way")

HE = {"kind": "he", "distribution": "normal"}
RELU, IDENTITY = {"kind": "relu"}, {"kind": "identity"}
FLATTEN, POOL = {"kind": "flatten"}, {"kind": "max_pool", "kernel": 2}
ACTIVATION = {"kind": "activation", "activation": RELU}
BATCH_NORM, LAYER_NORM = {"kind": "batch_norm"}, {"kind": "layer_norm"}
PLAIN = {**dense(12, "identity"), "bias": False}
"""Without bias: before a norm its gradient is rounding noise, which Adam would blow up."""


def conv(channels: int, kernel: int | list[int] = 3, **own: Any) -> dict[str, Any]:
    """A convolution's settings."""
    return {
        "kind": "conv",
        "channels": channels,
        "kernel": kernel,
        "activation": RELU,
        "init": HE,
        "bias_init": {"kind": "normal", "mean": 0.0, "std": 0.1},
        **own,
    }


def residual(*layers: dict[str, Any], **own: Any) -> dict[str, Any]:
    """A residual block's settings."""
    return {"kind": "residual", "layers": list(layers), "activation": RELU, "init": HE, **own}


def split(merge: str, *branches: list[dict[str, Any]]) -> dict[str, Any]:
    """The settings of branches."""
    return {"kind": "split", "branches": list(branches), "merge": merge}


NETS: dict[str, list[dict[str, Any]]] = {
    "conv": [conv(4), POOL, conv(6, [1, 3], stride=2), FLATTEN],
    "conv-batch-norm": [conv(4, activation=IDENTITY, bias=False), BATCH_NORM, ACTIVATION, {"kind": "global_pool"}],
    "average": [conv(5), {"kind": "avg_pool", "kernel": 2, "stride": 1}, FLATTEN],
    "layer-norm": [FLATTEN, PLAIN, LAYER_NORM, ACTIVATION, dense(8)],
    "sequential": [FLATTEN, {"kind": "sequential", "repeat": 3, "layers": [PLAIN, LAYER_NORM, ACTIVATION]}],
    "maxout": [FLATTEN, {"kind": "maxout", "units": 7, "pieces": 3, "init": HE, "bias_init": ZEROS}, dense(5)],
    "residual": [FLATTEN, dense(12), residual(dense(9, "relu"), dense(12, "identity"))],
    "residual-repeated": [FLATTEN, dense(12), residual(dense(12, "relu"), dense(12, "identity"), repeat=3)],
    "residual-pre-activation": [
        FLATTEN,
        PLAIN,
        residual(LAYER_NORM, ACTIVATION, {**PLAIN, "repeat": 2}, activation=IDENTITY),
    ],
    "residual-projected": [FLATTEN, residual(dense(20, "relu"), dense(11, "identity"))],
    "residual-images": [
        conv(4),
        residual(conv(4), conv(4, activation=IDENTITY)),
        residual(conv(6, stride=2), conv(6, activation=IDENTITY)),
        {"kind": "global_pool"},
    ],
    "split-concat": [split("concat", [conv(3, 1)], [conv(2), conv(3)], [{**POOL, "kernel": 1}]), POOL, FLATTEN],
    "split-add": [FLATTEN, split("add", [dense(9)], [dense(5), dense(9, "relu")])],
    "split-mean": [FLATTEN, split("mean", [dense(9)], [dense(9, "relu")], [dense(4), dense(9)])],
    "nested": [FLATTEN, dense(8), residual(split("concat", [residual(dense(8, repeat=2))], [dense(3)]), dense(8))],
}


@pytest.mark.parametrize(
    ("optimizer", "theirs"),
    [({"kind": "sgd", "lr": 0.1}, torch.optim.SGD), ({"kind": "adam", "lr": 0.003}, torch.optim.Adam)],
    ids=["sgd", "adam"],
)
@pytest.mark.parametrize("net", NETS)
def test_twenty_steps_as_torch(net: str, optimizer: dict[str, Any], theirs: type[torch.optim.Optimizer]) -> None:
    """Twenty steps of a stack of two seeds give losses, weights and logits at test of two nets of torch.nn, to 1e-4."""
    own = settings(NETS[net], data="digits", optimizer=optimizer, batch_size=50, steps=20)
    trainer, _ = trainer_of(plan_of({"a": own}, seeds=[0, 5]))
    oracles = [torch_net(trainer, trial) for trial in range(2)]
    expected = [
        train(trainer, oracle, trial, theirs(oracle.parameters(), lr=optimizer["lr"]))
        for trial, oracle in enumerate(oracles)
    ]
    losses = torch.stack([trainer.ways.steps.take(step, 1)[0] for step in range(20)])
    x = trainer.data.test.x[:100]
    logits = trainer._nets[0].forward(x.expand(2, *x.shape), training=False)

    torch.testing.assert_close(losses.T, torch.tensor(expected), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits, torch.stack([own.eval()(x) for own in oracles]), rtol=1e-3, atol=1e-3)
    for trial, oracle in enumerate(oracles):
        for now, learned in zip(torch_net(trainer, trial).parameters(), oracle.parameters(), strict=True):
            torch.testing.assert_close(now, learned, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("net", NETS)
def test_the_first_gradient_as_torch(net: str) -> None:
    """The gradient of every weight before the first step is that of the net of torch.nn, to 1e-5."""
    trainer, _ = trainer_of(plan_of({"a": settings(NETS[net], data="digits", batch_size=50)}, seeds=[0, 5]))
    gradient = gradient_at(trainer, 0)
    x, labels = trainer._batches.take(0)
    for trial in range(2):
        oracle = torch_net(trainer, trial)
        torch.nn.functional.cross_entropy(oracle(x[trial]), labels[trial]).backward()
        theirs = sum(parameter.grad.abs().sum().double() for parameter in oracle.parameters())
        squares = sum(parameter.grad.square().sum().double() for parameter in oracle.parameters())
        ours = gradient[trial].double()

        torch.testing.assert_close(ours.abs().sum(), theirs, rtol=1e-5, atol=0)
        torch.testing.assert_close(ours.square().sum(), squares, rtol=1e-5, atol=0)
