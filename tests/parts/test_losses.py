"""Losses against torch's own criteria, their gradients against autograd and finite differences, guesses against searches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given
from hypothesis import strategies as st
from part_examples import example, shipped
from torch import Tensor

from dlbench.parts import make
from dlbench.parts.losses import LOSSES

CRITERIA: dict[str, Any] = {
    "cross_entropy": torch.nn.CrossEntropyLoss(reduction="none"),
    "bce": lambda z, t: torch.nn.BCEWithLogitsLoss(reduction="none")(z, t).mean(1),
    "mse": lambda y, t: torch.nn.MSELoss(reduction="none")(y, t).mean(1),
    "l1": lambda y, t: torch.nn.L1Loss(reduction="none")(y, t).mean(1),
    "huber": lambda y, t, delta=1.0: torch.nn.HuberLoss(reduction="none", delta=delta)(y, t).mean(1),
}
CASES: list[dict[str, Any]] = [*(example("losses", name) for name in LOSSES.names), {"kind": "huber", "delta": 0.3}]
OF_TORCH = [case for case in CASES if case["kind"] in CRITERIA]
WIDTHS = [1, 2, 5]


def arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings without their kind."""
    return {key: value for key, value in settings.items() if key != "kind"}


def batch(kind: str, outputs: int) -> tuple[Tensor, Tensor]:
    """Outputs of three trials on seven samples in float64, and targets as the loss takes them."""
    generator = torch.Generator().manual_seed(outputs)
    found = 3 * torch.randn(3, 7, outputs, generator=generator, dtype=torch.float64)
    classes = torch.randint(0, max(outputs, 2), (3, 7), generator=generator)
    if "regression" in LOSSES[kind].traits["tasks"]:
        return found, torch.randn(3, 7, outputs, generator=generator, dtype=torch.float64)
    if outputs == 1:
        return found, classes.unsqueeze(-1).double()
    takes_labels = LOSSES[kind].traits["takes"] == "labels"
    return found, classes if takes_labels else torch.nn.functional.one_hot(classes, outputs).double()


def expected(settings: dict[str, Any], outputs: Tensor, targets: Tensor) -> Tensor:
    """What torch's criterion says of each sample; one logit z is a softmax over (0, z)."""
    if settings["kind"] == "cross_entropy" and outputs.shape[-1] == 1:
        outputs, targets = torch.cat([torch.zeros_like(outputs), outputs], dim=-1), targets.squeeze(-1).long()
    criterion = CRITERIA[settings["kind"]]
    return torch.stack([criterion(y, t, **arguments(settings)) for y, t in zip(outputs, targets, strict=True)])


def test_every_loss_has_an_oracle() -> None:
    """No loss of dlbench's own is in the catalogue without being compared with torch."""
    assert set(CRITERIA) == set(shipped(LOSSES))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("settings", OF_TORCH, ids=str)
def test_each_sample_costs_what_torchs_criterion_says(settings: dict[str, Any], width: int) -> None:
    """In float64, to 1e-12, with one output as with several."""
    outputs, targets = batch(settings["kind"], width)

    found = make("losses", settings).each(outputs, targets)
    torch.testing.assert_close(found, expected(settings, outputs, targets), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("settings", OF_TORCH, ids=str)
def test_the_gradient_is_that_of_torchs_criterion(settings: dict[str, Any], width: int) -> None:
    """The closed form is what autograd makes of torch's criterion (1e-12), and leaves outputs and targets as they are."""
    outputs, targets = batch(settings["kind"], width)
    kept = outputs.clone(), targets.clone()
    (gradient,) = torch.autograd.grad(
        expected(settings, outputs.requires_grad_(), targets).sum(), outputs.requires_grad_()
    )

    found = make("losses", settings).gradient(outputs.detach(), targets)
    torch.testing.assert_close(found, gradient, rtol=1e-12, atol=1e-12)
    assert torch.equal(outputs, kept[0])
    assert torch.equal(targets, kept[1])


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_gradient_is_the_slope(settings: dict[str, Any]) -> None:
    """Central differences of the cost say the same, to 1e-7."""
    loss, width = make("losses", settings), 1e-5
    outputs, targets = batch(settings["kind"], 3)
    slopes = []
    for output in range(3):
        nudge = torch.zeros(3, dtype=torch.float64)
        nudge[output] = width
        slopes.append((loss.each(outputs + nudge, targets) - loss.each(outputs - nudge, targets)) / (2 * width))

    torch.testing.assert_close(loss.gradient(outputs, targets), torch.stack(slopes, dim=-1), rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", LOSSES.names)
@given(z=st.floats(-1e4, 1e4))
def test_extreme_outputs_stay_finite(kind: str, z: float) -> None:
    """However sure a net is and however wrong, loss and gradient are finite numbers."""
    loss = make("losses", example("losses", kind))
    targets = torch.tensor([[2]]) if LOSSES[kind].traits["takes"] == "labels" else torch.tensor([[[0.0, 0.0, 1.0]]])
    for outputs, wanted in (
        (torch.tensor([[[z]]]), torch.tensor([[[0.0]]])),
        (torch.tensor([[[z, 0.0, -z]]]), targets),
    ):
        assert math.isfinite(loss.each(outputs, wanted).item())
        assert torch.isfinite(loss.gradient(outputs, wanted)).all()


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_guessing_is_the_best_constant(settings: dict[str, Any]) -> None:
    """No constant output costs less than the guess, and a numerical search comes to it (1e-6)."""
    loss, random = make("losses", settings), np.random.default_rng(3)
    is_of_classes = "regression" not in LOSSES[settings["kind"]].traits["tasks"]
    values = np.eye(4) if is_of_classes else random.normal(size=(9, 2)) ** 3
    counts = random.integers(1, 9, len(values)).astype(np.float64)
    every = np.repeat(np.arange(len(values)), counts.astype(int))
    takes_labels = LOSSES[settings["kind"]].traits["takes"] == "labels"
    targets = torch.tensor(every if takes_labels else values[every]).unsqueeze(0)

    def cost(constant: Any) -> float:
        outputs = torch.tensor(constant).expand(1, len(every), -1)
        return float(loss.each(outputs, targets).mean())

    start = np.zeros(values.shape[1])
    found = scipy.optimize.minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert loss.guess(values, counts) == pytest.approx(found.fun, abs=1e-6)


def test_a_squared_error_behind_a_sigmoid_has_its_slope_in_the_gradient() -> None:
    """For the sum z it is 2 (s - t) s (1 - s), which vanishes where the unit is saturated, right or wrong; cross-entropy's is s - t."""
    z = torch.tensor([[[-12.0]]], dtype=torch.float64)
    s, t = torch.sigmoid(z), torch.ones_like(z)

    squared = make("losses", {"kind": "mse"}).gradient(s, t) * s * (1 - s)
    assert squared.item() == pytest.approx(-1.2e-5, rel=0.05)
    assert make("losses", {"kind": "cross_entropy"}).gradient(z, t).item() == pytest.approx(-1.0, abs=1e-5)
