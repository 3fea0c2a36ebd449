"""Combining members, against scikit-learn's VotingClassifier, Jensen's inequality, and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import VotingClassifier
from sklearn.preprocessing import LabelEncoder

from dlbench.analysis.ensembles import combination
from dlbench.analysis.ensembles.combination import COMBINATIONS, log_probabilities, rightness

WITH_LOSS = [name for name, one in COMBINATIONS.items() if one.losses is not None]
LOGITS = st.floats(-1e4, 1e4, width=32)


@st.composite
def nets(draw, *, most=5):
    """Logits `[members, samples, outputs]` of a few nets, and labels."""
    members, samples, outputs = draw(st.integers(1, most)), draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 3, 5]))
    logits = draw(arrays(np.float32, (members, samples, outputs), elements=LOGITS))
    labels = draw(arrays(np.int64, samples, elements=st.integers(0, max(outputs, 2) - 1)))
    return logits, labels


def together(logits, labels, way, subsets=None):
    """How right all members are together, or some subsets of them."""
    chosen = np.arange(len(logits))[None] if subsets is None else np.array(subsets)
    return rightness(log_probabilities(logits), labels, chosen, COMBINATIONS[way])


class Trained(ClassifierMixin, BaseEstimator):
    """A classifier that gives the probabilities `[samples, classes]` it was made with, whatever it is asked."""

    def __init__(self, probabilities):
        self.probabilities = probabilities

    def predict_proba(self, x):
        return self.probabilities

    def predict(self, x):
        return self.probabilities.argmax(axis=1)


def voted(logits, voting):
    """What scikit-learn's VotingClassifier answers for members that were fitted before."""
    members = [Trained(softmax(own.astype(np.float64), axis=1)) for own in logits]
    oracle = VotingClassifier([(str(i), own) for i, own in enumerate(members)], voting=voting)
    oracle.estimators_ = members
    oracle.le_ = LabelEncoder().fit(np.arange(logits.shape[-1]))
    oracle.classes_ = oracle.le_.classes_
    return oracle.predict(np.zeros((logits.shape[1], 1)))


@pytest.mark.parametrize(("way", "voting"), [("probability", "soft"), ("vote", "hard")])
@pytest.mark.parametrize("members", [1, 2, 5, 8])
def test_accuracy_is_that_of_scikit_learns_voting(way, voting, members):
    """Mean probability answers as soft voting, votes as hard voting, ties among them, on 500 samples exactly."""
    random = np.random.default_rng(members)
    logits = random.normal(size=(members, 500, 4)).astype(np.float32)
    labels = random.integers(4, size=500)

    assert together(logits, labels, way).accuracy == [np.mean(voted(logits, voting) == labels)]


@given(nets(most=1), st.sampled_from(list(COMBINATIONS)))
def test_one_member_is_itself(net, way):
    """Alone, a member has its own accuracy (the first of equal logits wins) and its own loss, rounding aside (1e-12)."""
    logits, labels = net
    whole = np.concatenate([0 * logits, logits], axis=-1) if logits.shape[-1] == 1 else logits
    logs = log_softmax(whole[0].astype(np.float64), axis=-1)
    found = together(logits, labels, way)

    scores = np.exp(logs) if way == "probability" else logs
    assert found.accuracy == [np.mean(scores.argmax(axis=-1) == labels)]
    if way in WITH_LOSS:
        assert found.loss == pytest.approx([-logs[np.arange(len(labels)), labels].mean()], rel=1e-12, abs=1e-12)


@given(nets(), st.sampled_from(WITH_LOSS))
def test_no_ensemble_loses_more_than_its_members_on_average(net, way):
    """Jensen: the loss of the mean is never above the mean loss, for mean probabilities and mean logits (1e-12 for rounding)."""
    logits, labels = net
    whole = together(logits, labels, way)
    alone = together(logits, labels, way, np.arange(len(logits))[:, None])

    assert whole.loss[0] <= alone.loss.mean() * (1 + 1e-12) + 1e-12


@given(nets(), st.sampled_from(list(COMBINATIONS)), st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(net, way, random):
    """Members in another order lose the same (1e-12), and vote the same."""
    logits, labels = net
    order = random.sample(range(len(logits)), len(logits))
    first, second = together(logits, labels, way), together(logits[order], labels, way)

    if way == "vote":
        assert first.accuracy == second.accuracy
    else:
        assert first.loss == pytest.approx(second.loss, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("way", COMBINATIONS)
def test_subsets_are_what_a_loop_makes_of_them(way):
    """Every subset's accuracy and loss are those of a plain loop over its members (1e-12)."""
    random = np.random.default_rng(3)
    logits, labels = random.normal(size=(6, 70, 3)).astype(np.float32), random.integers(3, size=70)
    subsets = [[0, 1, 2], [0, 3, 5], [2, 4, 5]]
    found = together(logits, labels, way, subsets)

    for index, subset in enumerate(subsets):
        logs = log_softmax(logits[subset].astype(np.float64), axis=-1)
        if way == "vote":
            answers = [np.bincount(logs[:, i].argmax(axis=-1), minlength=3).argmax() for i in range(70)]
        else:
            means = log_softmax(logs.mean(axis=0), axis=-1) if way == "logit" else np.log(np.exp(logs).mean(axis=0))
            answers = means.argmax(axis=-1)
            assert found.loss[index] == pytest.approx(-means[np.arange(70), labels].mean(), rel=1e-12)
        assert found.accuracy[index] == np.mean(answers == labels)


def test_equal_votes_are_for_the_first_class():
    """Of classes with equally many votes the first wins, as of equal probabilities; votes have no loss."""
    logits = np.array([[[0, 0, 5]], [[0, 5, 0]]], np.float32)

    assert together(logits, np.array([1]), "vote").accuracy == [1.0]
    assert together(logits, np.array([2]), "vote").accuracy == [0.0]
    assert together(logits, np.array([1]), "vote").loss is None


def test_one_output_is_the_logit_of_class_one():
    """Two classes have one logistic output: above 0 says class 1, at 0 class 0, and the loss is binary cross-entropy (1e-12)."""
    logits = np.array([[[2.0], [0.0], [-1.0]], [[-1.0], [0.0], [-3.0]]], np.float32)
    found = together(logits, np.array([1, 0, 0]), "probability")
    p = expit(logits[..., 0].astype(np.float64)).mean(axis=0)

    assert found.accuracy == [1.0]
    assert found.loss == pytest.approx([-(np.log(p[0]) + np.log(1 - p[1]) + np.log(1 - p[2])) / 3], rel=1e-12)


def test_no_probability_is_too_small():
    """Where every member gives the truth a probability below 1e-308, the loss is still a number: their mean's logarithm."""
    logits = np.array([[[0, 5000]], [[0, 3000]]], np.float32)

    assert together(logits, np.array([0]), "probability").loss == pytest.approx([3000 + np.log(2)], rel=1e-12)
    assert together(logits, np.array([0]), "logit").loss == pytest.approx([4000], rel=1e-12)


def test_samples_go_through_in_parts(monkeypatch):
    """Where there is room for one sample at a time, the numbers are the same (1e-12)."""
    random = np.random.default_rng(5)
    logits, labels = random.normal(size=(4, 30, 3)).astype(np.float32), random.integers(3, size=30)
    whole = together(logits, labels, "probability")
    monkeypatch.setattr(combination, "ROOM", 1)
    pieces = together(logits, labels, "probability")

    assert pieces.accuracy == whole.accuracy
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-12)
