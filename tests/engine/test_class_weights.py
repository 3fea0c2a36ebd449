"""Class weights weigh what is learned as torch's criterion does, and nothing that is evaluated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cases import dense, plan_of, settings, trained, trainer_of
from sklearn.utils.class_weight import compute_class_weight
from torch_nets import torch_net

pytestmark = pytest.mark.usefixtures("either_way")

BINARY = {"kind": "digits", "classes": [0, 1], "limit": 90, "label_noise": 0.2}
MANY = {"kind": "digits", "limit": 120, "label_noise": 0.3}
LAYERS: dict[str, list[dict[str, Any]]] = {
    "by hand": [{"kind": "flatten"}, dense(7)],
    "by autograd": [{"kind": "flatten"}, dense(7), {"kind": "layer_norm"}],
}


def weighted(data: dict[str, Any], way: str, weights: Any) -> dict[str, Any]:
    """Settings of a net that learns with class weights."""
    own = settings(LAYERS[way], data=data, batch_size=40, steps=6, every=6)
    own["train"]["class_weights"] = weights
    return own


@pytest.mark.parametrize("asked", ["balanced", [3.0, 0.25, *range(1, 9)]], ids=["balanced", "numbers"])
@pytest.mark.parametrize("way", LAYERS)
@pytest.mark.parametrize("data", [BINARY, MANY], ids=["one logit", "softmax"])
def test_training_as_with_torchs_cross_entropy(data: dict[str, Any], way: str, asked: Any) -> None:
    """Losses and weights of six steps are those of torch.nn with CrossEntropyLoss(weight=...), scikit-learn's weights (1e-4)."""
    classes = 2 if data is BINARY else 10
    asked = asked if asked == "balanced" else asked[:classes]
    trainer, _ = trainer_of(plan_of({"a": weighted(data, way, asked)}))
    assert trainer._nets[0].by_hand == (way == "by hand")
    labels = trainer.data.train.labels.numpy()
    numbers = compute_class_weight("balanced", classes=np.arange(classes), y=labels) if asked == "balanced" else asked
    criterion = torch.nn.CrossEntropyLoss(weight=torch.tensor(np.array(numbers), dtype=torch.float32))
    oracle = torch_net(trainer, 0)
    optimizer = torch.optim.SGD(oracle.parameters(), lr=0.5)
    for step in range(6):
        x, y = trainer._batches.take(step)
        z = oracle(x[0])
        loss = criterion(torch.cat([torch.zeros_like(z), z], dim=1) if classes == 2 else z, y[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        assert trainer.ways.steps.take(step, 1)[0].item() == pytest.approx(loss.item(), rel=1e-4)
    for now, learned in zip(torch_net(trainer, 0).parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(now, learned, rtol=1e-4, atol=1e-5)


def test_evaluations_stay_unweighted() -> None:
    """Before the first step the losses of an evaluation are those of the same net without class weights; the batch loss is not."""
    plain, own = (
        trained(plan_of({"a": weighted(MANY, "by hand", asked)}))[1] for asked in (None, [9.0] * 5 + [1.0] * 5)
    )
    first, other = plain.of("metrics")[0], own.of("metrics")[0]

    for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
        assert np.array_equal(first[name], other[name])
    assert not np.allclose(plain.of("metrics")[1]["batch_loss"], own.of("metrics")[1]["batch_loss"])


def test_equal_weights_change_nothing() -> None:
    """Whatever their size, weights that are all equal train the net of none (1e-6)."""
    plain, own = (trained(plan_of({"a": weighted(MANY, "by hand", asked)}))[0] for asked in (None, [5.0] * 10))

    torch.testing.assert_close(own.tensors.weights, plain.tensors.weights, rtol=1e-5, atol=1e-6)


def test_trials_with_other_weights_train_apart() -> None:
    """Class weights may be what variants differ in: such trials stand in stacks of their own."""
    variants = {"plain": weighted(MANY, "by hand", None), "balanced": weighted(MANY, "by hand", "balanced")}
    plan = plan_of(variants, seeds=[0, 1])

    assert sorted(sorted(stack.trials) for stack in plan.stacks) == [[0, 1], [2, 3]]
