"""What older versions called measures is read for ever: in events, in breakpoints, in what a checkpoint keeps of them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from synthetic_run import make_plan, probe_event, stack_event, state_of

from dlbench.engine.breakpoints import BreakpointWatch
from dlbench.measures.catalog import MEASURES
from dlbench.measures.older_names import OLDER_NAMES
from dlbench.plan.breakpoints import parse, pattern, spelling, watchable

OLDER_MEASURES = {older: name for older, name in OLDER_NAMES.items() if name in MEASURES}
OLDER_CONDITIONS = {older: name for older, name in OLDER_NAMES.items() if name in watchable()}


def test_probes_of_older_runs_are_read():
    """A probe event by older names folds into the state that one by today's names makes."""
    plan = make_plan(["a"], 2)
    norms = [[0.1, None, 0.2]] * 2
    numbers = {name: [[0.25 * place, None, 0.5]] * 2 for place, name in enumerate(OLDER_MEASURES, 1)}
    newer = {OLDER_MEASURES[name]: values for name, values in numbers.items()}
    old, new = (
        state_of(plan, [stack_event(0), probe_event(0, 5, norms, **fields)]).trials[1] for fields in (numbers, newer)
    )

    for name in newer:
        np.testing.assert_array_equal(old.probe(name), new.probe(name))
        assert np.isfinite(old.probe(name)).sum() == 2


def test_a_run_outlives_its_measures():
    """What a probe says of every layer is kept though no measure of today is called so; what has another shape is not."""
    plan = make_plan(["a"], 2)
    fields = {"curvature": [[1.0, 2.0, None]] * 2, "per_trial": [1.0, 2.0]}
    trial = state_of(plan, [stack_event(0), probe_event(0, 5, [[0.1, 0.2, 0.3]] * 2, **fields)]).trials[1]

    np.testing.assert_array_equal(trial.probe("curvature"), [[1.0, 2.0, np.nan]])
    assert trial.stack.probes.series("per_trial") is None


@pytest.mark.parametrize(("older", "name"), OLDER_CONDITIONS.items())
def test_conditions_by_older_names_are_read(older, name):
    """A condition is the same by either name, is spelled by today's, and editors take both."""
    assert parse(f"{older} < 0.5 in a") == parse(f"{name} < 0.5 in a")
    assert spelling(f"{older}<.5") == f"{name} < 0.5"
    assert spelling("nothing at all") == "nothing at all"
    assert re.match(pattern(), f"{older} > 1e-3")


@pytest.mark.parametrize(("older", "name"), OLDER_CONDITIONS.items())
def test_hits_of_older_runs_are_told_by_todays_names(older, name):
    """What an older run's breakpoint event says of its condition is told in today's words."""
    plan = make_plan(["a"], 2)
    hit = {"kind": "breakpoint", "stack": 0, "step": 5, "trial": 1, "layer": None, "value": 1.0, "paused": False}
    state = state_of(plan, [stack_event(0), {**hit, "when": f"{older} < 0.5"}])

    assert [one.when for one in state.hits] == [f"{name} < 0.5"]


def test_a_checkpoint_of_before_keeps_what_has_fired():
    """A condition that fired under an older name does not fire again after a resume by this version."""
    watch = BreakpointWatch(0, 100, ["a", "b"], [], lambda *_, **__: None)
    saved = {"zero_share > 0.9": {"fired": [True, False], "runs": [0, 0], "last": [0.1, 0.2]}}
    watch.restore(saved, [parse("zero_fraction > 0.9")])

    assert watch.state()["zero_fraction > 0.9"]["fired"] == [True, False]
