"""Where a stack goes through forward and backward trial by trial, and that no trial notices."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import CPU, ZEROS, dense, plan_of, settings, trained

from dlbench.engine.slices import slices_for

HE = {"kind": "he", "distribution": "normal"}
FLATTEN = {"kind": "flatten"}
CONV = {"kind": "conv", "channels": 3, "kernel": 3, "activation": {"kind": "relu"}, "init": HE, "bias_init": ZEROS}
CNN = [CONV, {"kind": "max_pool", "kernel": 2}, {**CONV, "channels": 5, "stride": 2}, FLATTEN, dense(6)]
INSIDE = [{"kind": "split", "branches": [[], [{"kind": "residual", "layers": [{**CONV, "channels": 1}]}]]}, FLATTEN]
PROJECTION = [{"kind": "residual", "layers": [{"kind": "max_pool", "kernel": 2}], "shortcut": "projection"}, FLATTEN]


@pytest.mark.parametrize(
    ("layers", "device", "slices"),
    [
        (CNN, "cpu", 3),
        (INSIDE, "cpu", 3),
        (PROJECTION, "cpu", 3),
        (CNN, "cuda", 1),
        ([FLATTEN, dense(4)], "cpu", 1),
    ],
    ids=["conv", "inside", "projection", "gpu", "dense"],
)
def test_convolutions_go_alone_on_a_cpu(layers: list[dict[str, Any]], device: str, slices: int) -> None:
    """A stack with a convolution anywhere in it is gone through trial by trial on a CPU, and at once elsewhere."""
    plan = plan_of({"a": settings(layers, data="digits")}, seeds=range(3))

    assert slices_for(plan, 0, torch.device(device)) == slices


@pytest.mark.parametrize("optimizer", [{"kind": "sgd", "lr": 0.1}, {"kind": "adam", "lr": 0.01}], ids=["sgd", "adam"])
def test_no_bit_of_a_trial_depends_on_its_company(optimizer: dict[str, Any]) -> None:
    """A convolutional net alone and among others ends with the same weights, bit for bit."""
    own = settings(CNN, data="digits", batch_size=40, steps=10, optimizer=optimizer, points=4)
    finals = []
    for seeds in ([4], [0, 4, 7]):
        plan = plan_of({"a": own}, seeds=seeds)
        trainer, _ = trained(plan, slices=slices_for(plan, 0, CPU))
        finals.append(trainer.tensors.weights[seeds.index(4)])

    assert torch.equal(finals[0], finals[1])


def test_a_stack_at_once_trains_as_trial_by_trial() -> None:
    """Gone through at once, the same stack has the same losses, to 1e-5."""
    plan = plan_of({"a": settings(CNN, data="digits", batch_size=40, steps=10, every=5)}, seeds=range(3))
    losses = [
        torch.tensor([event["train_loss"].tolist() for event in trained(plan, slices=slices)[1].of("metrics")])
        for slices in (1, 3)
    ]

    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-5)
