"""What looks like an illness and costs nothing is a note: samples known by heart, wrong labels, steps that change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from test_training_rules import FALLING, FLAT, GUESS, LAYERS, TIMES, kinds, over_time, trained, with_settings

from dlbench.analysis.diagnosis.diagnose import diagnose

RISING = np.concatenate([FALLING[:8], np.linspace(0.2, 0.4, 12) * GUESS])
BY_HEART = GUESS * np.exp(-np.arange(20) / 3)
RIGHT = np.ones(20)


def notes(state):
    """What is told as a note."""
    return [one.kind for one in diagnose(state).get(0, []) if one.severity == "note"]


def by_heart(unseen_accuracy, unseen=RISING, **more):
    """A net that answers all training samples right, and unseen ones ever more surely."""
    return trained(BY_HEART, unseen, accuracy=RIGHT, unseen_accuracy=np.asarray(unseen_accuracy), **more)


def test_a_loss_that_rises_by_how_sure_the_net_is_alone_is_a_note():
    """Where unseen samples are told right as often as ever, and nearly as often as training samples, nothing is lost."""
    state = by_heart(np.full(20, 0.96))

    assert (kinds(state), notes(state)) == ([], ["overfitting"])
    assert diagnose(state)[0][0].says.endswith("; that has cost nothing yet")


@pytest.mark.parametrize(
    ("unseen_accuracy", "unseen"),
    [
        (np.full(20, 0.85), RISING),  # a gap in answers, and a loss that has turned
        (np.full(20, 0.85), np.maximum(FALLING, 0.3 * GUESS)),  # that has not, and lies above a fifth of guessing's
        (np.concatenate([np.full(10, 0.995), np.full(10, 0.94)]), RISING),  # answers that were right before
        (np.full(20, 0.95), np.concatenate([FALLING[:8], np.linspace(0.2, 1.3, 12) * GUESS])),  # worse than a guess
    ],
)
def test_samples_known_by_heart_that_cost_answers_are_a_warning(unseen_accuracy, unseen):
    """It costs where unseen samples are told wrong more often than training samples, or than they were, or at a guess's price."""
    assert kinds(by_heart(unseen_accuracy, unseen)) == ["overfitting"]


def test_a_handful_of_unseen_samples_tells_nothing():
    """One wrong answer of eight is no sign of anything, thirteen of a hundred are."""
    assert kinds(by_heart(np.full(20, 0.875), test=8)) == []
    assert kinds(by_heart(np.full(20, 0.875), test=100)) == ["overfitting"]


def test_two_mean_squares_of_few_samples_may_differ_by_chance():
    """Without answers to count, both losses must lie two standard errors of a mean square apart: of 18 samples a third each."""
    halves = BY_HEART + 0.14 * GUESS, np.concatenate([FALLING[:8], np.linspace(0.25, 0.4, 12) * GUESS])

    assert kinds(trained(*halves, test=18)) == []
    assert kinds(trained(*halves, test=200)) == ["overfitting"]


@pytest.mark.parametrize(("unseen", "told"), [(0.1, []), (0.5, ["label-noise"])])
def test_wrong_labels_that_cost_nothing_are_a_note(unseen, told):
    """Of a net that answers unseen samples well, labels that the recipe replaces are a note; of others a warning."""
    settings = with_settings(data__label_noise=0.1)
    state = trained(0.45 * FLAT, unseen * FLAT, settings=settings, accuracy=0.9 * RIGHT, unseen_accuracy=0.98 * RIGHT)

    assert (kinds(state), notes(state)) == (told, [] if told else ["label-noise"])


def test_a_rate_that_single_precision_does_not_hear_is_too_low():
    """Steps of exactly zero are the rate's where there is a gradient, and no layer's fault."""
    still = {"update_ratio": [0.0] * 3}
    state = trained(0.99 * FLAT, probes=lambda place: still if place > 2 else {}, rate=10.0 ** -np.arange(20))

    assert kinds(state) == ["learning-rate-too-low"]


def test_what_vanishes_through_time_is_no_cause_where_nothing_moves():
    """Steps of a millionth give no net a chance to get over its start: the rate is told, and what vanishes is a note."""

    def state(pace):
        still = over_time(1e-8)
        return trained(
            0.99 * FLAT,
            layers=[*TIMES, *LAYERS],
            probes=lambda place: still(place) | {"update_ratio": [None] * 3 + [pace] * 3},
        )

    assert kinds(state(1e-6)) == ["learning-rate-too-low"]
    assert notes(state(1e-6)) == ["vanishing-through-time"]
    assert kinds(state(3e-3)) == ["vanishing-through-time"]
