"""A run that gets seeds while it is looked at."""

from __future__ import annotations

from dataclasses import replace

from model_runs import begins, evaluated, make_folder, make_plan, write_events

from dlbench.plan import UntilDecided
from dlbench.plan.questions import Questions
from dlbench.run.adding import adding
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.liveness import EVERY_SECONDS, Liveness
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import REGROUP_SECONDS, FolderSource
from dlbench.tui.model.view import View


def test_a_plan_that_has_grown_is_taken_up(tmp_path):
    """A dashboard shows the further trials and their numbers a moment after they were added, and those that it had."""
    plan = replace(make_plan(), questions=Questions(), until_decided=UntilDecided([0], 100))
    folder, clock = make_folder(tmp_path, plan), [0.0]
    write_events(folder, [begins(), evaluated(10, [1, 1])])
    view = View(run_info(folder))
    feed = Feed(view, FolderSource(folder, now=lambda: clock[0]), folder, now=lambda: clock[0])
    view.wants_report = True
    while feed.beat():
        pass
    before = [trial.steps for trial in view.state.trials]
    added = replace(plan.stacks[0], trials=[len(plan.trials)])
    trial = replace(plan.trials[0], id="added", seed=99)
    workers = [replace(plan.workers[0], stacks=[*plan.workers[0].stacks, len(plan.stacks)]), *plan.workers[1:]]
    folder.write_plan(replace(plan, trials=[*plan.trials, trial], stacks=[*plan.stacks, added], workers=workers))
    write_events(folder, [begins(stack=len(plan.stacks)), evaluated(20, [1], stack=len(plan.stacks))], worker=1)
    clock[0] += 2 * REGROUP_SECONDS
    while feed.beat():
        pass
    assert [list(one.steps) for one in view.state.trials[:-1]] == [list(steps) for steps in before]
    assert [row.n_run for row in view.report.table.rows] == [3, 2]
    assert (view.state.trials[-1].plan.seed, list(view.state.trials[-1].steps)) == (99, [20])


def test_a_run_is_under_way_while_somebody_adds_seeds(tmp_path):
    """Between two batches, with no worker there, it runs; once nobody adds any more it is looked at again, and has ended."""
    folder, clock = make_folder(tmp_path, replace(make_plan(), until_decided=UntilDecided([0], 100))), [0.0]
    liveness = Liveness(folder, now=lambda: clock[0])
    with adding(folder):
        liveness.look()
        assert (liveness.status.state, liveness.status.to_come) == ("running", 0)
    clock[0] += 2 * EVERY_SECONDS
    liveness.look()
    assert (liveness.status.state, liveness.status.to_come) == ("empty", None)
