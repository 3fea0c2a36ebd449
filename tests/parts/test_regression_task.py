"""The task of numbers: metrics as scikit-learn's, and what guessing costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Arrays, Source, TargetScale
from dlbench.parts.losses import LOSSES
from dlbench.parts.tasks import TASKS, Task

KINDS = [part.name for part in LOSSES if "regression" in part.traits["tasks"]]
SCALES = {
    1: TargetScale(np.array([109.0]), np.array([45.0])),
    3: TargetScale(np.array([2.0, -1.0, 0.0]), np.array([5.0, 0.1, 1.0])),
}


def nothing() -> Arrays:
    """No data: the task is asked of numbers that the tests make."""
    raise AssertionError


def task(targets: int, loss: Settings | None = None) -> Task:
    """What is learned of so many targets, in units of their own."""
    source = Source.of_numbers((4,), [f"y{place}" for place in range(targets)], (70, 30), nothing)
    return TASKS["regression"].make(source, loss, None).scaled(SCALES[targets])


def batch(targets: int, samples: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """What three trials say of samples, and what these are, as it is learned."""
    generator = torch.Generator().manual_seed(targets)
    y = torch.randn(samples, targets, generator=generator)
    return y + 0.3 * torch.randn(3, samples, targets, generator=generator), y


def metrics_of(own: Task, outputs: torch.Tensor, y: torch.Tensor, pieces: int = 1) -> dict[str, Any]:
    """Its metrics, `[trials]` each, of samples that are judged in so many batches."""
    parts = zip(outputs.tensor_split(pieces, dim=1), y.tensor_split(pieces), strict=True)
    sums = torch.stack([own.judged(*part)[0] for part in parts]).sum(dim=0)
    return dict(zip(own.metrics, own.measured(sums, len(y)).numpy(), strict=True))


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize("targets", SCALES)
def test_metrics_are_scikit_learns_in_the_targets_own_units(targets: int, pieces: int) -> None:
    """RMSE, mean absolute error and R2 of each trial are scikit-learn's of the unscaled numbers (1e-6), in pieces as at once."""
    own, scale = task(targets), SCALES[targets]
    outputs, y = batch(targets)
    true, said = scale.own_units(y.numpy()), scale.own_units(outputs.numpy())
    found = metrics_of(own, outputs, y, pieces)

    for trial in range(3):
        assert found["rmse"][trial] == pytest.approx(root_mean_squared_error(true, said[trial]), rel=1e-6)
        assert found["mae"][trial] == pytest.approx(mean_absolute_error(true, said[trial]), rel=1e-6)
        assert found["r2"][trial] == pytest.approx(r2_score(true, said[trial]), abs=1e-6)


@pytest.mark.parametrize("error", [0.0, 0.5])
def test_r2_of_a_constant_is_scikit_learns(error: float) -> None:
    """Where there is nothing to explain R2 is 1 if all is told right, and 0 otherwise."""
    y = torch.full((9, 1), 0.1)
    outputs = (y + error).expand(3, -1, -1)

    found = metrics_of(task(1), outputs, y)["r2"].tolist()
    assert found == [r2_score(y.numpy(), outputs[0].numpy())] * 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", SCALES)
def test_the_loss_is_the_mean_over_the_samples(targets: int, kind: str) -> None:
    """The loss that is told is the one that is learned by, of what is learned (1e-6)."""
    own = task(targets, {"kind": kind})
    outputs, y = batch(targets)

    found = metrics_of(own, outputs, y, pieces=3)["loss"]
    expected = own.losses(outputs, own.targets(y.expand(3, -1, -1)))
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", SCALES)
def test_the_gradient_is_autograds(targets: int, kind: str) -> None:
    """Of the mean over a batch, in float64, to 1e-12."""
    own = task(targets, {"kind": kind})
    outputs, y = (each.double() for each in batch(targets))
    labels = y.expand(3, -1, -1)
    (expected,) = torch.autograd.grad(own.losses(outputs.requires_grad_(), own.targets(labels)).sum(), outputs)

    torch.testing.assert_close(own.gradient(outputs.detach(), own.targets(labels)), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("targets", SCALES)
def test_chance_is_a_regressor_without_inputs(targets: int) -> None:
    """Guessing is scikit-learn's DummyRegressor: by the mean for RMSE and R2, by the median for absolute errors (1e-6)."""
    _, y = batch(targets)
    true, x = SCALES[targets].own_units(y.numpy()), np.zeros((len(y), 1))
    mean, median = (
        DummyRegressor(strategy=how).fit(x, true).predict(x).reshape(true.shape) for how in ("mean", "median")
    )

    found = task(targets).chance(y.numpy())
    assert found["rmse"] == pytest.approx(root_mean_squared_error(true, mean), rel=1e-6)
    assert found["mae"] == pytest.approx(mean_absolute_error(true, median), rel=1e-6)
    assert found["r2"] == pytest.approx(r2_score(true, mean), abs=1e-9)
    assert found["loss"] == pytest.approx(np.var(y.numpy(), axis=0).mean(), rel=1e-6)
