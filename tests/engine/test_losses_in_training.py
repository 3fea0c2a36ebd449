"""Training by every loss, as torch.nn trains by its own criteria; and losses that differ among the trials of one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from cases import dense, plan_of, settings, trainer_of
from torch import Tensor
from torch_nets import torch_net

from dlbench.parts.losses import LOSSES
from dlbench.plan import Plan

pytestmark = pytest.mark.usefixtures("either_way")

TWO = {"kind": "digits", "classes": [0, 1], "limit": 90, "label_noise": 0.2}
TEN = {"kind": "digits", "limit": 120, "label_noise": 0.3}
KINDS = [part.name for part in LOSSES if "classification" in part.traits["tasks"]]
LAYERS: dict[str, list[dict[str, Any]]] = {
    "by hand": [{"kind": "flatten"}, dense(7)],
    "by autograd": [{"kind": "flatten"}, dense(7), {"kind": "layer_norm"}],
}
RATE = 0.05
CRITERIA: dict[str, Callable[[], torch.nn.Module]] = {
    "cross_entropy": torch.nn.CrossEntropyLoss,
    "bce": torch.nn.BCEWithLogitsLoss,
    "mse": torch.nn.MSELoss,
}


def learning(data: dict[str, Any], way: str, kind: str) -> dict[str, Any]:
    """Settings of a net that learns by a loss."""
    own = settings(LAYERS[way], data=data, batch_size=40, steps=6, every=6, optimizer={"kind": "sgd", "lr": RATE})
    own["train"]["loss"] = {"kind": kind}
    return own


def as_torch(kind: str, outputs: Tensor, labels: Tensor) -> Tensor:
    """The loss that torch's criterion has for a batch of labels; one logit z is a softmax over (0, z)."""
    if kind == "cross_entropy":
        return CRITERIA[kind]()(
            torch.cat([torch.zeros_like(outputs), outputs], 1) if outputs.shape[1] == 1 else outputs, labels
        )
    single = outputs.shape[1] == 1
    targets = labels.unsqueeze(1) if single else torch.nn.functional.one_hot(labels, outputs.shape[1])
    return CRITERIA[kind]()(outputs, targets.float())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", LAYERS)
@pytest.mark.parametrize("data", [TWO, TEN], ids=["one output", "ten outputs"])
def test_training_as_with_torchs_criterion(data: dict[str, Any], way: str, kind: str) -> None:
    """Losses and weights of six steps are those of torch.nn with its own criterion (1e-4)."""
    trainer, _ = trainer_of(plan_of({"a": learning(data, way, kind)}))
    assert trainer._nets[0].by_hand == (way == "by hand")
    oracle = torch_net(trainer, 0)
    optimizer = torch.optim.SGD(oracle.parameters(), lr=RATE)
    for step in range(6):
        x, y = trainer._batches.take(step)
        loss = as_torch(kind, oracle(x[0]), y[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        assert trainer.ways.steps.take(step, 1)[0].item() == pytest.approx(loss.item(), rel=1e-4)
    for now, learned in zip(torch_net(trainer, 0).parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(now, learned, rtol=1e-4, atol=1e-5)


def stacks_of(plan: Plan) -> list[list[str]]:
    """The losses that each stack learns by."""
    candidates = [[plan.trials[trial].candidate for trial in stack.trials] for stack in plan.stacks]
    return [sorted({plan.candidates[one].settings["train"]["loss"]["kind"] for one in own}) for own in candidates]


def test_trials_with_other_losses_train_apart() -> None:
    """The loss may be what variants differ in: such trials stand in stacks of their own, all seeds of one together."""
    plan = plan_of({kind: learning(TEN, "by hand", kind) for kind in KINDS}, seeds=[0, 1])

    assert sorted(stacks_of(plan)) == sorted([kind] for kind in KINDS)
    assert [len(stack.trials) for stack in plan.stacks] == [2] * len(KINDS)


def test_what_is_learned_is_told_with_its_chance() -> None:
    """The stack's event names the task, and what guessing the class shares costs by its own loss."""
    trainer, events = trainer_of(plan_of({"a": learning(TEN, "by hand", "mse")}))
    trainer._announce()
    (told,) = events.of("stack")
    shares = torch.bincount(trainer.data.train.labels) / len(trainer.data.train)

    assert told["task"] == "classification"
    assert told["chance"]["loss"] == pytest.approx((shares * (1 - shares)).mean().item(), abs=1e-6)
    assert told["chance"]["accuracy"] == pytest.approx(shares.max().item())


OUTPUTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (TWO, {"units": 2}, "cross_entropy"),
    (TWO, {"units": 2, "activation": {"kind": "softmax"}}, "mse"),
    (TEN, {"units": 12}, "cross_entropy"),
    (TEN, {"activation": {"kind": "sigmoid"}}, "mse"),
    (TEN, {"activation": {"kind": "softmax"}}, "cross_entropy"),
    (TEN, {"activation": {"kind": "tanh"}}, "mse"),
]


@pytest.mark.parametrize(("data", "output", "kind"), OUTPUTS, ids=str)
def test_output_layers_of_ones_own(data: dict[str, Any], output: dict[str, Any], kind: str) -> None:
    """Whatever its units and its activation, six steps are those of torch.nn, whose net ends in the same (1e-4)."""
    own = learning(data, "by hand", kind)
    own["model"]["output"] |= output
    trainer, _ = trainer_of(plan_of({"a": own}))
    oracle = torch_net(trainer, 0)
    optimizer = torch.optim.SGD(oracle.parameters(), lr=RATE)
    for step in range(6):
        x, y = trainer._batches.take(step)
        loss = as_torch(kind, oracle(x[0]), y[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        assert trainer.ways.steps.take(step, 1)[0].item() == pytest.approx(loss.item(), rel=1e-4)
