"""The loop in C that dlbench is held against trains the nets that it says it does."""

import ctypes
import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch

from benchmarks.implementations import xor_limit

STEPS = 20


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_limit_trains_as_autograd_does():
    """The weights of a lane after some steps are those of torch's own arithmetic in double, within single's rounding."""
    weights = xor_limit.start(2)
    start, gradient = weights.copy(), np.zeros((xor_limit.PARAMETERS, xor_limit.LANES), dtype=np.float32)
    numbers = [own.ctypes.data_as(ctypes.c_void_p) for own in (weights, gradient, xor_limit.X, xor_limit.Y)]
    rate = ctypes.c_float(0.1)
    xor_limit.compiled().train(*numbers[:2], 2, xor_limit.PARAMETERS, STEPS, rate, *numbers[2:])

    for block, lane in ((0, 0), (1, 13)):
        expected = trained(torch.tensor(start[block, :, lane], dtype=torch.float64))
        assert np.abs(expected - weights[block, :, lane]).max() < 1e-6
        assert np.abs(expected - start[block, :, lane]).max() > 1e-2


def trained(row):
    """The same net's weights after the same steps, by autograd."""
    x, y = (torch.tensor(own, dtype=torch.float64) for own in (xor_limit.X, xor_limit.Y))
    for _ in range(STEPS):
        row = row.detach().requires_grad_()
        at, now = 0, x
        for fan_in, fan_out in pairwise(xor_limit.SIZES):
            weight, bias = row[at : at + fan_in * fan_out].view(fan_in, fan_out), at + fan_in * fan_out
            now, at = torch.sigmoid(now @ weight + row[bias : bias + fan_out]), bias + fan_out
        loss = torch.nn.functional.binary_cross_entropy(now[:, 0], y)
        row = row - 0.1 * torch.autograd.grad(loss, row)[0]
    return row.detach().numpy()
