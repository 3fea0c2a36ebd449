"""Losses against torch's own criteria, and their gradients against autograd."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlbench.engine.loss import Logistic, Softmax, loss_for

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
def test_right_counts_the_samples_that_are_classified_rightly(classes: int) -> None:
    """Accuracy counts what scikit-learn's accuracy_score would, from the predicted labels."""
    logits, labels = batch(classes)
    loss = loss_for(classes)
    predicted = (torch.sigmoid(logits[..., 0]) > 0.5).long() if classes == 2 else logits.softmax(2).max(2).indices

    assert loss.right(logits, loss.targets(labels)).tolist() == (predicted == labels).sum(1).tolist()
