"""A trial that stopped early, as the dashboard tells of it while its stack goes on."""

from __future__ import annotations

from model_runs import begins, evaluated, make_plan, probed, view_of

from dlbench.metrics.trial_view import Status
from dlbench.tui.model.run_events import run_events
from dlbench.tui.model.series import grid, probe_steps
from dlbench.tui.widgets.lookup import marked_steps

RUN = [
    begins(0),
    *(event for step in range(0, 101, 10) for event in (evaluated(step, [0.5, 0.4]), probed(step))),
    {"kind": "early_stop", "stack": 0, "step": 60, "trial": 0, "best_step": 20},
]


def test_it_is_told_with_its_step_and_its_best():
    """The log has a line, the axis of the curves a mark, of that trial alone; it counts as done."""
    view = view_of(make_plan(), RUN)

    assert [one.line for one in run_events(view.state)] == [
        "step 60: sigmoid, seed 0 stopped early, back at its best of step 20"
    ]
    assert (marked_steps(view, 0), marked_steps(view, 1)) == ([60], [])
    assert [trial.status for trial in view.state.trials[:2]] == [Status.OK, Status.RUNNING]


def test_its_pictures_end_where_it_stopped():
    """What is probed of the stack afterwards belongs to the others: no column, no NaN, in the picture of its layers."""
    view = view_of(make_plan(), RUN)
    stopped, other = (grid(view, trial, "gradient_norm") for trial in (0, 1))

    assert probe_steps(view, 0)[-1] == 50 < probe_steps(view, 1)[-1]
    assert stopped.filled.sum() == other.filled.sum() - 5
    assert not stopped.broken.any()
