"""The learning-rate range test finds rates of curves whose shape is known."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from cases import dense, plan_of, settings, trainer_of
from rich.console import Console

from dlbench.analysis.rate_range import RateRange, alike, growing, rate_curve, rate_ranges
from dlbench.export.plots.rate_range import rate_range_picture
from dlbench.plan import Candidate
from dlbench.state.run_state import RunState
from dlbench.text.blocks import Terminal
from dlbench.text.rate_range import bars, render_rate_ranges
from dlbench.words.number_format import number

LOW, HIGH, STEPS = 1e-6, 10.0, 200
RATES = np.geomspace(LOW, HIGH, STEPS)


def dip(steepest: float, low: float = 0.2) -> np.ndarray:
    """A loss that falls from 1 to `low` as a logistic curve of the rate's decades, fastest at `steepest`."""
    return low + (1 - low) / (1 + np.exp(4 * np.log10(RATES / steepest)))


@pytest.mark.parametrize("steepest", [1e-4, 1e-2, 0.5])
def test_the_rate_is_found_where_the_loss_falls_fastest(steepest):
    """Of a logistic fall the steepest rate is its middle, to two steps of the rate; smoothing does not move it."""
    found = rate_curve(0, LOW, HIGH, STEPS, dip(steepest))

    assert abs(np.log(found.steepest / steepest)) < 2 * np.log(RATES[1] / RATES[0])
    assert found.end is None
    np.testing.assert_array_equal(found.rates, RATES)


def test_noise_of_batches_moves_it_little():
    """With noise of a twentieth of the fall the suggestion of ten seeds stays within a factor of two."""
    random = np.random.default_rng(0)
    curves = [rate_curve(seed, LOW, HIGH, STEPS, dip(1e-2) + random.normal(0, 0.04, STEPS)) for seed in range(10)]

    assert 0.005 < RateRange("a", "a", {}, 0.1, curves).suggestion < 0.02


def test_the_end_is_where_the_loss_blows_up_or_is_no_number():
    """From four times the lowest loss on, or from the first that is none, nothing is looked at."""
    losses = dip(1e-3)
    losses[150:] = 1e3
    blown, diverged = (rate_curve(0, LOW, HIGH, STEPS, told) for told in (losses, dip(1e-3)[:150]))

    assert blown.end == pytest.approx(RATES[150], rel=0.6)
    assert diverged.end == pytest.approx(RATES[150])
    for found in (blown, diverged):
        assert found.lowest < found.end
        assert found.steepest == pytest.approx(1e-3, rel=0.3)


@pytest.mark.parametrize(
    "losses", [np.full(STEPS, 0.6931), np.linspace(1, 3, STEPS), np.random.default_rng(1).normal(1, 0.1, STEPS), [1.0]]
)
def test_where_no_rate_lowers_the_loss_none_is_suggested(losses):
    """A flat loss, one that only grows, one that is all noise, and one that ends at once suggest nothing."""
    found = rate_curve(0, LOW, HIGH, STEPS, np.asarray(losses))

    assert (found.steepest, found.lowest) == (None, None)
    assert RateRange("a", "a", {}, 0.1, [found]).suggestion is None


def test_the_suggestion_is_the_seeds_geometric_mean():
    """Seeds count by the logarithm of their rates; with fewer than half of them there is none."""
    flat = rate_curve(9, LOW, HIGH, STEPS, np.ones(STEPS))
    two = [rate_curve(seed, LOW, HIGH, STEPS, dip(rate)) for seed, rate in enumerate((1e-4, 1e-2))]

    assert RateRange("a", "a", {}, 0.1, [*two, flat]).suggestion == pytest.approx(1e-3, rel=0.1)
    assert RateRange("a", "a", {}, 0.1, [*two, flat, flat, flat]).suggestion is None


def test_variants_that_differ_in_what_is_replaced_are_one():
    """Rates, schedules and lengths do not tell candidates apart here, optimizers do."""
    slow, fast, adam = (
        Candidate(name, {}, settings(optimizer=optimizer, steps=steps) | {})
        for name, optimizer, steps in (
            ("slow", {"kind": "sgd", "lr": 0.01}, 10),
            ("fast", {"kind": "sgd", "lr": 1.0}, 99),
            ("adam", {"kind": "adam", "lr": 0.01}, 10),
        )
    )

    assert alike([slow, fast, adam], LOW, HIGH, STEPS) == [[slow, fast], [adam]]


def test_a_net_takes_every_step_with_its_own_rate():
    """The losses that are told are those of a training whose rate is set by hand before every step."""
    candidate = growing(Candidate("a", {}, settings([dense(4)], every=1)), 1e-2, 1.0, 12)
    plan = plan_of({"a": candidate.settings}, seeds=[0, 3])
    looking, events = trainer_of(plan)
    looking.look()
    by_hand, _ = trainer_of(plan_of({"a": settings([dense(4)], steps=12)}, seeds=[0, 3]))
    expected = []
    for step, rate in enumerate(np.geomspace(1e-2, 1.0, 12)):
        by_hand._update.change_rates([(0, float(rate)), (1, float(rate))])
        expected.append(by_hand.ways.steps.take(step, 1)[0].tolist())
    state = RunState(plan)
    state.apply(events)
    (found,) = rate_ranges(state, [[Candidate("a", {}, settings([dense(4)]))]], 1e-2, 1.0)

    told = np.array([curve.losses for curve in found.curves])
    np.testing.assert_allclose(told.T, expected, rtol=1e-5)
    assert found.lr == 0.5


@pytest.mark.parametrize("in_ascii", [False, True])
def test_the_terminal_shows_the_shape(in_ascii):
    """The line of bars falls where the loss falls, and marks what has ended."""
    losses = dip(1e-3)
    line = bars([rate_curve(0, LOW, HIGH, STEPS, losses[:150])], in_ascii=in_ascii)

    assert line[0] == ("#" if in_ascii else "█")
    assert line[-1] == ("x" if in_ascii else "·")
    assert line.isascii() is in_ascii
    console = Console(width=80, record=True, color_system=None)
    found = RateRange("relu", "relu", {}, 0.1, [rate_curve(0, LOW, HIGH, STEPS, losses)], ["slow"])
    console.print(render_rate_ranges([found], Terminal(80, color=False, ascii=in_ascii, language="en")))
    text = console.export_text()
    assert line[:10] in text
    assert "slow" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_figure_names_every_variant_and_its_rate():
    """The SVG has a panel a variant with its suggestion above it, and says so where there is none."""
    good, flat = dip(1e-2), np.ones(STEPS)
    found = [
        RateRange(name, name, {}, 0.1, [rate_curve(0, LOW, HIGH, STEPS, told)])
        for name, told in (("relu", good), ("<none>", flat))
    ]
    root = ET.fromstring(rate_range_picture(found, "svg"))
    texts = [text for node in root.iter() if node.tag.endswith("text") and (text := "".join(node.itertext()).strip())]

    assert f"relu: {number(found[0].suggestion)}" in texts
    assert "<none>: no rate" in texts
