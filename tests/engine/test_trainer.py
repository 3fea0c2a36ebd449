"""A stack trains as single nets of torch.nn would, and no trial notices its neighbours."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from cases import Events, dense, gradient_at, plan_of, settings, trained, trainer_of
from torch import nn

from dlbench.engine.slices import sliced
from dlbench.engine.trainer import Trainer

pytestmark = pytest.mark.usefixtures("either_way")

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
ADAM = {"kind": "adam", "lr": 0.01}


def torch_net(trainer: Trainer, trial: int) -> nn.Sequential:
    """The oracle: torch's own modules with the weights that the trial has now."""
    modules: list[nn.Module] = []
    for block in trainer.blocks:
        weights = trainer._nets[0]._weights[block.name]
        if block.settings["kind"] == "flatten":
            modules.append(nn.Flatten())
        elif block.settings["kind"] == "batch_norm":
            norm = nn.BatchNorm1d(block.input[0])
            norm.load_state_dict(
                {**norm.state_dict(), "weight": weights["gamma"][trial], "bias": weights["beta"][trial]}
            )
            modules.append(norm)
        elif block.settings["kind"] == "dense":
            linear = nn.Linear(block.input[0], block.output[0], bias="bias" in weights)
            bias = {"bias": weights["bias"][trial, 0]} if "bias" in weights else {}
            linear.load_state_dict({"weight": weights["weight"][trial].T, **bias})
            modules.append(linear)
            activation = ACTIVATIONS.get(block.settings["activation"]["kind"])
            modules += [activation()] if activation else []
    return nn.Sequential(*modules)


def torch_losses(trainer: Trainer, net: nn.Sequential, trial: int, optimizer: torch.optim.Optimizer) -> list[float]:
    """Train the oracle on the very batches of the trial."""
    losses = []
    for step in range(trainer.steps):
        x, labels = trainer._batches.take(step)
        logits = net(x[trial])
        if logits.shape[1] == 1:
            loss = nn.functional.binary_cross_entropy(torch.sigmoid(logits)[:, 0], labels[trial].float())
        else:
            loss = nn.functional.nll_loss(torch.log_softmax(logits, dim=1), labels[trial])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def batch_losses(events: Events) -> list[list[float]]:
    """The batch loss of every step, when every step is evaluated: `[steps][trials]`."""
    return [event["batch_loss"].tolist() for event in events.of("metrics")[1:]]


@pytest.mark.parametrize("optimizer", [{"kind": "sgd", "lr": 0.5}, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize(
    ("data", "layers", "batch_size"),
    [
        ("xor", [dense(5, "sigmoid", repeat=3)], "full"),
        ("xor", [dense(8, "relu"), dense(4, "tanh")], "full"),
        ("digits", [{"kind": "flatten"}, dense(16, "relu")], 100),
        (
            "digits",
            # Without bias: before a batch norm its gradient is rounding noise, which Adam would blow up.
            [{"kind": "flatten"}, {**dense(12, "identity"), "bias": False}, {"kind": "batch_norm"}, dense(8, "tanh")],
            64,
        ),
    ],
    ids=["sigmoid-xor", "mixed-xor", "digits-batches", "digits-batch-norm"],
)
def test_fifty_steps_as_torch(
    data: str, layers: list[dict[str, Any]], batch_size: int | str, optimizer: dict[str, Any]
) -> None:
    """Fifty steps of every trial of a stack give the losses and weights of single torch.nn nets, to 1e-4."""
    own = settings(layers, data=data, optimizer=optimizer, batch_size=batch_size, every=1)
    trainer, events = trainer_of(plan_of({"a": own}, seeds=[0, 1, 5]))
    oracles = [torch_net(trainer, trial) for trial in range(3)]
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer["kind"]]
    expected = [
        torch_losses(trainer, net, trial, kind(net.parameters(), lr=optimizer["lr"]))
        for trial, net in enumerate(oracles)
    ]
    trainer.train(lambda _: False)

    torch.testing.assert_close(torch.tensor(batch_losses(events)).T, torch.tensor(expected), rtol=1e-4, atol=1e-4)
    for trial, net in enumerate(oracles):
        now = torch_net(trainer, trial)
        for ours, theirs in zip(now.parameters(), net.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=2e-4)


def test_gradients_as_torch() -> None:
    """The gradient of every weight of a stack is what torch's autograd gives for the net alone, to 1e-6."""
    trainer, _ = trainer_of(plan_of({"a": settings([dense(6, "sigmoid"), dense(5, "relu")])}, seeds=range(4)))
    gradient = gradient_at(trainer, 0)
    x, labels = trainer._batches.take(0)
    for trial in range(4):
        net = torch_net(trainer, trial)
        nn.functional.binary_cross_entropy_with_logits(net(x[trial])[:, 0], labels[trial].float()).backward()
        expected = torch.cat([(p.grad.T if p.dim() == 2 else p.grad).reshape(-1) for p in net.parameters()])

        torch.testing.assert_close(gradient[trial, : len(expected)], expected, rtol=1e-5, atol=1e-6)


def test_running_statistics_as_torch() -> None:
    """Evaluation after training uses the running mean and variance that torch's BatchNorm1d has kept, to 1e-5."""
    layers = [{"kind": "flatten"}, dense(6, "identity"), {"kind": "batch_norm"}]
    trainer, _ = trainer_of(plan_of({"a": settings(layers, data="digits", batch_size=50, steps=10)}, seeds=[0, 3]))
    nets = [torch_net(trainer, trial) for trial in range(2)]
    for trial, net in enumerate(nets):
        torch_losses(trainer, net, trial, torch.optim.SGD(net.parameters(), lr=0.5))
    trainer.train(lambda _: False)
    x = trainer.data.test.x
    ours = trainer._nets[0].forward(x.expand(2, *x.shape), training=False)

    torch.testing.assert_close(ours, torch.stack([net.eval()(x) for net in nets]), rtol=1e-4, atol=1e-4)


def final_losses(events: Events) -> torch.Tensor:
    """`[evaluations, trials]` of the training loss."""
    return torch.tensor([event["train_loss"].tolist() for event in events.of("metrics")])


@pytest.mark.parametrize("layers", [[dense(5)], [dense(7, "relu"), {"kind": "dropout", "keep": 0.7, "rate": None}]])
def test_alone_as_in_company(layers: list[dict[str, Any]]) -> None:
    """A trial alone and the same trial among others give the same curve, bit for bit."""
    own = settings([{"kind": "flatten"}, *layers], data="digits", batch_size=100, steps=30)
    _, alone = trained(plan_of({"a": own}, seeds=[4]))
    _, company = trained(plan_of({"a": own}, seeds=range(6)))

    assert torch.equal(final_losses(company)[:, 4], final_losses(alone)[:, 0])


def test_a_diverging_neighbour_changes_nothing() -> None:
    """Beside a trial that turns NaN, a healthy trial's losses stay the same, bit for bit."""
    healthy, wild = settings([dense(5, "relu")], steps=200), settings([dense(5, "relu")], steps=200)
    calm = settings([dense(5, "relu")], steps=200)
    wild["train"]["optimizer"]["lr"] = 1e30
    calm["train"]["optimizer"]["lr"] = 0.1
    _, quiet = trained(plan_of({"healthy": healthy, "other": calm}))
    _, beside = trained(plan_of({"healthy": healthy, "other": wild}))

    columns = [
        _column(plan_of({"healthy": healthy, "other": other}), events)
        for other, events in ((calm, quiet), (wild, beside))
    ]
    assert beside.of("diverged")
    assert columns[0] == columns[1]
    assert len(set(columns[0])) > 1


def _column(plan: Any, events: Events) -> list[float]:
    position = [plan.trials[i].variant for i in plan.stacks[0].trials].index("healthy")
    return [float(event["train_loss"][position]) for event in events.of("metrics")]


def test_divergence_is_told_with_step_and_last_loss() -> None:
    """A diverged trial has one event with its step and its last finite loss, and no metrics afterwards."""
    own = settings([dense(5, "relu")], steps=100, optimizer={"kind": "sgd", "lr": 1e30}, every=1)
    _, events = trained(plan_of({"a": own}))
    (event,) = events.of("diverged")
    before = [e for e in events.of("metrics") if 0 < e["step"] <= event["step"]]

    assert math.isfinite(event["last_loss"])
    assert event["last_loss"] == pytest.approx(float(before[-1]["batch_loss"][0]))
    assert all(math.isnan(e["test_accuracy"][0]) for e in events.of("metrics") if e["step"] > event["step"])


def test_a_sweep_of_numbers_is_one_stack_and_each_keeps_its_own() -> None:
    """Learning rates and dropout rates that differ train in one stack as each would alone, bit for bit."""
    variants = {}
    for rate, keep in ((0.1, 1.0), (0.3, 0.5), (0.1, 0.8)):
        layers = [{"kind": "flatten"}, dense(20, "relu"), {"kind": "dropout", "keep": keep, "rate": None}]
        variants[f"{rate}-{keep}"] = settings(
            layers, data="digits", batch_size=100, steps=20, optimizer={"kind": "sgd", "lr": rate}
        )
    plan = plan_of(variants, seeds=[0, 1])
    _, together = trained(plan)

    assert len(plan.stacks) == 1
    order = [(plan.trials[i].variant, plan.trials[i].seed) for i in plan.stacks[0].trials]
    for name, own in variants.items():
        _, alone = trained(plan_of({name: own}, seeds=[0, 1]))
        columns = [order.index((name, seed)) for seed in (0, 1)]
        assert torch.equal(final_losses(together)[:, columns], final_losses(alone))


def test_slices_change_no_curve() -> None:
    """Going through a stack in slices, as after running out of memory, gives the same losses to 1e-6."""
    layers = [
        {"kind": "flatten"},
        dense(9, "relu"),
        {"kind": "batch_norm"},
        {"kind": "dropout", "keep": None, "rate": 0.2},
    ]
    plan = plan_of({"a": settings(layers, data="digits", batch_size=100, steps=20)}, seeds=range(5))

    whole, parts = trained(plan)[1], trained(plan, slices=3)[1]
    torch.testing.assert_close(final_losses(parts), final_losses(whole), rtol=1e-6, atol=1e-6)
    assert len(parts.of("probe")[0]["gradient_norm"]) == len(plan.trials)


def test_slices_keep_each_trials_numbers() -> None:
    """A stack that sweeps a dropout rate and a slope trains in slices as it does whole, to 1e-6."""
    variants = {}
    for keep, slope in ((0.5, 0.1), (0.8, 0.3), (0.9, 0.2)):
        leaky = {**dense(9), "activation": {"kind": "leaky_relu", "slope": slope}}
        layers = [{"kind": "flatten"}, leaky, {"kind": "dropout", "keep": keep, "rate": None}]
        variants[str(keep)] = settings(layers, data="digits", batch_size=100, steps=10)
    plan = plan_of(variants, seeds=[0, 1])

    whole, parts = trained(plan)[1], trained(plan, slices=4)[1]
    assert len(plan.stacks) == 1
    torch.testing.assert_close(final_losses(parts), final_losses(whole), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("trials", "slices"), [(1, 1), (5, 2), (5, 8), (64, 3)])
def test_slices_cover_every_trial_once(trials: int, slices: int) -> None:
    """Slices are contiguous, not empty, and cover all trials."""
    covered = [list(range(trials))[part] for part in sliced(trials, slices)]

    assert [trial for part in covered for trial in part] == list(range(trials))
    assert all(covered)


def test_probes_change_no_bit() -> None:
    """With probes and without, the final weights are identical, bit for bit."""
    layers = [{"kind": "flatten"}, dense(9, "relu"), {"kind": "dropout", "keep": 0.8, "rate": None}]
    finals = [
        trained(plan_of({"a": settings(layers, data="digits", batch_size=100, points=points)}, seeds=[0, 1]))[0]
        for points in (0, 50)
    ]

    assert torch.equal(finals[0].tensors.weights, finals[1].tensors.weights)


def test_same_plan_same_bits() -> None:
    """Two trainings of one plan end with identical weights, bit for bit."""
    plan = plan_of({"a": settings([dense(6, "relu")], optimizer=ADAM)}, seeds=range(5))

    assert torch.equal(trained(plan)[0].tensors.weights, trained(plan)[0].tensors.weights)


def test_regularized_gradient_is_not_what_probes_show() -> None:
    """The gradient that probes show is the loss's own, whatever l2 adds to it for the update."""
    plain = settings([dense(5)], points=5)
    heavy = settings([dense(5)], points=5, regularizers=[{"kind": "l2", "strength": 0.5}])
    first = [trained(plan_of({"a": own}))[1].of("probe")[0]["gradient_norm"] for own in (plain, heavy)]

    assert first[0].tolist() == first[1].tolist()
