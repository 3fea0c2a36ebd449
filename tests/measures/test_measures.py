"""Every measure of the catalogue, against numpy in double precision and against itself where trials or layers stand alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dlbench.engine.step_tensors import FamilyOutputs, StackWeights
from dlbench.measures.base import Measure
from dlbench.measures.catalog import MEASURES
from dlbench.measures.older_names import OLDER_NAMES, newest
from dlbench.parts.rows import Slot

SIZES = (6, 1, 20)
SLOTS = [Slot(f"layer{place}", sum(SIZES[:place]), sum(SIZES[: place + 1]), (size,), is_bias=False, fan_in=1)
         for place, size in enumerate(SIZES)]  # fmt: skip
TRIALS, SAMPLES = 3, 8
RANGES = [(None, None), (0.0, None), (0.0, 1.0), (-1.0, 1.0), (-0.5, None)]


def near_ends(values, low, high):
    """The share of values within a hundredth of the range of one of its ends."""
    if low is None or (high is None and low == 0):
        return math.nan
    margin = 0.01 * (high - low if high is not None else -low)
    return np.mean([value < low + margin or (high is not None and value > high - margin) for value in values])


def unit_spread(values):
    """The deviation over the features of a layer's outputs `[samples, time, features]`, over their root mean square."""
    cube = values.reshape(SAMPLES, 3, 2)[:8]
    return math.sqrt(np.mean(np.var(cube, axis=2)) / np.mean(cube**2))


ORACLES = {
    "gradient_norm": lambda gradient, before, after: math.sqrt(math.fsum(gradient**2)),
    "weight_norm": lambda gradient, before, after: math.sqrt(math.fsum(before**2)),
    "update_ratio": lambda gradient, before, after: np.linalg.norm(after - before) / np.linalg.norm(before),
    "activation_mean": lambda values, low, high: math.fsum(values) / len(values),
    "activation_std": lambda values, low, high: np.std(values),
    "unit_spread": lambda values, low, high: unit_spread(values),
    "zero_fraction": lambda values, low, high: 1 - np.count_nonzero(values) / len(values),
    "saturated_fraction": near_ends,
}
"""What each shipped measure is, of one layer of one trial; a new one has its own here or fails."""


def rows():
    """Weights before and after a step, and their gradient, from tiny to large: `[trials, parameters]` each."""
    torch.manual_seed(0)
    scales = torch.logspace(-20, 3, sum(SIZES))
    before = torch.randn(TRIALS, sum(SIZES))
    return before, before - 0.01 * torch.randn_like(before), torch.randn_like(before) * scales


def taps():
    """Outputs of two layers, some exactly zero and some at the ends of usual ranges."""
    torch.manual_seed(1)
    values = torch.rand(2, TRIALS, SAMPLES, 3, 2) * 2 - 1
    return list(torch.where(values.abs() < 0.2, 0.0, torch.where(values.abs() > 0.8, values.sign(), values)))


def measured(measure: Measure, trials=slice(None), layers=slice(None), bounds=(None, None)):
    """A measure of some trials and layers, `[trials, layers]`."""
    if measure.of == "weights":
        found = measure.compute(
            StackWeights(*(own[trials] for own in rows()), [*([one] for one in SLOTS), []][layers], {})
        )
    else:
        found = measure.compute(FamilyOutputs([own[trials] for own in taps()[layers]], *bounds))
    return found.double().numpy()


SHIPPED = [one for one in MEASURES.values() if one.compute.__module__.startswith("dlbench.")]
"""Those that a definition is written down for here; measures of one's own are held to the other promises."""


@pytest.mark.parametrize("measure", SHIPPED, ids=[one.name for one in SHIPPED])
def test_as_numpy_computes_it(measure):
    """Of every trial and layer it is what its definition gives in double precision, to 1e-5; NaN where a layer has none."""
    oracle = ORACLES[measure.name]
    for bounds in RANGES:
        found = measured(measure, bounds=bounds)
        for trial in range(TRIALS):
            if measure.of == "weights":
                before, after, gradient = (own[trial].double().numpy() for own in rows())
                expected = [
                    oracle(*(own[slot.start : slot.stop] for own in (gradient, before, after))) for slot in SLOTS
                ]
                expected.append(math.nan)
            else:
                expected = [oracle(own[trial].double().flatten().numpy(), *bounds) for own in taps()]
            np.testing.assert_allclose(found[trial], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
def test_neither_trials_nor_layers_see_each_other(measure):
    """A trial and a layer measured alone have the number that they have in a stack, within its bounds."""
    bounds = (-1.0, 1.0)
    together = measured(measure, bounds=bounds)
    for trial, layer in np.ndindex(*together.shape):
        alone = measured(measure, slice(trial, trial + 1), slice(layer, layer + 1), bounds)
        np.testing.assert_allclose(alone, together[[trial]][:, [layer]], rtol=1e-6)
    low, high = measure.bounds or (-math.inf, math.inf)
    known = together[~np.isnan(together)]
    assert ((low <= known) & (known <= high)).all()


def test_a_state_in_time_has_its_own_gradient():
    """In a row of time the gradient's norm is that of the loss by the state, and there is nothing else of weights."""
    state = torch.tensor([1.0, 2.0, 3.0])
    weights = StackWeights(*rows(), [[], *([one] for one in SLOTS)], {0: state})

    for measure in (one for one in MEASURES.values() if one.of == "weights"):
        found = measure.compute(weights)[:, 0]
        assert torch.equal(found, state) if measure.name == "gradient_norm" else found.isnan().all()


@pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
def test_texts_fit_their_places(measure):
    """Titles and symbols are short, different from each other and in ASCII; shares are linear between 0 and 1."""
    assert (measure.title + measure.symbol + "".join(measure.heads) + measure.explain).isascii()
    assert len(measure.symbol) <= 8
    assert len(measure.title) <= 20
    assert len(measure.heads[1]) <= len(measure.heads[0])
    assert measure.explain.endswith(".")
    assert [other.symbol for other in MEASURES.values()].count(measure.symbol) == 1
    assert (measure.bounds == (0.0, 1.0)) == measure.name.endswith("_fraction")
    assert MEASURES[measure.witness].of == measure.of


def test_older_names_lead_to_newer_ones():
    """No older name is in use, none leads to another older one, and what stands behind an `@` stays."""
    assert not set(OLDER_NAMES) & set(OLDER_NAMES.values())
    assert not set(OLDER_NAMES) & set(MEASURES)
    assert newest("zero_share@zero_share") == "zero_fraction@zero_share"
    assert newest("unknown") == "unknown"
