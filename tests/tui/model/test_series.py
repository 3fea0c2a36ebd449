"""What the charts draw: grids, one step's layers, histograms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_runs import HEALTHY, LAYERS, begins, diverged, evaluated, make_plan, probed, view_of

from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import HISTOGRAM, MISSING, ZEROS
from dlbench.tui.model.series import (
    broken_layers,
    grid,
    histogram_at,
    lacks_gradient,
    layer_values,
    probe_step,
    probe_steps,
)

NOTHING = np.nan


def even(*records):
    """A view of these records whose pictures have even steps."""
    view = view_of(make_plan(), [begins(), *records])
    view.focus.log_steps = False
    return view


def rows(values):
    """Layers as numbers, NaN for what is missing."""
    return [NOTHING if value is None else value for value in values]


@pytest.mark.parametrize("measure", MEASURES)
def test_a_grid_has_every_probe_and_layer(measure):
    """A short run is drawn probe by probe; what a layer does not have is missing and not broken."""
    others = [None if value is None else 3.0 for value in HEALTHY[measure]]
    view = even(probed(0), probed(1, **{measure: others}), probed(5))
    found = grid(view, 1, measure)
    healthy = rows(HEALTHY[measure])
    expected = np.array([healthy, rows(others), *[[NOTHING] * 4] * 3, healthy])
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)
    assert found.starts.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.ends.tolist() == [1, 2, 3, 4, 5, 6]
    assert found.filled.tolist() == [True, True, False, False, False, True]
    assert not found.broken.any()


def test_a_grid_of_a_long_run_keeps_peaks():
    """Where a column has many probes it shows the largest, whatever the others are."""
    norms = np.ones(4000)
    norms[[7, 1234, 3999]] = 50.0
    events = [probed(i, gradient_norm=[float(norm), None, 1.0, 1.0]) for i, norm in enumerate(norms)]
    found = grid(even(*events), 0, "gradient_norm")
    assert len(found.starts) <= 512
    assert found.filled.all()
    peaks = np.flatnonzero(found.values[:, 0] == 50)
    assert [(int(found.starts[peak]), int(found.ends[peak])) for peak in peaks] == [(0, 8), (1232, 1240), (3992, 4000)]


def test_a_grid_of_logarithmic_steps_keeps_the_first_of_them_apart():
    """The first steps have columns of their own however long the run is, later columns grow with the step; peaks stay."""
    norms = np.ones(40_000)
    norms[[7, 20, 39_999]] = 50.0
    steps = np.unique(np.append(np.geomspace(1, 40_000, 200).astype(int) - 1, [7, 20]))
    events = [probed(int(step), gradient_norm=[float(norms[step]), None, 1.0, 1.0]) for step in steps]
    found = grid(view_of(make_plan(), [begins(), *events]), 0, "gradient_norm")
    peaks = found.starts[found.values[:, 0] == 50].tolist()
    assert peaks[:2] == [7, 20]
    assert peaks[2] <= 39_999 < found.ends[-1]
    assert (found.ends[:-1] == found.starts[1:]).all()
    assert set(np.diff(found.starts)) == {2**power for power in range(11)}
    assert len(found.starts) <= 512


@given(st.lists(st.integers(0, 900), min_size=1, max_size=20, unique=True), st.data())
def test_broken_is_what_was_not_finite_in_a_layer_that_has_it(steps, data):
    """NaN of a layer with weights is broken where it was measured; a layer without weights never is."""
    lost = data.draw(st.sets(st.sampled_from(steps)))
    events = [probed(step, gradient_norm=[None if step in lost else 1.0, None, 1.0, 1.0]) for step in sorted(steps)]
    found = grid(view_of(make_plan(), [begins(), *events]), 0, "gradient_norm")
    columns = {int(np.searchsorted(found.starts, step, side="right")) - 1 for step in lost}
    assert set(np.flatnonzero(found.broken[:, 0])) == columns
    assert not found.broken[:, 1:].any()


def test_a_ratio_to_weights_that_are_zero_is_missing():
    """A net that begins with all weights zero has no update ratio at first, which is nothing broken."""
    events = [probed(0, weight_norm=[0.0, None, 0.0, 0.0], update_ratio=[None] * 4), probed(1)]
    found = grid(view_of(make_plan(), [begins(), *events]), 0, "update_ratio")
    assert np.isnan(found.values[0]).all()
    assert not found.broken.any()


def test_after_a_divergence_everything_is_broken():
    """From the step of the divergence on every layer is broken, up to where its stack has come; before it nothing is."""
    events = [probed(0), probed(10), diverged(20), evaluated(100, [None, 1.0])]
    view = view_of(make_plan(), [begins(), *events])
    view.focus.log_steps = False
    found = grid(view, 0, "gradient_norm")
    assert found.starts[-1] == 100
    assert found.broken[20:].all()
    assert found.filled[20:].all()
    assert not found.broken[:20].any()
    other = grid(view, 1, "gradient_norm")
    assert other.starts[-1] == 10
    assert not other.broken.any()


@pytest.mark.parametrize("reached", [1000, 10**6])
@pytest.mark.parametrize("log_steps", [False, True])
def test_a_grid_is_bounded_however_late_a_trial_diverges(reached, log_steps):
    """One probe at the beginning and a divergence at the end make no wider grid than many probes."""
    view = view_of(make_plan(), [begins(), probed(0), diverged(reached), evaluated(reached, [None, 1.0])])
    view.focus.log_steps = log_steps
    found = grid(view, 0, "zero_fraction")
    assert len(found.starts) <= 512
    assert found.starts[-1] <= reached < found.ends[-1]
    assert found.broken[-1].all()
    assert not found.broken[0].any()


def test_a_dropped_trial_was_not_measured_any_more():
    """From the step on at which a trial was dropped its columns are empty and not broken, those of the others go on."""
    dropped = {"kind": "control", "id": "a", "action": "end_trial", "stack": 0, "step": 5, "trials": [0], "error": None}
    late = probed(8) | {name: [[None] * 4, row] for name, row in HEALTHY.items()}
    view = view_of(make_plan(), [begins(), probed(0), dropped, late])
    found = grid(view, 0, "gradient_norm")
    assert found.filled.tolist() == [True] + [False] * 8
    assert not found.broken.any()
    assert grid(view, 1, "gradient_norm").filled.tolist() == [True] + [False] * 7 + [True]
    assert [probe_step(view, trial) for trial in (0, 1)] == [0, 8]
    assert [probe_steps(view, trial) for trial in (0, 1)] == [[0], [0, 8]]


def test_a_grid_follows_the_run():
    """What is drawn again after new probes, and after a resume that voids old ones, is what there is."""
    view = view_of(make_plan(), [begins(), probed(0), probed(1)])
    assert len(grid(view, 0, "gradient_norm").starts) == 2
    view.state.apply([probed(2, gradient_norm=[9.0, None, 9.0, 9.0])])
    assert grid(view, 0, "gradient_norm").values[2, 0] == 9
    view.state.apply([begins(step=1, session=1), probed(2) | {"session": 1}])
    assert grid(view, 0, "gradient_norm").values[2, 0] == pytest.approx(0.1)


def test_nothing_measured_is_an_empty_grid():
    """Before the first probe, and for a measure that no probe has, a grid has no columns."""
    assert grid(view_of(make_plan(), []), 0, "gradient_norm").values.shape == (0, 0)
    event = probed(0)
    del event["zero_fraction"]
    found = grid(view_of(make_plan(), [begins(), event]), 0, "zero_fraction")
    assert found.values.shape == (0, len(LAYERS))


def test_one_step_is_that_of_the_nearest_probe():
    """The cursor's step means the probe nearest to it, the earlier of two; without a cursor the newest."""
    view = view_of(make_plan(), [begins(), *(probed(step, gradient_norm=[step, None, 1, 1]) for step in (0, 10, 20))])
    for cursor, step in ((None, 20), (0, 0), (4, 0), (5, 0), (6, 10), (14, 10), (16, 20), (99, 20)):
        view.focus.step = cursor
        assert probe_step(view, 0) == step
        values = layer_values(view, 0, "gradient_norm", 20 if cursor is None else cursor)
        np.testing.assert_array_equal(values, [step, NOTHING, 1, 1])
    view.focus.step = None
    assert probe_step(view, 2) is None
    assert layer_values(view, 2, "gradient_norm", 0).shape == (0,)


def test_a_histogram_is_the_last_one_before_a_step():
    """Counts and zeros are those of the trial's layer; a layer without weights has none, nor has a run without them."""
    counts = np.arange(2 * 4 * 40).reshape(2, 4, 40)
    zeros = np.arange(8).reshape(2, 4)
    event = probed(10) | {HISTOGRAM: counts.tolist(), ZEROS: zeros.tolist()}
    view = view_of(make_plan(), [begins(), event, probed(20)])
    found = histogram_at(view, 1, 15, 2)
    assert found is not None
    assert found[0].tolist() == counts[1, 2].tolist()
    assert found[1] == zeros[1, 2]
    assert histogram_at(view, 1, 15, 1) is None
    assert histogram_at(view, 1, 5, 2) is None
    assert histogram_at(view, 1, 15, 9) is None
    assert histogram_at(view, 2, 15, 0) is None


@pytest.mark.parametrize("measure", ["gradient_norm", "update_ratio"])
def test_a_gradient_that_is_missing_is_not_broken(measure):
    """A layer that had no gradient at a probe is empty there, neither 0 nor broken; one whose gradient is NaN is broken."""
    absent = probed(1, **{measure: [None, None, 3.0, 3.0], MISSING: [1, 0, 0, 0]})
    lost = probed(2, **{measure: [None, None, 3.0, 3.0], "weight_norm": [None, None, 1.0, 1.0]})
    view = even(probed(0), absent, lost)
    found = grid(view, 0, measure)

    assert found.broken[:, 0].tolist() == [False, False, True]
    assert np.isnan(found.values[:, 0]).tolist() == [False, True, True]
    assert [bool(broken_layers(view, 0, measure, step)[0]) for step in range(3)] == [False, False, True]
    assert [lacks_gradient(view, 0, step, 0) for step in range(3)] == [False, True, False]
