"""Between two points that are logged the host never asks the device for a number, so that steps can be queued ahead of it.

Stacks train on torch's device `meta`, which has shapes and no numbers: it goes the way of a GPU, and whoever asks it for a number
gets an error. What is counted on the host stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from cases import Events, dense, plan_of, settings
from part_examples import example

from dlbench.engine.batches import load
from dlbench.engine.trainer import Trainer
from dlbench.parts.optimizers import OPTIMIZERS
from dlbench.parts.regularizers import REGULARIZERS

META = torch.device("meta")
FLATTEN = {"kind": "flatten"}
HIDDEN = [FLATTEN, dense(9), dense(5, "relu")]
RECURRENT = {"units": 4, "init": {"kind": "torch_default"}, "bias_init": {"kind": "zeros"}}
NETS: dict[str, list[dict[str, Any]]] = {
    "dense": HIDDEN,
    "conv": [example("layers", "conv"), example("layers", "max_pool"), FLATTEN],
    "batch_norm": [FLATTEN, dense(9), example("layers", "batch_norm")],
    "layer_norm": [FLATTEN, dense(9), example("layers", "layer_norm")],
    "rnn": [{"kind": "rnn", **RECURRENT}],
    "lstm": [{"kind": "lstm", **RECURRENT}],
    "gru": [{"kind": "gru", **RECURRENT}],
    "residual": [FLATTEN, dense(9), example("layers", "residual", layers=[dense(9), dense(9)])],
}


@pytest.fixture(scope="module", autouse=True)
def fused_kernels() -> Iterator[None]:
    """torch has no kernel without numbers for one of its fused optimizers, which asks for none on a GPU."""
    added = torch.library.Library("aten", "IMPL", "Meta")
    added.impl("_fused_sgd_", lambda *arguments, **numbers: None)
    yield
    added._destroy()


def queue(layers: list[dict[str, Any]] = HIDDEN, *, precision: str = "float32", **changes: Any) -> torch.Tensor:
    """The losses of some steps between two logged points; raises where a step asks for a number."""
    own = settings(layers, **{"data": {"kind": "digits", "limit": 40}, "batch_size": 16, "steps": 9} | changes)
    own["train"]["precision"] = precision
    plan = plan_of({"a": own}, (0, 1))
    trainer = Trainer(plan, 0, META, load(own["data"], META), Events())
    assert trainer.ways.taken == "torch"
    return trainer.ways.steps.take(0, 4)


@pytest.mark.parametrize("net", NETS)
def test_no_net_waits(net: str) -> None:
    """Batches, forward and backward of any net are queued, over the end of an epoch too."""
    assert queue(NETS[net]).shape == (4, 2)


def test_a_full_batch_does_not_wait() -> None:
    """Nor is anything chosen for it."""
    assert queue(batch_size="full").device == META


@pytest.mark.parametrize("kind", OPTIMIZERS.names)
def test_no_optimizer_waits(kind: str) -> None:
    """What an optimizer counts is known to the host, and what it remembers stays on the device."""
    queue(optimizer=example("optimizers", kind))


@pytest.mark.parametrize("kind", REGULARIZERS.names)
def test_no_regularizer_waits(kind: str) -> None:
    """Clipping counts on the device whom it has cut."""
    queue(regularizers=[example("regularizers", kind)])


def test_a_wait_would_be_seen() -> None:
    """Each way of asking a tensor for its number is an error there."""
    x = torch.arange(3.0, device=META)
    for ask in (lambda: x.sum().item(), lambda: bool((x > 1).any()), x.nonzero, x.tolist, x.cpu):
        with pytest.raises((RuntimeError, NotImplementedError)):
            ask()
