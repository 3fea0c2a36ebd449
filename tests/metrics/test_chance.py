"""Chance: what guessing the class shares costs, and nothing that only guesses has solved anything."""

from __future__ import annotations

import math

import numpy as np
import orjson
import pytest
from cases import dense, plan_of, settings, trained
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss
from synthetic_run import state_of
from test_metrics import FakeTrial, value

from dlbench.metrics.chance import Chance, chance_of


@pytest.mark.parametrize("counts", [[5, 5], [1, 199], [900, 90, 10], [3, 0, 7], [1, 2, 3, 4], [50] * 10, [7, 0]])
def test_it_is_what_a_classifier_without_inputs_reaches(counts):
    """Loss and accuracy are those of scikit-learn's DummyClassifier(strategy="prior") on the samples (1e-12)."""
    labels = np.repeat(np.arange(len(counts)), counts)
    x = np.zeros((len(labels), 1))
    dummy = DummyClassifier(strategy="prior").fit(x, labels)
    expected = log_loss(labels, dummy.predict_proba(x), labels=dummy.classes_) if len(dummy.classes_) > 1 else 0.0

    found = Chance.of(counts)
    assert found.loss == pytest.approx(expected, rel=1e-12)
    assert found.accuracy == pytest.approx(dummy.score(x, labels), rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_equal_classes_are_as_without_counts(classes):
    """For balanced data, and for runs of before that kept no counts, guessing costs ln(classes), to the last bit."""
    balanced, before = FakeTrial(classes=classes, class_counts=[37] * classes), FakeTrial(classes=classes)

    assert chance_of(balanced) == chance_of(before) == Chance(math.log(classes), 1 / classes, None, math.log(classes))
    assert chance_of(FakeTrial(classes=None)) is None


@pytest.mark.parametrize(
    ("counts", "accuracy", "loss", "solved"),
    [
        ([199, 1], 0.995, 0.0157, 0.0),
        ([199, 1], 1.0, 0.0158, 0.0),
        ([199, 1], 1.0, 0.0157, 1.0),
        ([900, 100], 0.989, 0.01, 0.0),
        ([900, 100], 0.99, 0.16, 1.0),
        ([980, 20], 0.997, 0.01, 0.0),
        ([980, 20], 0.998, 0.04, 1.0),
        ([50, 50], 0.99, math.log(2) / 2, 1.0),
        ([200, 0], 1.0, 0.0, None),
    ],
)
def test_solved_asks_for_more_where_one_class_is_rare(counts, accuracy, loss, solved):
    """At most a tenth of the majority guess's errors, and half the entropy of the shares (0.0315 nats for 1 in 200)."""
    curves = {"train_accuracy": [accuracy] * 3, "train_loss": [loss] * 3}

    assert value("solved", FakeTrial(class_counts=counts, curves=curves)) == solved


def test_noise_with_a_rare_class_is_not_solved(tmp_path):
    """A net that has nothing to learn is right 99.5 % of the time where 0.5 % are positive, and has solved nothing."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(800, 2)).astype(np.float32), np.arange(800) % 200 == 0
    half = slice(0, 400), slice(400, 800)
    arrays = {"x_train": x[half[0]], "y_train": y[half[0]], "x_test": x[half[1]], "y_test": y[half[1]]}
    np.savez(
        tmp_path / "rare.npz", **{name: own.astype(np.int64) if name[0] == "y" else own for name, own in arrays.items()}
    )
    data = {"kind": "npz", "path": str(tmp_path / "rare.npz")}
    optimizer = {"kind": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    plan = plan_of(
        {"a": settings([dense(4, "relu")], data=data, optimizer=optimizer, batch_size=100, steps=60)}, [0, 1, 2]
    )
    _, events = trained(plan)
    trials = state_of(plan, orjson.loads(orjson.dumps(events, default=lambda array: array.tolist()))).trials

    assert [value("train_accuracy", trial) for trial in trials] == [pytest.approx(0.995)] * 3
    assert [value("solved", trial) for trial in trials] == [0.0] * 3
    assert trials[0].class_counts == [398, 2]
    assert trials[0].class_names == ["0", "1"]
