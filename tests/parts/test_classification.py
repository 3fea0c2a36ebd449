"""The task of classes: targets, what is predicted, class weights, and what guessing costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Arrays, Source
from dlbench.parts.losses import LOSSES
from dlbench.parts.tasks import TASKS, Task, class_weights

CLASSES = [2, 3, 10]
KINDS = [part.name for part in LOSSES if "classification" in part.traits["tasks"]]


def nothing() -> Arrays:
    """No data: the task is asked of labels that the tests make."""
    raise AssertionError


def task(classes: int, loss: Settings | None = None, units: int | None = None) -> Task:
    """What is learned of so many classes."""
    source = Source.of((4,), [7] * classes, [3] * classes, nothing)
    return TASKS["classification"].make(source, loss, units)


def batch(own: Task, scale: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs of three trials on seven samples, and labels."""
    generator = torch.Generator().manual_seed(own.outputs)
    outputs = scale * torch.randn(3, 7, own.outputs, generator=generator, dtype=torch.float64)
    return outputs, torch.randint(0, own.source.classes, (3, 7), generator=generator)


def exact(targets: torch.Tensor) -> torch.Tensor:
    """Targets in double precision, where they are no labels."""
    return targets if targets.dtype == torch.int64 else targets.double()


@pytest.mark.parametrize("classes", CLASSES)
def test_losses_as_torchs_criteria(classes: int) -> None:
    """Unless a recipe says otherwise a trial's loss is torch's BCELoss of probabilities, or NLLLoss of their logarithms (1e-12)."""
    own = task(classes)
    logits, labels = batch(own)
    if classes == 2:
        expected = [torch.nn.BCELoss()(torch.sigmoid(z[:, 0]), t.double()) for z, t in zip(logits, labels, strict=True)]
    else:
        expected = [torch.nn.NLLLoss()(z.log_softmax(1), t) for z, t in zip(logits, labels, strict=True)]

    found = own.losses(logits, exact(own.targets(labels)))
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("units", [None, 2, 12])
@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_autograds_with_weights_and_without(kind: str, classes: int, units: int | None) -> None:
    """Of the mean over a batch, weighed by class or not, whatever the loss and however wide the output layer (1e-12)."""
    if units is not None and units < classes:
        pytest.skip("so few outputs cannot run")
    plain = task(classes, {"kind": kind}, units)
    for own in (plain, plain.weighted(0.2 + torch.arange(classes, dtype=torch.float64))):
        outputs, labels = batch(own)
        targets = exact(own.targets(labels))
        (expected,) = torch.autograd.grad(own.losses(outputs.requires_grad_(), targets).sum(), outputs)

        torch.testing.assert_close(own.gradient(outputs.detach(), targets), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_those_of_each_samples_class(kind: str, classes: int) -> None:
    """A weighted loss is sum(w_t loss) / sum(w_t), t being a sample's class (1e-12)."""
    own = task(classes, {"kind": kind})
    weights = 0.2 + torch.arange(classes, dtype=torch.float64)
    outputs, labels = batch(own)
    targets = exact(own.targets(labels))
    each, shares = own.loss.each(outputs, targets), weights[labels]

    found = own.weighted(weights).losses(outputs, targets)
    torch.testing.assert_close(found, (each * shares).sum(1) / shares.sum(1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("classes", CLASSES)
def test_class_weights_as_torchs_cross_entropy(classes: int) -> None:
    """A weighted loss is torch's CrossEntropyLoss(weight=...), of one logit z that over (0, z); so is its gradient; to 1e-12."""
    weights = 0.2 + torch.arange(classes, dtype=torch.float64)
    own = task(classes).weighted(weights)
    logits, labels = batch(own)
    targets = exact(own.targets(labels))
    logits = logits.requires_grad_()
    whole = torch.cat([torch.zeros_like(logits), logits], dim=-1) if classes == 2 else logits
    criterion = torch.nn.CrossEntropyLoss(weight=weights)
    expected = torch.stack([criterion(z, true) for z, true in zip(whole, labels, strict=True)])
    (gradient,) = torch.autograd.grad(expected.sum(), logits)

    torch.testing.assert_close(own.losses(logits, targets), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(own.gradient(logits.detach(), targets), gradient, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("units", [None, 12])
@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_predicted_class_is_the_one_with_the_lowest_loss(kind: str, classes: int, units: int | None) -> None:
    """Of all labels that a sample might have, the predicted one costs least."""
    own = task(classes, {"kind": kind}, units)
    outputs, labels = batch(own, scale=1.0)
    if units:
        outputs[..., classes:] = -9  # else a class that there is not may be said
    costs = [own.loss.each(outputs, exact(own.targets(torch.full_like(labels, label)))) for label in range(classes)]

    predicted: Any = own
    assert torch.equal(predicted.predicted(outputs), torch.stack(costs).argmin(dim=0))


@pytest.mark.parametrize("classes", CLASSES)
def test_a_batch_is_judged_by_loss_and_accuracy(classes: int) -> None:
    """Sums over batches, divided by the samples, are the mean loss and the share of right answers (1e-6)."""
    own = task(classes)
    outputs, labels = batch(own)
    outputs = outputs.float()
    first, second = (own.judged(outputs[:, part], labels[0, part])[0] for part in (slice(0, 3), slice(3, 7)))
    loss, accuracy = own.measured(first + second, 7)
    every = labels[0].expand(3, -1)

    torch.testing.assert_close(loss, own.losses(outputs, own.targets(every)), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(accuracy, (own.predicted(outputs) == every).float().mean(dim=1))


@pytest.mark.parametrize("labels", [[0, 0, 0, 1], [0, 1, 1, 2, 2, 2], [3, 3, 1, 1, 1, 0]])
def test_balanced_weights_as_scikit_learn(labels: list[int]) -> None:
    """Balanced weights are what compute_class_weight gives the classes that there are, and 0 for one without samples."""
    counts, present = np.bincount(labels).tolist(), np.unique(labels)
    expected = np.zeros(len(counts))
    expected[present] = compute_class_weight("balanced", classes=present, y=labels)

    assert class_weights("balanced", counts) == pytest.approx(expected.tolist(), rel=1e-15)
    assert class_weights([1.0, 5.0], [7, 9]) == [1.0, 5.0]
    assert class_weights(None, counts) is None


@pytest.mark.parametrize("counts", [[5, 5], [1, 199], [900, 90, 10], [3, 0, 7], [50] * 10])
def test_chance_is_what_a_classifier_without_inputs_reaches(counts: list[int]) -> None:
    """Loss and accuracy are those of scikit-learn's DummyClassifier(strategy="prior") on the samples (1e-12)."""
    labels = np.repeat(np.arange(len(counts)), counts)
    x = np.zeros((len(labels), 1))
    dummy = DummyClassifier(strategy="prior").fit(x, labels)

    found = task(len(counts)).chance(labels)
    assert found["loss"] == pytest.approx(log_loss(labels, dummy.predict_proba(x)), rel=1e-12)
    assert found["accuracy"] == pytest.approx(dummy.score(x, labels), rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_chance_is_the_loss_of_the_best_constant(kind: str, classes: int) -> None:
    """A net that says the shares of the classes to every sample, as the loss reads outputs, has the loss of guessing (1e-6)."""
    own: Any = task(classes, {"kind": kind})
    labels = np.array([0] * 5 + [1] * 2 + ([2] * 3 if classes > 2 else []))
    shares = torch.tensor(np.bincount(labels) / len(labels))
    shares = shares[1:] if own.outputs == 1 else shares
    odds = shares.log() if kind == "cross_entropy" and classes > 2 else torch.logit(shares)
    outputs = (odds if own.traits["logits"] else shares).expand(1, len(labels), -1)

    found = own.losses(outputs, exact(own.targets(torch.tensor(labels).unsqueeze(0)))).item()
    assert own.chance(labels)["loss"] == pytest.approx(found, abs=1e-6)
