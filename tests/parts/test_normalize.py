"""Filling gaps and normalizing, held to scikit-learn in float64."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from dlbench.errors import SetupError
from dlbench.parts.datasets.normalize import fill_missing, normalize


def test_digits_that_float32_lacks_survive_normalizing():
    """Half seconds at 1.7e9, where float32 counts in steps of 128, come out as scikit-learn has them."""
    x = (1_700_000_000 + np.random.default_rng(0).permutation(200)[:, None] / 2).astype(np.float64)
    train, other = x[:150].copy(), x[150:].copy()
    normalize("standard", train, [other])

    scaler = StandardScaler().fit(x[:150])
    np.testing.assert_allclose(train, scaler.transform(x[:150]), rtol=1e-6)
    np.testing.assert_allclose(other, scaler.transform(x[150:]), rtol=1e-6)
    assert len(np.unique(train.astype(np.float32))) == 150


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e9 + 0.1])
def test_a_constant_feature_becomes_zero(dtype, value):
    """What does not vary is only shifted, however the last bit of its mean falls."""
    x = np.full((1003, 1), value, dtype=dtype)
    normalize("standard", x, [])

    assert np.abs(x).max() <= np.spacing(dtype(value))


@pytest.mark.parametrize(("how", "strategy"), [("mean", "mean"), ("median", "median")])
def test_gaps_are_filled_by_the_training_samples(how, strategy):
    """The statistics are of `x` alone: what other splits hold does not change them."""
    random = np.random.default_rng(1)
    x, other = random.normal(size=(40, 3)), random.normal(size=(30, 3)) + 100
    for part in (x, other):
        part[random.random(part.shape) < 0.2] = np.nan
    imputer = SimpleImputer(strategy=strategy).fit(x)
    expected = imputer.transform(x), imputer.transform(other)
    fill_missing(how, x, [other], ["a", "b", "c"])

    np.testing.assert_allclose(x, expected[0], rtol=1e-12)
    np.testing.assert_allclose(other, expected[1], rtol=1e-12)


def test_a_feature_without_any_training_value_is_refused_by_name():
    """There is no mean of nothing."""
    x, other = np.array([[1.0, np.nan], [2.0, np.nan]]), np.array([[1.0, 5.0]])
    with pytest.raises(SetupError, match="no training sample has a value of 'age', so there is no mean"):
        fill_missing("mean", x, [other], ["size", "age"])
