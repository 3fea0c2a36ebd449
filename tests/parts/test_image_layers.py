"""Convolution and pooling against torch.nn and against their definitions, written out place by place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from each import each
from layer_examples import TRIALS, laid, places, run, tensors
from numpy.typing import NDArray
from torch import nn

from dlbench.parts import make
from dlbench.parts.layers.base import ShapeError

Floats = NDArray[np.float64]
SIZES = list(product([3, 4, 5, 8], [1, 2, 3], [1, 2, 3]))
"""Size of an image's side, of the kernel's, and stride."""


def windows(size: int, kernel: int, stride: int) -> list[range]:
    """Where 'same' lays the kernel along one side: as TensorFlow, ceil(size / stride) times, the odd zero at the end."""
    count = -(-size // stride)
    total = max((count - 1) * stride + kernel - size, 0)
    return [range(start := i * stride - total // 2, start + kernel) for i in range(count)]


def by_definition(x: Floats, kernel: int, stride: int, reduce: Callable[[Floats], float]) -> Floats:
    """What `reduce` makes of the part of each window that lies inside of the image `x`."""
    rows, columns = (windows(size, kernel, stride) for size in x.shape)
    inside = [
        [[i for i in window if 0 <= i < size] for window in side]
        for side, size in zip((rows, columns), x.shape, strict=True)
    ]
    return np.array([[reduce(x[np.ix_(row, column)]) for column in inside[1]] for row in inside[0]])


@pytest.mark.parametrize(("size", "kernel", "stride"), SIZES)
@pytest.mark.parametrize(("kind", "reduce"), [("max_pool", np.max), ("avg_pool", np.mean)], ids=["max", "avg"])
def test_same_pooling_by_definition(kind: str, reduce: Any, size: int, kernel: int, stride: int) -> None:
    """With padding 'same' each window takes the largest or the mean of what lies inside of the image, to 1e-12."""
    block = laid({"kind": kind, "kernel": kernel, "stride": stride, "padding": "same"}, (2, size, size + 1))
    x, weights = tensors(block)
    y = run(block, x, weights, places(block, training=True)).detach().numpy()
    expected = by_definition(x.detach().numpy()[1, 2, 1], kernel, stride, reduce)

    np.testing.assert_allclose(y[1, 2, 1], expected, rtol=1e-12)


@each(("size", "kernel", "stride"), SIZES)
def test_same_convolution_by_definition(size: int, kernel: int, stride: int) -> None:
    """With padding 'same' each place sums kernel times image, zeros lying around it, to 1e-12."""
    block = laid({"kind": "conv", "channels": 1, "kernel": kernel, "stride": stride}, (1, size, size + 1))
    x, weights = tensors(block)
    y = run(block, x, weights, places(block, training=True)).detach().numpy()
    own = {name: tensor.detach().numpy()[1, 0] for name, tensor in weights["conv1"].items()}
    around = np.pad(x.detach().numpy()[1, 3, 0], kernel)
    rows, columns = (windows(side, kernel, stride) for side in (size, size + 1))
    expected = [
        [
            (
                around[row.start + kernel : row.stop + kernel, column.start + kernel : column.stop + kernel]
                * own["weight"][0]
            ).sum()
            + own["bias"]
            for column in columns
        ]
        for row in rows
    ]

    np.testing.assert_allclose(y[1, 3, 0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("own", "of_torch"),
    [
        ({"kernel": 3}, {"kernel_size": 3, "padding": "same"}),
        ({"kernel": [2, 5]}, {"kernel_size": (2, 5), "padding": "same"}),
        ({"kernel": 3, "padding": "valid", "stride": [1, 2]}, {"kernel_size": 3, "stride": (1, 2)}),
        ({"kernel": 3, "padding": 2, "stride": 2}, {"kernel_size": 3, "padding": 2, "stride": 2}),
        ({"kernel": 1, "bias": False}, {"kernel_size": 1, "bias": False}),
        ({"kernel": 1, "stride": [2, 3]}, {"kernel_size": 1, "stride": (2, 3)}),
        ({"kernel": 1, "stride": 2, "padding": 1}, {"kernel_size": 1, "stride": 2, "padding": 1}),
    ],
    ids=["same", "even", "valid", "number", "pointwise", "pointwise-strides", "pointwise-padded"],
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
def test_convolution_as_torch(own: dict[str, Any], of_torch: dict[str, Any]) -> None:
    """Output and gradients of every trial are those of torch.nn.Conv2d with its weights, in float64 to 1e-12."""
    block = laid({"kind": "conv", "channels": 4, "activation": {"kind": "relu"}, **own}, (3, 7, 6))
    x, weights = tensors(block)
    y = run(block, x, weights, places(block, training=True))
    downstream = torch.randn(y.shape, dtype=torch.float64)
    ours = torch.autograd.grad((y * downstream).sum(), [x, *weights["conv1"].values()])
    for trial in range(TRIALS):
        conv = nn.Conv2d(3, 4, dtype=torch.float64, **of_torch)
        conv.load_state_dict({name: weight[trial] for name, weight in weights["conv1"].items()})
        expected = torch.relu(conv(x[trial]))
        of_x, *theirs = torch.autograd.grad((expected * downstream[trial]).sum(), [x, *conv.parameters()])

        torch.testing.assert_close(y[trial], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[0][trial], of_x[trial], rtol=1e-12, atol=1e-12)
        for of_stack, alone in zip(ours[1:], theirs, strict=True):
            torch.testing.assert_close(of_stack[trial], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("channels", [1, 3])
def test_one_grouped_convolution_is_all_trials(channels: int, padding: str) -> None:
    """The grouped convolution that a GPU takes gives, forward and backward, what single ones give, in float64 to 1e-12."""
    block = laid({"kind": "conv", "channels": 4, "kernel": 2, "stride": 2, "padding": padding}, (channels, 5, 4))
    x, weights = tensors(block)
    own = weights["conv1"]
    single = run(block, x, weights, places(block, training=True))
    grouped = block.layer.grouped(x, own["weight"], own["bias"])
    downstream = torch.randn(single.shape, dtype=torch.float64)
    gradients = [torch.autograd.grad((y * downstream).sum(), [x, *own.values()]) for y in (single, grouped)]

    torch.testing.assert_close(grouped, single, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "own", "module"),
    [
        ("max_pool", {"kernel": 2}, nn.MaxPool2d(2)),
        ("max_pool", {"kernel": [3, 2], "stride": 1}, nn.MaxPool2d((3, 2), 1)),
        ("avg_pool", {"kernel": 3, "stride": 2}, nn.AvgPool2d(3, 2)),
        ("global_pool", {}, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())),
        ("global_pool", {"pool": "max"}, nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())),
    ],
    ids=["max", "overlapping-max", "avg", "global-avg", "global-max"],
)
def test_pooling_as_torch(kind: str, own: dict[str, Any], module: nn.Module) -> None:
    """Output and gradient of every trial are those of torch's module, in float64 to 1e-12."""
    block = laid({"kind": kind, **own}, (3, 7, 6))
    x, weights = tensors(block)
    y = run(block, x, weights, places(block, training=True))
    downstream = torch.randn(y.shape, dtype=torch.float64)
    expected = module(x.flatten(0, 1)).unflatten(0, x.shape[:2])

    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    ours, theirs = (torch.autograd.grad((one * downstream).sum(), x)[0] for one in (y, expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_fans_count_the_kernel_and_products_its_places() -> None:
    """3 x 3 kernels from 2 to 5 channels have fans 18 and 45, and 90 weights are used at each of 4 x 3 places."""
    block = laid({"kind": "conv", "channels": 5, "kernel": 3, "stride": 2}, (2, 8, 6))
    weight = block.weights["weight"]

    assert (weight.fan_in, weight.fan_out, weight.shape) == (18, 45, (5, 2, 3, 3))
    assert block.output == (5, 4, 3)
    assert block.products == 90 * 12 + 5
    assert block.parameters == 95


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (
            {"kind": "conv", "channels": 2, "kernel": 3},
            (16,),
            r"'conv' takes images \(channels, height, width\), but gets \(16,\); put it before any .*flatten",
        ),
        ({"kind": "max_pool", "kernel": 2}, (5, 4), r"'max_pool' takes images .*, but gets \(5, 4\)"),
        ({"kind": "global_pool"}, (5,), r"'global_pool' takes images .*, but gets \(5,\)"),
        (
            {"kind": "conv", "channels": 2, "kernel": [3, 5], "padding": "valid"},
            (1, 4, 4),
            r"'conv' has a kernel of \(3, 5\), larger than its input \(1, 4, 4\) .*; make the kernel smaller, .*\"same\"",
        ),
        ({"kind": "avg_pool", "kernel": 5}, (1, 4, 4), r"'avg_pool' has a kernel of \(5, 5\), larger than its input"),
    ],
)
def test_what_does_not_fit_says_what_to_do(layer: dict[str, Any], shape: tuple[int, ...], says: str) -> None:
    """The error names the layer, what it takes, what it gets, and a remedy."""
    with pytest.raises(ShapeError, match=says):
        make("layers", layer).output(shape)
