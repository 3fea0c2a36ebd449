"""The curves of a view: whose, of which data, and what they show."""

from __future__ import annotations

import numpy as np
import pytest
from model_runs import begins, diverged, evaluated, make_plan, view_of

from dlbench.tui.charts.ink import Ink
from dlbench.tui.model.curves import MOST_SEEDS, curve_series
from dlbench.tui.model.view import Overlay


def both(step, train, test, stack=0):
    """An evaluation of train and test data."""
    return evaluated(step, train, stack, test_loss=test, train_accuracy=train, test_accuracy=test)


def view_with(events, spread, plan=None, **focus):
    """A view of events with a focus."""
    view = view_of(plan or make_plan(), events)
    view.focus.spread = spread
    for name, value in focus.items():
        setattr(view.focus, name, value)
    return view


RUN = [
    begins(0),
    begins(1),
    *(both(step, [1.0, 3.0], [2.0, 4.0]) for step in (0, 10)),
    *(both(step, [5.0, 7.0], [6.0, 8.0], stack=1) for step in (0, 10)),
]


def facts(series):
    """What a chart is told, short."""
    return [(one.name, one.middle.tolist(), one.dashed, one.is_band) for one in series]


def test_one_trial_is_train_against_test():
    """A trial's curves are its own train data solid and its other data dashed, with points at its evaluations."""
    found = curve_series(view_with(RUN, "trial", trial=1))
    assert facts(found) == [("train", [3, 3], False, False), ("test", [4, 4], True, False)]
    assert found[0].steps.tolist() == [0, 10]
    assert found[0].ink != found[1].ink


def test_seeds_are_a_curve_each():
    """All seeds of the focus's candidate, train and test of a seed in one ink."""
    found = curve_series(view_with(RUN, "seeds", trial=2))
    assert [one.name for one in found] == ["seed 0 train", "seed 0 test", "seed 1 train", "seed 1 test"]
    assert [one.middle[0] for one in found] == [5, 6, 7, 8]
    assert found[0].ink == found[1].ink != found[2].ink


def test_seeds_beyond_telling_apart_are_one_band():
    """Of more seeds than curves can be told apart the trial in focus has its curve, all of them together a band."""
    many = MOST_SEEDS + 1
    losses = [float(seed) for seed in range(many)]
    events = [begins(0), *(both(step, losses, losses) for step in (0, 10)), begins(1)]
    view = view_with(events, "seeds", plan=make_plan(seeds=many), trial=7)
    focus, *_, band = curve_series(view, "loss")

    assert (focus.name, focus.middle.tolist(), focus.is_band) == ("seed 7 train", [7, 7], False)
    assert (band.name, band.is_band) == (f"{many} seeds test", True)
    assert (band.low[0], band.middle[0], band.high[0]) == (0, MOST_SEEDS / 2, MOST_SEEDS)
    assert len(curve_series(view_with(events, "seeds", plan=make_plan(seeds=many), trial=7, filter="seed 1"))) > 4


@pytest.mark.parametrize("spread", ["trial", "seeds", "band"])
def test_two_trials_side_by_side_have_their_curves(spread):
    """Beneath two maps are the curves of their trials, by variant where they share a seed, else by their whole names."""
    view = view_with(RUN, spread, trial=0, beside=2)
    found = curve_series(view, pair=True)
    assert [one.name for one in found] == ["sigmoid train", "sigmoid test", "relu train", "relu test"]
    assert [one.middle[0] for one in found] == [1, 2, 5, 6]
    view.focus.beside = 1
    names = [one.name for one in curve_series(view, pair=True)]
    assert names == ["sigmoid, seed 0 train", "sigmoid, seed 0 test", "sigmoid, seed 1 train", "sigmoid, seed 1 test"]
    assert "seed 1 train" not in [one.name for one in curve_series(view)] or spread == "seeds"


def test_the_trial_in_focus_comes_first_and_stands_out():
    """It is the first in the legend, and in an ink that no other seed has; other seeds keep theirs."""
    view = view_with(RUN, "seeds", trial=1)
    found = curve_series(view)
    assert [one.name for one in found] == ["seed 1 train", "seed 1 test", "seed 0 train", "seed 0 test"]
    assert [one.ink for one in found] == [Ink.STRONG, Ink.STRONG, Ink.series(0), Ink.series(0)]
    assert curve_series(view_with(RUN, "band", trial=2))[0].name == "relu train"


def test_of_many_variants_one_has_a_band():
    """Where bands would lie over each other all variants are means, and only that of the trial in focus has its band."""
    names = ("a", "b", "c", "d")
    events = [event for stack in range(4) for event in (begins(stack), both(0, [1.0, 3.0], [1.0, 3.0], stack))]
    found = curve_series(view_with(events, "band", make_plan(names), trial=3))
    assert [(one.name, one.is_band) for one in found[::2]] == [
        ("b train", True), ("a train", False), ("c train", False), ("d train", False),
    ]  # fmt: skip
    for one in found:
        low, high = ([1], [3]) if one.is_band else ([2], [2])
        assert (one.low.tolist(), one.middle.tolist(), one.high.tolist()) == (low, [2], high)


def test_bands_are_means_with_their_extremes():
    """Every variant's mean over its seeds, with the lowest and the highest seed as its band."""
    found = curve_series(view_with(RUN, "band"), "score")
    assert facts(found)[0] == ("sigmoid train", [2, 2], False, True)
    assert facts(found)[3] == ("relu test", [7, 7], True, True)
    assert found[3].low.tolist() == [6, 6]
    assert found[3].high.tolist() == [8, 8]


def test_too_many_curves_leave_train_out():
    """Where train and test of all could not be told apart only the test data are drawn, solid."""
    events = [begins(), *(both(step, [1.0] * 5, [2.0] * 5) for step in (0, 10))]
    found = curve_series(view_with(events, "seeds", make_plan(seeds=5)))
    assert [(one.name, one.dashed) for one in found] == [(f"seed {seed}", False) for seed in range(5)]
    assert all(one.middle[0] == 2 for one in found)


def test_a_run_without_test_data_shows_what_it_has():
    """Without a test split train data alone are drawn, and nothing before the first evaluation."""
    view = view_with([begins(), evaluated(0, [1.0, 2.0])], "seeds")
    assert [one.name for one in curve_series(view)] == ["seed 0", "seed 1"]
    assert curve_series(view, "score") == []
    assert curve_series(view_with([], "band")) == []


def test_a_number_of_the_end_hides_no_curve():
    """Where test data are looked at once, as loops do in the end, validation is the curve beside training."""
    events = [begins(0), *(evaluated(step, [2.0, 2.0], validation_loss=[3.0, 4.0]) for step in (0, 10))]
    events.append(evaluated(20, [1.0, 1.0], test_loss=[5.0, 6.0]))
    found = curve_series(view_with(events, "seeds"))

    assert [one.name for one in found if one.dashed] == ["seed 0 validation", "seed 1 validation"]


@pytest.mark.parametrize("spread", ["trial", "seeds", "band"])
def test_what_is_told_at_fewer_steps_is_a_line_between_them(spread):
    """Records of other numbers between two of a curve break no line: it has points at its own steps only."""
    between = [evaluated(step, [1.0, 1.0], train_accuracy=[0.5, 0.5]) for step in (5, 15)]
    for event in between:
        del event["train_loss"]
    events = [begins(0), both(0, [3.0, 3.0], [4.0, 4.0]), between[0], both(10, [2.0, 2.0], [3.0, 3.0]), between[1]]
    found = {one.name: one for one in curve_series(view_with(events, spread))}
    train = next(one for name, one in found.items() if "train" in name)

    assert train.steps[:2].tolist() == [0, 10]
    assert train.middle[:2].tolist() == [3.0, 2.0]


def test_a_divergence_ends_a_curve():
    """A trial that diverged has a gap from there on and its step; a band goes on with the others and says how many are lost."""
    events = [begins(), both(0, [1.0, 3.0], [1.0, 3.0]), diverged(5), both(10, [None, 3.0], [None, 3.0])]
    alone = curve_series(view_with(events, "trial", trial=0))[0]
    np.testing.assert_array_equal(alone.middle, [1, np.nan])
    assert alone.broken_at == 5
    band = curve_series(view_with(events, "band"))[0]
    assert band.middle.tolist() == [2, 3]
    assert band.broken_at is None
    assert "1 of 2 diverged" in band.name
    all_lost = curve_series(view_with([*events, diverged(7, 1)], "band"))[0]
    assert all_lost.broken_at == 7


def test_a_dropped_trial_ends_where_it_was_dropped():
    """What a stack goes on to write of a dropped trial is not drawn; its curve ends with its last number."""
    dropped = {"kind": "control", "id": "a", "action": "end_trial", "stack": 0, "step": 5, "trials": [0], "error": None}
    events = [begins(), both(0, [1.0, 3.0], [1.0, 3.0]), dropped, both(10, [1.0, 3.0], [1.0, 3.0])]
    found = curve_series(view_with(events, "trial", trial=0))[0]
    np.testing.assert_array_equal(found.middle, [1])
    assert found.at(None) == 1
    others = curve_series(view_with(events, "seeds", trial=1))[0]
    np.testing.assert_array_equal(others.middle, [3, 3])


def test_the_filter_leaves_variants_and_seeds_out():
    """Bands of other variants go, seeds that do not pass are in no mean; the rest keep their inks."""
    view = view_with(RUN, "band")
    inks = {one.name: one.ink for one in curve_series(view)}
    view.focus.filter = "relu seed 1"
    found = curve_series(view)
    assert [(one.name, one.middle[0], one.is_band) for one in found] == [
        ("relu train", 7, False),
        ("relu test", 8, False),
    ]
    assert found[0].ink == inks["relu train"]


def test_a_search_shows_the_candidate_it_picks():
    """Of a variant that searches, the candidate with the best metric stands for it; of the focus's, the focus's."""
    plan = make_plan(seeds=1, choices=({"train.optimizer.lr": 0.1}, {"train.optimizer.lr": 1.0}))
    events = [begins(0), begins(1)]
    for stack in (0, 1):
        events += [both(step, [0.5, 0.9], [0.5, 0.9], stack) for step in (0, 10)]
    found = curve_series(view_with(events, "band", plan), "score")
    assert [one.name for one in found] == [
        "sigmoid, lr = 0.1 train", "sigmoid, lr = 0.1 test", "relu, lr = 1.0 train", "relu, lr = 1.0 test",
    ]  # fmt: skip


@pytest.mark.parametrize(("spread", "names"), [("seeds", ["old: sigmoid"]), ("band", ["old: sigmoid", "old: relu"])])
def test_other_runs_are_laid_over(spread, names):
    """Another run adds its variant of the same name, or with every variant shown all of its variants."""
    view = view_with(RUN, spread)
    own = len(curve_series(view))
    other = view_of(
        make_plan(), [begins(0), begins(1), both(0, [9.0, 9.0], [9.0, 9.0]), both(0, [9.0] * 2, [9.0] * 2, 1)]
    )
    view.overlays.append(Overlay("old", other.state))
    found = [one for one in curve_series(view) if one.name.startswith("old")]
    assert [
        one.name.removesuffix(" train").removesuffix(" test") for one in found[:: len(found) // len(names)]
    ] == names
    assert all(one.middle.tolist() == [9] for one in found)
    assert len(curve_series(view)) == own + len(found)


def test_seeds_of_stacks_that_are_apart_are_one_mean():
    """Seeds that are trained in different stacks, one further than the other, are averaged step by step."""
    from dlbench.plan import Plan, Stack

    plan = make_plan(("relu",), seeds=2)
    plan = Plan(
        plan.recipe, plan.candidates, plan.trials, [Stack([0], 1000, 9, 1.0), Stack([1], 1000, 9, 1.0)], plan.workers
    )
    events = [begins(0), begins(1)]
    events += [evaluated(step, [1.0], 0) for step in range(0, 3000, 10)]
    events += [evaluated(step, [3.0], 1) for step in range(0, 1000, 10)]
    found = curve_series(view_with(events, "band", plan))[0]
    early = found.steps < 1000 - 8
    assert (found.middle[early] == 2).all()
    assert (found.middle[~early][1:] == 1).all()
    assert found.high[0] == 3


def test_a_long_run_has_bounded_curves():
    """However many evaluations, curves have no more points than buckets, with their extremes in them."""
    losses = np.ones(5000)
    losses[3210] = 99.0
    view = view_with([begins(), *(evaluated(i, [float(loss), 1.0]) for i, loss in enumerate(losses))], "trial")
    found = curve_series(view)[0]
    assert len(found.steps) <= 512
    assert found.high.max() == 99
    assert found.steps[-1] == 4999


def turning(until=20):
    """Two trials whose test loss falls and rises, the first one's with its lowest at step 40; the train loss falls."""
    events = [begins(0)]
    for index in range(until + 1):
        loss = 0.4 + abs(index - 4) / 20
        events.append(both(10 * index, [1.0 / (index + 1)] * 2, [loss, loss + index / 20]))
    return events


def test_the_overfitting_onset_of_the_trial_in_focus_is_told():
    """Its test loss has the step of its lowest once it has turned: not its train loss, not its accuracy, not another trial's."""
    view = view_with(turning(), "trial")
    assert [(one.name, one.onset_at) for one in curve_series(view, "loss")] == [("train", None), ("test", 40)]
    assert {one.onset_at for one in curve_series(view, "score")} == {None}
    seeds = curve_series(view_with(turning(), "seeds"), "loss")
    assert {one.name: one.onset_at for one in seeds if one.onset_at} == {"seed 0 test": 40}
    assert not any(one.onset_at for one in curve_series(view_with(turning(), "band"), "loss"))


def test_a_loss_that_has_not_turned_yet_has_no_onset():
    """While it falls, and as long as one cannot tell, there is no mark."""
    assert not any(one.onset_at for one in curve_series(view_with(turning(5), "trial"), "loss"))
