"""Precision: products in bfloat16 by torch.autocast, everything that is kept and told in float32; TF32 on NVIDIA's GPUs alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import dense, gradient_at, never, plan_of, settings, trained, trainer_of
from test_company import of_the_catalogue

from dlbench.cli.dry_run import way
from dlbench.engine import checkpoint
from dlbench.engine.devices import allow_tf32
from dlbench.plan import Plan

FLATTEN = {"kind": "flatten"}
DEEP = [FLATTEN, dense(40, "tanh"), dense(30, "relu")]
STEP = 2.0**-8
"""The largest relative error of one rounding to bfloat16."""


def plan(precision: str, layers: list[dict[str, Any]] = DEEP, **changes: Any) -> Plan:
    """Two seeds that learn digits for a moment."""
    own = settings(layers, **{"data": {"kind": "digits", "limit": 300}, "batch_size": 32, "steps": 40, "every": 10,
                              "points": 5, "optimizer": {"kind": "sgd", "lr": 0.1}} | changes)  # fmt: skip
    own["train"]["precision"] = precision
    return plan_of({"a": own}, (0, 1))


def losses(plan: Plan) -> np.ndarray:
    """The training losses of all evaluations, `[evaluations, trials]`."""
    return np.array([event["train_loss"] for event in trained(plan)[1].of("metrics")])


def test_it_learns_as_float32_does_within_its_rounding() -> None:
    """Losses on the way are other numbers than those of float32, and the same to a few roundings."""
    narrow, single = losses(plan("bfloat16")), losses(plan("float32"))

    assert not np.array_equal(narrow, single)
    np.testing.assert_allclose(narrow, single, rtol=8 * STEP)
    assert (narrow[-1] < 0.75 * narrow[0]).all()


def test_gradients_are_those_of_float32_within_its_rounding() -> None:
    """Of the first step, layer upon layer: some roundings apart."""
    narrow, single = (gradient_at(trainer_of(plan(precision))[0], 0) for precision in ("bfloat16", "float32"))

    assert narrow.dtype == torch.float32
    assert float((narrow - single).norm() / single.norm()) < 8 * STEP
    assert not torch.equal(narrow, single)


def test_what_is_kept_and_told_is_float32() -> None:
    """Weights, what probes see, metrics: only products are narrow."""
    trainer, events = trained(plan("bfloat16"))
    taps = trainer.ways.steps.probed(trainer.step).taps

    assert trainer.tensors.weights.dtype == torch.float32
    assert {output.dtype for output in taps.outputs} == {torch.float32}
    told = [value for event in events.of("probe") + events.of("metrics") for value in event.values()]
    assert {value.dtype for value in told if isinstance(value, np.ndarray) and value.dtype.kind == "f"} <= {
        np.dtype(np.float32), np.dtype(np.float64),
    }  # fmt: skip


def test_the_same_bits_again_and_after_a_resume(tmp_path: Path) -> None:
    """Trained twice, and stopped and gone on with, it ends with the same weights."""
    whole, again = (trained(plan("bfloat16"))[0] for _ in range(2))
    first, _ = trainer_of(plan("bfloat16"))
    first.train(lambda trainer: trainer.step >= 10)
    checkpoint.save(first.checkpoint(), tmp_path / "c.pt")
    second, _ = trainer_of(plan("bfloat16"))
    assert second.restore(tmp_path / "c.pt")
    second.train(never)

    assert torch.equal(whole.tensors.weights, again.tensors.weights)
    assert torch.equal(whole.tensors.weights, second.tensors.weights)


@pytest.mark.parametrize("kind", of_the_catalogue())
def test_every_layer_trains_in_it(kind: str) -> None:
    """Forward, backward, probes and evaluation of every layer give numbers."""
    trainer, events = trained(plan("bfloat16", of_the_catalogue()[kind], steps=2, every=2, batch_size=16))

    assert bool(trainer.tensors.weights.isfinite().all())
    assert len(events.of("probe")) == 2
    assert all(np.isfinite(event["test_loss"]).all() for event in events.of("metrics"))


@pytest.fixture
def switches() -> Iterator[list[Any]]:
    """Where torch is told of TF32, set back afterwards."""
    every = [torch.backends.cuda.matmul, torch.backends.cudnn]
    before = [switch.allow_tf32 for switch in every]
    yield every
    for switch, allowed in zip(every, before, strict=True):
        switch.allow_tf32 = allowed


def test_tf32_is_said_to_nvidia_s_gpus_alone(switches: list[Any]) -> None:
    """On a GPU both of torch's switches follow the stack, elsewhere nothing is touched; no GPU is needed to set them."""
    for device, allowed in (("cuda", False), ("cpu", True), ("cuda", True), ("cpu", False)):
        before = [switch.allow_tf32 for switch in switches]
        allow_tf32(torch.device(device), allowed=allowed)
        assert [switch.allow_tf32 for switch in switches] == ([allowed] * 2 if device == "cuda" else before)


def test_on_a_cpu_tf32_is_float32() -> None:
    """The same bits."""
    assert np.array_equal(losses(plan("tf32")), losses(plan("float32")))


def test_the_plan_says_in_what_is_computed() -> None:
    """A net in bfloat16 is no work for the native loop, and a dry run says so."""
    small = [FLATTEN, dense(8)]
    told = {precision: way(plan(precision, small), plan(precision, small).stacks[0]) for precision in
            ("float32", "tf32", "bfloat16")}  # fmt: skip
    assert told == {
        "float32": "by the native loop",
        "tf32": "by the native loop",
        "bfloat16": "by torch in bfloat16 (precision bfloat16)",
    }
