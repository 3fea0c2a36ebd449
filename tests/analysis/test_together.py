"""A table's intervals hold together; ratios multiply; far seeds are told."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from synthetic_run import LN2, finished, make_plan, probe_event, state_of

from dlbench.analysis.comparison import DIFFERENCE, best, build_table, pairwise_alpha
from dlbench.analysis.statistics.intervals import has_far, paired_difference, summarize
from dlbench.analysis.summary import report
from dlbench.export import EXPORTERS
from dlbench.export.json_data import as_data
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.format import spread_text
from dlbench.metrics.quantity import RATIO, RESOLUTION
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.text.cells import cell_parts
from dlbench.text.notes import table_notes

NAMES = ["base", "a", "b", "c"]
ACCURACIES = {name: np.random.default_rng(i).normal(0.8, 0.02, 6).round(4).tolist() for i, name in enumerate(NAMES)}
COMPARE = Compare("test_accuracy", "base")


def state_with(values):
    """A finished run with these test accuracies."""
    plan = make_plan(list(values), len(next(iter(values.values()))))
    return state_of(plan, finished(plan, lambda trial: {"test_accuracy": values[trial.variant][trial.seed]}))


def table_of(values, compare=COMPARE):
    """Its table."""
    state = state_with(values)
    return build_table(state, state.plan, compare)


def test_differences_have_simultaneous_intervals():
    """Against m variants each interval is scipy's paired one at 1 - 0.05 / m, and the column says so."""
    state = state_with(ACCURACIES)
    table = build_table(state, state.plan, COMPARE)
    column = next(one for one in table.columns if one.is_difference)
    assert column.title == "test_accuracy against base (95 %, m = 3)"
    assert "95 %, m = 3: the intervals are simultaneous; with 95 % confidence, all 3 hold" in table_notes(table, state)
    for row in table.rows[1:]:
        cell, pairs = row.cells[DIFFERENCE], (ACCURACIES[row.variant], ACCURACIES["base"])
        for interval, level in ((cell.interval, 1 - 0.05 / 3), (cell.plain_interval, 0.95)):
            oracle = stats.ttest_rel(*pairs).confidence_interval(level)
            assert (interval.low, interval.high) == pytest.approx((oracle.low, oracle.high), rel=1e-4, abs=1e-6)


def test_one_difference_has_the_plain_interval():
    """Where only one variant is held against the baseline, the interval is that of 95 % alone."""
    table = table_of({name: ACCURACIES[name] for name in NAMES[:2]})
    assert next(one for one in table.columns if one.is_difference).title == "test_accuracy against base (95 %)"
    cell = table.rows[1].cells[DIFFERENCE]
    assert cell.interval == cell.plain_interval


def test_exports_have_both_intervals_by_name():
    """The csv and the JSON of a difference have the simultaneous interval and the plain one, a claim the plain one and both p."""
    state = state_with(ACCURACIES)
    claim = Claim(says="it is so", source="measured", variant="a", metric="test_accuracy", at_least=0.5)
    found = report(state, Questions(compare=COMPARE, claims=[claim, claim]))
    data = as_data(found)
    told, (low, high) = (
        data["claims"][0],
        stats.t.interval(0.95, 5, np.mean(ACCURACIES["a"]), stats.sem(ACCURACIES["a"])),
    )
    assert told["plain_interval"] == told["interval"] == pytest.approx([low, high])
    assert told["p_holm"] == pytest.approx(2 * told["p"])
    column = next(one for one in data["columns"] if one["is_difference"])
    assert (column["comparisons"], column["confidence"]) == (3, pytest.approx(1 - 0.05 / 3))
    cell = data["rows"][1]["cells"][DIFFERENCE]
    assert cell["interval"][0] < cell["plain_interval"][0] < cell["plain_interval"][1] < cell["interval"][1]
    row = list(csv.DictReader(io.StringIO(EXPORTERS["csv"].make(found))))[1]
    assert [float(row[f"difference_{end}"]) for end in ("low", "high")] == cell["interval"]
    assert [float(row[f"difference_plain_{end}"]) for end in ("low", "high")] == cell["plain_interval"]


def test_the_best_is_told_by_intervals_of_all_pairs():
    """A difference that one pair alone would show is none where it is the largest of six pairs."""
    values = {"a": {0: 0.80, 1: 0.81, 2: 0.83, 3: 0.80}, "b": {0: 0.82, 1: 0.84, 2: 0.845, 3: 0.81}}
    metric = METRICS["test_accuracy"]
    assert stats.ttest_rel(list(values["a"].values()), list(values["b"].values())).pvalue == pytest.approx(
        0.015, abs=0.01
    )
    assert best(values, metric, pairwise_alpha(2)) == {"b"}
    assert best(values, metric, pairwise_alpha(4)) == {"a", "b"}
    assert pairwise_alpha(4) == pytest.approx(0.05 / 6)


RATIOS = [2.0, 0.5, 8.0, 1.0, 30.0]


def test_ratios_have_a_geometric_mean_and_a_factor():
    """Mean, spread and interval are scipy's, on the scale of the logarithm; a seed without a ratio above 0 is left out."""
    found = summarize([*RATIOS, 0.0], RATIO)
    low, high = stats.t.interval(0.95, 4, np.mean(np.log(RATIOS)), stats.sem(np.log(RATIOS)))
    assert (found.n, found.mean, found.std) == (
        5,
        pytest.approx(stats.gmean(RATIOS)),
        pytest.approx(stats.gstd(RATIOS)),
    )
    assert (found.interval.low, found.interval.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert spread_text(found.std, METRICS["first_last_gradient_ratio"], ".3f") == "×÷ 5.19"


def test_ratios_differ_by_a_factor():
    """The difference of two ratios is their quotient, seed by seed, over the seeds that have one."""
    found = paired_difference([4.0, 8.0, 0.0, 2.0], [1.0, 1.0, 1.0, 1.0], RATIO)
    assert (found.n, found.mean) == (3, pytest.approx(4.0))


def test_seeds_without_a_ratio_are_counted():
    """A note has how many seeds a geometric mean leaves out, since their gradient is exactly 0."""
    plan = make_plan(["a"], 4)
    events = finished(plan, lambda trial: {"test_accuracy": 0.5 + trial.seed / 10, "train_loss": LN2})
    norms = [[0.0, None, 1.0], [1.0, None, 2.0], [2.0, None, 1.0], [0.5, None, 1.0]]
    state = state_of(plan, [*events[:-1], probe_event(0, 100, norms), events[-1]])
    table = build_table(state, plan, Compare("test_accuracy"))
    column = next(one for one in table.all_columns if one.key == "first_last_gradient_ratio")
    cell = table.rows[0].cells["first_last_gradient_ratio"]
    assert (cell.n, cell.mean) == (3, pytest.approx(stats.gmean([0.5, 2.0, 0.5])))
    assert cell_parts(cell, column)[1].endswith("n=3)")
    assert "seeds without a first_last_gradient_ratio above 0 are left out of its geometric mean: a (1)" in table_notes(
        table, state
    )


LOST = [0.98, 0.981, 0.979, 0.982, 0.978, 0.98, 0.981, 0.979, 0.98, 0.5]


def test_a_median_stands_beside_a_mean_with_a_lost_seed():
    """One seed of ten that was lost moves the mean far from the others: the cell has the median, and a note says why."""
    state = state_with({"a": LOST, "b": [0.9 + i / 1000 for i in range(10)]})
    table = build_table(state, state.plan, Compare("test_accuracy", "b"))
    lost, usual = (cell_parts(row.cells["test_accuracy"], table.columns[0])[1] for row in table.rows)
    assert cell_parts(table.rows[0].cells[DIFFERENCE], table.columns[1])[1].endswith("] (median +0.0750)")
    assert lost == "± 0.1518 (median 0.9800)"
    assert "median" not in usual
    assert any("a seed lies far from the others (test_accuracy" in note for note in table_notes(table, state))


@pytest.mark.parametrize(
    ("values", "is_far"),
    [
        ([0.98] * 9 + [0.5], True),
        ([1.0, 1.0, 1.0, 1.0, 0.5], True),
        ([0.5, 0.5, 0.4583], False),
        ([0.5] * 9 + [0.4583], False),
        ([40.0, 40.0, 40.0, 20.0, 20.0], False),
        ([0.0] * 9 + [0.1], True),
    ],
)
def test_a_step_of_a_count_is_not_far_from_equal_numbers(values, is_far):
    """Among equal numbers one that is a test sample or an evaluation away is not told as lost; one lost seed of many is."""
    assert has_far(values) == is_far


@pytest.mark.parametrize("n", [3, 5, 10, 30])
def test_far_is_what_lies_ten_robust_deviations_away(n):
    """The rule is scipy's median absolute deviation, scaled as for normal numbers; few normal samples meet it."""
    random, met = np.random.default_rng(n), 0
    for _ in range(200):
        sample = random.standard_normal(n)
        far = np.abs(sample - np.median(sample)).max() / stats.median_abs_deviation(sample, scale="normal")
        if abs(far - 10) > 0.01:
            assert has_far(sample.tolist()) == (far > 10)
        met += far > 10
    assert met <= 200 * {3: 0.16, 5: 0.06, 10: 0.02, 30: 0.0}[n]


def test_numbers_that_only_rounding_parts_are_not_far():
    """Numbers of which each is within rounding of the median, though the ends are not of each other, have none that is far."""
    step = RESOLUTION * 0.6931472
    assert not has_far([0.6931472 - 0.7 * step, 0.6931472, 0.6931472, 0.6931472 + 0.7 * step])


@given(st.lists(st.floats(0.6931465, 0.6931479), min_size=1, max_size=12))
def test_close_numbers_are_summarized(values):
    """Numbers about as close as rounding have a mean between their ends, whatever they are."""
    assert min(values) <= summarize(values).mean <= max(values)
