"""Following the training from trial to trial."""

from __future__ import annotations

from model_runs import begins, diverged, ended, make_plan, view_of

from dlbench.tui.model.follow import follow, look_at

PLAN = make_plan(("sigmoid", "relu", "tanh"), seeds=2)


def following(events):
    """A view that follows the training."""
    view = view_of(PLAN, events)
    view.focus.follow = True
    return view


def test_the_trial_stays_while_its_stack_runs():
    """A trial whose stack runs is kept, whatever else has begun, even when it diverged itself."""
    view = following([begins(0), begins(1), diverged(5, 0, 0)])
    assert follow(view) == 0


def test_when_it_ends_a_running_one_is_next():
    """The same seed of the next variant that runs is shown when the stack has ended, round from the last to the first."""
    view = following([begins(0), begins(1), ended(0), begins(2)])
    view.focus.trial = 1
    assert follow(view) == 3
    view.focus.trial = 3
    view.state.apply([ended(1)])
    assert follow(view) == 5
    view.state.apply([begins(0), ended(2)])
    view.focus.trial = 5
    assert follow(view) == 1


def test_diverged_and_filtered_trials_are_the_last_choice():
    """A trial that has diverged, or that the filter hides, is shown only where there is no better."""
    view = following([begins(1), diverged(5, 0, 1)])
    assert follow(view) == 3
    view = following([begins(1), begins(2)])
    view.focus.filter = "tanh"
    assert follow(view) == 4
    view.focus.filter = "nothing of that name"
    assert follow(view) == 2


def test_held_or_idle_it_stays():
    """Where nothing runs, and where the trial is held, as it is from the beginning, it does not change."""
    assert follow(following([])) == 0
    view = view_of(PLAN, [begins(1)])
    assert follow(view) == 0


def test_what_stands_beside_comes_along_with_the_same_seed():
    """Whoever goes to another seed, or to another variant, sees the same seed of both; a trial never stands beside itself."""
    view = view_of(PLAN, [])
    look_at(view, 1)
    assert (view.focus.trial, view.focus.beside) == (1, None)

    view.focus.beside = 5
    look_at(view, 0)
    assert (view.focus.trial, view.focus.beside) == (0, 4)
    look_at(view, 3)
    assert (view.focus.trial, view.focus.beside) == (3, 5)
    look_at(view, 4)
    assert (view.focus.trial, view.focus.mate) == (4, None)
    look_at(view, 1)
    assert (view.focus.trial, view.focus.beside) == (1, 5)
