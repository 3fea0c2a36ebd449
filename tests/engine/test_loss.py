"""Losses against torch's own criteria, and their gradients against autograd."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from dlbench.engine.loss import Logistic, Softmax, class_weights, loss_for

CLASSES = [2, 3, 10]


def batch(classes: int, scale: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of three trials on seven samples, and labels."""
    generator = torch.Generator().manual_seed(classes)
    logits = scale * torch.randn(3, 7, loss_for(classes).outputs, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, classes, (3, 7), generator=generator)


@pytest.mark.parametrize("classes", CLASSES)
def test_losses_as_torchs_criteria(classes: int) -> None:
    """The loss of each trial is torch's BCELoss of probabilities or NLLLoss of log-probabilities, to 1e-12."""
    logits, labels = batch(classes)
    loss = loss_for(classes)
    if classes == 2:
        expected = [torch.nn.BCELoss()(torch.sigmoid(z[:, 0]), t.double()) for z, t in zip(logits, labels, strict=True)]
        targets = loss.targets(labels).double()
    else:
        expected = [torch.nn.NLLLoss()(z.log_softmax(1), t) for z, t in zip(logits, labels, strict=True)]
        targets = loss.targets(labels)

    torch.testing.assert_close(loss.losses(logits, targets), torch.stack(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("classes", CLASSES)
def test_the_gradient_for_the_logits_is_autograds(classes: int) -> None:
    """The closed form of the gradient is what autograd finds, to 1e-12."""
    logits, labels = batch(classes)
    loss = loss_for(classes)
    targets = loss.targets(labels)
    targets = targets.double() if classes == 2 else targets
    (expected,) = torch.autograd.grad(loss.losses(logits.requires_grad_(), targets).sum(), logits)

    torch.testing.assert_close(loss.gradient(logits.detach(), targets), expected, rtol=1e-12, atol=1e-12)


@given(st.floats(-1e4, 1e4))
def test_extreme_logits_stay_finite(z: float) -> None:
    """However sure a net is and however wrong, loss and gradient are finite numbers."""
    one, many = Logistic(), Softmax(3)
    for loss, logits, labels in (
        (one, torch.tensor([[[z]]]), torch.tensor([[0]])),
        (many, torch.tensor([[[z, 0.0, -z]]]), torch.tensor([[2]])),
    ):
        targets = loss.targets(labels)
        assert math.isfinite(loss.losses(logits, targets).item())
        assert torch.isfinite(loss.gradient(logits, targets)).all()


@pytest.mark.parametrize("classes", CLASSES)
def test_the_predicted_class_is_the_likeliest(classes: int) -> None:
    """What is predicted has the largest probability, of two classes the one above a half."""
    logits, _ = batch(classes)
    likeliest = (torch.sigmoid(logits[..., 0]) > 0.5).long() if classes == 2 else logits.softmax(2).max(2).indices

    assert torch.equal(loss_for(classes).predicted(logits), likeliest)


@pytest.mark.parametrize("classes", CLASSES)
def test_class_weights_as_torchs_cross_entropy(classes: int) -> None:
    """A weighted loss is torch's CrossEntropyLoss(weight=...), of one logit z that over (0, z); so is its gradient; to 1e-12."""
    logits, labels = batch(classes)
    weights = 0.2 + torch.arange(classes, dtype=torch.float64)
    loss, logits = loss_for(classes, weights), logits.requires_grad_()
    targets = loss.targets(labels).double() if classes == 2 else loss.targets(labels)
    whole = torch.cat([torch.zeros_like(logits), logits], dim=-1) if classes == 2 else logits
    criterion = torch.nn.CrossEntropyLoss(weight=weights)
    expected = torch.stack([criterion(own, true) for own, true in zip(whole, labels, strict=True)])
    (gradient,) = torch.autograd.grad(expected.sum(), logits)

    torch.testing.assert_close(loss.losses(logits, targets), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(loss.gradient(logits.detach(), targets), gradient, rtol=1e-12, atol=1e-12)


def test_weights_of_one_logit_as_torchs_bce() -> None:
    """Of two classes the weighted loss is torch's BCEWithLogitsLoss(weight=...), over the sum of the samples' weights (1e-12)."""
    logits, labels = batch(2)
    weights = torch.tensor([0.3, 4.0], dtype=torch.float64)
    own = weights[labels]
    summed = [
        torch.nn.BCEWithLogitsLoss(weight=weight, reduction="sum")(z[:, 0], t.double()) / weight.sum()
        for z, t, weight in zip(logits, labels, own, strict=True)
    ]

    found = Logistic(weights).losses(logits, labels.unsqueeze(-1).double())
    torch.testing.assert_close(found, torch.stack(summed), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("labels", [[0, 0, 0, 1], [0, 1, 1, 2, 2, 2], [3, 3, 1, 1, 1, 0]])
def test_balanced_weights_as_scikit_learn(labels: list[int]) -> None:
    """Balanced weights are what compute_class_weight gives the classes that there are, and 0 for one without samples."""
    counts, present = np.bincount(labels).tolist(), np.unique(labels)
    expected = np.zeros(len(counts))
    expected[present] = compute_class_weight("balanced", classes=present, y=labels)

    assert class_weights("balanced", counts) == pytest.approx(expected.tolist(), rel=1e-15)
    assert class_weights([1.0, 5.0], [7, 9]) == [1.0, 5.0]
    assert class_weights(None, counts) is None
