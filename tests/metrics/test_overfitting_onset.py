"""The turn of a curve, held against curves whose turn is known, and against noise that has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.metrics.overfitting_onset import onset_of


def falling(n, rise=0.0, noise=0.0, seed=0):
    """A loss that falls within a tenth of `n` evaluations from 2.3 to 0.4, and then rises by so much in all."""
    t = np.linspace(0, 1, n)
    return 0.4 + 1.9 * np.exp(-30 * t) + rise * t**2 + noise * np.random.default_rng(seed).standard_normal(n)


def wandering(n, seed):
    """The same with noise that lingers: each value keeps seven tenths of how far the one before was off."""
    curve, off = falling(n), 0.0
    for index, step in enumerate(0.01 * np.random.default_rng(seed).standard_normal(n)):
        off = 0.7 * off + step
        curve[index] += off
    return curve


@pytest.mark.parametrize("n", [12, 40, 400])
def test_a_curve_that_turns_has_its_turn_at_its_lowest(n):
    """Where a curve has clearly risen since its lowest value, the turn is there."""
    curve = falling(n, rise=0.3)
    assert onset_of(curve) == np.argmin(curve) < n - 4


@pytest.mark.parametrize("n", [20, 100, 1000])
@pytest.mark.parametrize("noise", [0.002, 0.02])
def test_noise_is_no_turn(n, noise):
    """Of 200 curves that stay where they have fallen to, give or take noise, at most three are taken for turned (1 %)."""
    assert sum(onset_of(falling(n, noise=noise, seed=seed)) is not None for seed in range(200)) <= 3


@pytest.mark.parametrize("n", [100, 1000])
def test_wandering_is_hardly_a_turn(n):
    """Of 100 curves that wander with no aim, at most eight are taken for turned (3 % by simulation, three deviations)."""
    assert sum(onset_of(wandering(n, seed)) is not None for seed in range(100)) <= 8


def test_a_turn_is_seen_through_noise():
    """Noise of a fiftieth of the rise hides a turn from nobody, and moves it little."""
    turns = [onset_of(falling(200, rise=0.3, noise=0.006, seed=seed)) for seed in range(50)]
    assert all(turn is not None and turn < 90 for turn in turns)


@pytest.mark.parametrize(
    "curve",
    [
        [],
        [1.0],
        [np.nan] * 9,
        [3, 2, 1],
        [1, 2, 3],
        [1.0] * 9,
        [3, 2, 1, 1.1, 1.2],
        [3, 2, 1, 1.005, 1.01, 1.015, 1.015],
    ],
    ids=["nothing", "one", "missing", "falls", "three", "flat", "two-since", "too-little"],
)
def test_too_little_is_no_turn(curve):
    """Too few values, too few since the lowest, or a rise of less than 2 % of it: nobody can speak of a turn."""
    assert onset_of(np.array(curve, dtype=float)) is None


@given(st.integers(0, 39), st.floats(0.01, 100))
def test_missing_values_and_units_move_no_turn(missing, scale):
    """Evaluations without a number are passed over, and another unit of the loss changes nothing."""
    curve = falling(40, rise=0.5)
    with_gap = np.insert(curve, missing, np.nan)
    turn = onset_of(curve)
    assert onset_of(scale * curve) == turn
    assert onset_of(with_gap) == turn + (missing <= turn)
