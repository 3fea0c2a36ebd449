"""Probes measure what they say, checked against numpy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from cases import dense, gradient_at, plan_of, settings, trained, trainer_of
from hypothesis import given
from hypothesis import strategies as st

from dlbench.engine.log_histogram import BINS, HISTOGRAM_LOW, HISTOGRAM_WIDTH, LogHistogram
from dlbench.engine.schedule import SHARE, ProbeBudget, evaluation_steps, probe_steps
from dlbench.engine.stacked_net import Taps
from dlbench.parts.rows import Slot

pytestmark = pytest.mark.usefixtures("either_way")

WIDE = {"kind": "normal", "mean": 0.0, "std": 3.0}
TINY = {"kind": "normal", "mean": 0.0, "std": 1e-13}


def test_measures_as_numpy() -> None:
    """Every measure of the first step is what numpy computes in double precision from the step's own tensors, to 1e-4."""
    plan = plan_of({"a": settings([dense(6, "sigmoid"), dense(4, "relu")], steps=1, points=1)}, seeds=range(3))
    before = trainer_of(plan)[0]
    taps = Taps()
    before._nets[0].forward(before._batches.take(0)[0], training=True, taps=taps)
    gradients = gradient_at(before, 0)
    after, events = trained(plan)
    (probe,) = events.of("probe")
    watched = [slot for slot in after._update.groups[0][0].slots if not slot.is_bias]

    for layer, (slot, tap) in enumerate(zip(watched, taps.outputs, strict=True)):
        for trial in range(3):
            gradient, old, new = (
                slot.of(rows)[trial].double().numpy()
                for rows in (gradients, before.tensors.weights, after.tensors.weights)
            )
            output = tap[trial].double().numpy()
            expected = {
                "gradient_norm": np.sqrt((gradient**2).sum()),
                "weight_norm": np.sqrt((old**2).sum()),
                "update_ratio": np.sqrt(((new - old) ** 2).sum() / (old**2).sum()),
                "activation_mean": output.mean(),
                "activation_std": output.std(),
                "zero_fraction": (output == 0).mean(),
            }
            for name, value in expected.items():
                assert probe[name][trial][layer] == pytest.approx(value, rel=1e-4, abs=1e-7), name
            assert (
                probe["gradient_histogram"][trial][layer].sum() + probe["gradient_zeros"][trial][layer] == gradient.size
            )


def test_saturated_share_counts_outputs_near_the_bounds() -> None:
    """A sigmoid driven to its ends is wholly saturated, at 0 it is not at all, and ReLU and logits have no such share."""
    huge = {"kind": "constant", "value": 1000.0}
    layers = [dense(3, "sigmoid", init=huge), dense(3, "sigmoid", init={"kind": "zeros"}), dense(2, "relu")]
    data = {"kind": "xor", "copies": 1, "noise": 0.0}
    _, events = trained(plan_of({"a": settings(layers, data=data, steps=1, points=1)}))
    (probe,) = events.of("probe")

    # One of the four points is the origin, where even huge weights give sigmoid(0) = 1/2.
    assert probe["saturated_fraction"][0].tolist()[:2] == [0.75, 0.0]
    assert np.isnan(probe["saturated_fraction"][0][2:]).all()


def test_a_sweep_of_an_activations_number_is_measured_trial_by_trial() -> None:
    """Where the trials of a stack differ in a slope or an alpha, each has the saturated share it has alone."""
    for kind, argument in (("elu", "alpha"), ("leaky_relu", "slope")):
        nets = {}
        for number in (0.1, 1.0, 3.0):
            own = {**dense(9, init=WIDE), "activation": {"kind": kind, argument: number}}
            nets[str(number)] = settings([{"kind": "flatten"}, own], data="digits", steps=1, points=1)
        plan = plan_of(nets, seeds=[0, 1])
        together = trained(plan)[1].of("probe")[0]["saturated_fraction"]
        order = [plan.trials[trial].variant for trial in plan.stacks[0].trials]

        assert len(plan.stacks) == 1
        for name, net in nets.items():
            alone = trained(plan_of({name: net}, seeds=[0, 1]))[1].of("probe")[0]["saturated_fraction"]
            rows = [row for row, variant in enumerate(order) if variant == name]
            np.testing.assert_allclose(together[rows], alone, atol=1e-6)
            assert np.isnan(alone[:, 0]).all() if kind == "leaky_relu" else (alone[:, 0] > 0.05).all()


def test_tiny_gradients_do_not_underflow() -> None:
    """A gradient of 1e-30, whose square single precision cannot hold, has a norm that is not zero."""
    layers = [{"kind": "flatten"}, dense(4, init=TINY), dense(4, init=TINY), dense(4, init=TINY)]
    _, events = trained(plan_of({"a": settings(layers, data="digits", steps=1, points=1)}))
    (probe,) = events.of("probe")

    assert 0 < probe["gradient_norm"][0][0] < 1e-24


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=50))
def test_histogram_as_numpy(values: list[float]) -> None:
    """The histogram counts every finite value where numpy's log2 puts it, zeros apart, NaN and infinity nowhere."""
    gradient = torch.tensor([values], dtype=torch.float32)
    slot = Slot("dense1.weight", 0, len(values), (len(values),), is_bias=False, fan_in=1)
    counts = LogHistogram([[slot]], len(values)).count(gradient)[0, 0].numpy()

    expected = np.zeros(BINS + 1)
    for value in gradient[0].double().tolist():
        if value == 0:
            expected[BINS] += 1
        elif abs(value) < 2.0**127:
            place = (math.floor(math.log2(abs(value))) - HISTOGRAM_LOW) // HISTOGRAM_WIDTH
            expected[min(max(place, 0), BINS - 1)] += 1
    assert counts.tolist() == expected.tolist()


@given(steps=st.integers(1, 10**6), points=st.integers(2, 400))
def test_probe_steps_are_dense_at_first_and_bounded(steps: int, points: int) -> None:
    """Probes are taken at the first and the last step, at no more than `points` + 2 steps, and never apart from the run."""
    chosen = probe_steps(steps, points)

    assert chosen[0] == 0
    assert chosen[-1] == steps - 1
    assert len(chosen) <= points + 2
    assert chosen == sorted(set(chosen))


def test_dear_probes_are_thinned_out_to_their_share() -> None:
    """When a probe costs ten steps, so many are left out that all together stay near five hundredths of the time."""
    steps, price = 4000, 10.0
    budget = ProbeBudget(steps, 200)
    taken = [step for step in range(steps) if budget.wants(step, float(step)) and budget.took(price) is None]

    assert budget.spent <= 1.25 * SHARE * steps + 5 * price
    assert taken[0] == 0
    assert taken[-1] == steps - 1


def test_dear_probes_reach_to_the_end() -> None:
    """However dear a probe is in the slow first steps, no tenth of the run is left without one where the share allows twenty."""
    steps, price = 10_000, 10.0
    budget = ProbeBudget(steps, 200)
    taken = [s for s in range(steps) if budget.wants(s, 300.0 + s) and budget.took(price) is None]

    assert {step // 1000 for step in taken} == set(range(10))
    assert budget.spent <= 1.5 * SHARE * steps


def test_cheap_probes_are_all_taken() -> None:
    """When a probe costs a hundredth of a step, none is left out."""
    steps = 1000
    budget = ProbeBudget(steps, 200)

    taken = [s for s in range(steps) if budget.wants(s, float(s)) and budget.took(0.01) is None]
    assert taken == probe_steps(steps, 200)


@pytest.mark.parametrize(
    ("every", "by_epochs", "expected"),
    [("auto", False, 101), ("auto", True, 11), ("epoch", False, 11), (250, True, 5)],
)
def test_evaluations(every: str | int, by_epochs: bool, expected: int) -> None:
    """A thousand steps of a hundred an epoch are evaluated before the first, at the interval, and after the last."""
    steps = evaluation_steps(every, steps=1000, steps_per_epoch=100, by_epochs=by_epochs)

    assert (steps[0], steps[-1], len(steps)) == (0, 1000, expected)
