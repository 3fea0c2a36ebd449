"""The sidebar: every trial in one line, grouped and folded, filtered, clicked, and cheap for hundreds."""

import pytest
from listed_run import VARIANTS, begun, final, frame, make_view, play
from rich.cells import cell_len
from stage import shown
from synthetic_run import control_event, finished, make_plan, stack_event

from dlbench.metrics.trial_view import Status
from dlbench.plan.recorded import recorded_plan
from dlbench.tui.charts.glyphs import ASCII
from dlbench.tui.model.trials import MARKS, PAUSED, groups, listed
from dlbench.tui.widgets.trials import TrialList

SEARCH = {
    name: [{"train.optimizer.lr": lr} for lr in (0.001, 0.01)] for name in ("sigmoid", "a long name of a variant")
}


def line_of(text, start):
    """The line that begins with something."""
    return next(line for line in text.splitlines() if line.startswith(start))


def test_every_status_has_its_own_sign():
    """No two states of a trial look alike, in Unicode or in ASCII, and each takes one cell."""
    marks = [*MARKS.values(), PAUSED]

    assert set(MARKS) == set(Status)
    assert len({mark.sign for mark in marks}) == len({mark.ascii for mark in marks}) == len(marks)
    assert all(mark.ascii.isascii() and cell_len(mark.sign) == 1 for mark in marks)


def test_trials_stand_under_their_variant_with_their_last_numbers():
    """Each trial has its seed, its sign, its last loss and accuracy, or the step at which it diverged."""
    text = frame(TrialList, make_view(), size=(26, 30))

    assert text.splitlines()[0].startswith("Trials 15/15")
    assert line_of(text, "- relu_he").split() == ["-", "relu_he", "4/5", "!1"]
    assert line_of(text, " !").split() == ["!", "3", "NaN", "@", "31"]
    assert line_of(text, "▸✔").split() == ["▸✔", "0", "0.6931", "0.5000"]
    assert max(map(cell_len, text.splitlines())) <= 26


def test_numbers_of_epochs_stay_between_them():
    """A recorded loop that logs its loss at every step and its accuracy once an epoch has the last of both."""
    stack = stack_event(0) | {"steps": None, "steps_per_epoch": None}
    logged = [{"test_loss": [0.5], "test_accuracy": [0.75]}, {"test_loss": [0.4]}]
    events = [
        {"v": 1, "kind": "metrics", "stack": 0, "step": step, "epoch": None, "seconds": 1.0} | values
        for step, values in enumerate(logged, 1)
    ]
    text = frame(TrialList, make_view(recorded_plan("loop", "one", 0), [stack, *events]), size=(26, 30))

    assert line_of(text, "▸▶").split()[1:] == ["0", "0.4000", "0.7500"]


def test_names_of_a_loop_stand_over_their_numbers():
    """The two losses of a GAN are told apart: names of a loop's own are cut between words only where they must be."""
    stack = stack_event(0) | {"steps": None, "steps_per_epoch": None}
    logged = {"loss_d": [0.5], "loss_g": [0.75], "adversarial_gap": [1.0]}
    event = {"v": 1, "kind": "metrics", "stack": 0, "step": 1, "epoch": None, "seconds": 1.0}
    plan = recorded_plan("gan", "one", 0)

    assert line_of(frame(TrialList, make_view(plan, [stack, event | logged])), "   seed").split()[1:] == [
        "loss_d",
        "loss_g",
    ]
    del logged["loss_g"]
    assert line_of(frame(TrialList, make_view(plan, [stack, event | logged])), "   seed").split()[1:] == [
        "loss_d",
        "gap",
    ]


def test_trials_in_every_condition():
    """What runs, waits, pauses, was dropped or failed is told from the rest by its sign or in a word."""
    plan = make_plan(VARIANTS)
    events = [
        *begun(plan),
        control_event("end_trial", 0, 20, trials=[1]),
        {"v": 1, "kind": "heartbeat", "stack": 0, "step": 20, "rate": 5.0, "paused": True, "memory": 1},
        stack_event(1),
        {"v": 1, "kind": "end", "stack": 1, "status": "failed", "error": "no memory", "step": 5},
    ]
    text = frame(TrialList, make_view(plan, events), size=(26, 30))

    assert line_of(text, " ⊘").split()[1:] == ["1", "dropped", "@", "20"]
    assert line_of(text, " ⏸").split()[1:] == ["2", "0.6931", "0.5000"]
    assert line_of(text, " ✖").split()[1:] == ["0", "failed"]
    assert line_of(text, " ·").split()[1:] == ["0", "waiting"]


def test_without_test_data_the_training_is_shown():
    """Where nothing is evaluated on test data, the columns are those of the training data, and say so."""
    plan = make_plan(["relu"], seeds=1)
    events = finished(plan, lambda trial: {"train_loss": 0.5, "train_accuracy": 0.75}, start={"train_loss": 0.7})
    text = frame(TrialList, make_view(plan, events), size=(26, 10))

    assert "train loss" in text
    assert line_of(text, "▸✔").split()[1:] == ["0", "0.5000", "0.7500"]


def test_many_trials_are_folded_around_the_chosen_one():
    """Where not all fit, the chosen trial's candidate alone is unfolded, and it comes into view wherever it is."""
    view = make_view(make_plan(SEARCH, seeds=50), [])
    view.focus.trial = 149
    text = frame(TrialList, view, size=(26, 20))

    assert text.splitlines()[0].startswith("Trials 0/200")
    assert line_of(text, "▸").split()[1] == "49"
    assert len(text.splitlines()) == 20
    assert text.splitlines()[0].endswith("held")
    view.focus.trial = 0
    text = frame(TrialList, view, size=(26, 20))
    assert "- lr = 0.001" in text
    assert "+ lr = 0.01 " not in text


def test_long_names_are_cut_with_a_sign():
    """A name that does not fit has a sign for that in its middle, as names differ at their ends; its counts stand whole."""
    text = frame(TrialList, make_view(make_plan(["a name of a variant that is long"]), []), size=(26, 12))

    assert line_of(text, "- a name") == "- a name o…hat is long 0/5"


def test_selection_follows_the_focus():
    """Another chosen trial, as by the keys, is marked and scrolled to."""
    view = make_view(make_plan(VARIANTS, seeds=30), [])

    async def scenario(pilot):
        found = []
        for trial in (29, 30, 89):
            view.focus.trial = trial
            found.append(line_of(await shown(pilot), "▸").split()[1])
        return found

    assert play(TrialList, view, scenario, size=(26, 15)) == ["29", "0", "29"]


def test_clicks_choose_and_fold():
    """A click on a trial chooses and holds it; one on a heading folds its seeds, and again unfolds them."""
    view = make_view()

    async def scenario(pilot):
        await pilot.click(TrialList, offset=(5, 5))
        await pilot.pause()
        frames = [pilot.app.frame()]
        for _ in range(2):
            await pilot.click(TrialList, offset=(5, 2))
            await pilot.pause()
            frames.append(pilot.app.frame())
        return frames

    chosen, folded, unfolded = play(TrialList, view, scenario, size=(26, 30))

    assert view.focus.trial == 2
    assert not view.focus.follow
    assert line_of(chosen, "▸").split()[1] == "2"
    assert "+ sigmoid" in folded
    assert "▸" not in folded
    assert unfolded == chosen


def test_filter_is_shown_and_leaves_what_passes():
    """The text of a filter stands above the list with the number of trials that it leaves; none at all is no error."""
    view = make_view()
    view.focus.filter = "RELU seed 3"
    text = frame(TrialList, view, size=(26, 20))
    view.focus.filter = "nothing like it"
    nothing = frame(TrialList, view, size=(26, 20))

    assert line_of(text, "/RELU seed 3").split()[-1] == "2"
    assert [
        view.info.plan.trials[one].seed for group in groups(view.info.plan, "relu seed 3") for one in group.trials
    ] == [3, 3]
    assert "sigmoid" not in text
    assert line_of(nothing, "/nothing like it").split()[-1] == "0"
    assert listed(view) == []


@pytest.mark.parametrize("plan", [make_plan([]), make_plan(["relu"], seeds=1)], ids=["none", "one"])
def test_few_trials_are_no_error(plan):
    """A run of no trial, and of one, are shown."""
    assert "Trials" in frame(TrialList, make_view(plan, []), size=(26, 10))


def test_ascii_alone():
    """In a terminal of ASCII alone nothing else is written, whatever a variant is called."""
    text = frame(TrialList, make_view(make_plan(["활성화", *VARIANTS])), size=(26, 40), glyphs=ASCII)

    assert text.isascii()


def test_only_changed_lines_are_drawn():
    """A new number redraws its own line and no other; nothing new redraws nothing."""
    plan = make_plan(VARIANTS)
    view = make_view(plan, [*begun(plan), stack_event(1)])

    async def scenario(pilot):
        drawn = []
        pilot.app.pane.refresh = lambda *regions, **how: drawn.append([region.y for region in regions])
        await shown(pilot)
        view.state.apply([{"v": 1, "kind": "diverged", "stack": 0, "step": 5, "trial": 2, "last_loss": None}])
        view.touch()
        await shown(pilot)
        return drawn

    # The diverged trial, its heading, and the count above.
    assert play(TrialList, view, scenario, size=(26, 30)) == [[0, 2, 5]]


def test_trials_off_the_screen_cost_nothing():
    """Of hundreds of trials only those on the screen are looked up and written."""
    plan = make_plan(VARIANTS, seeds=200)
    view = make_view(plan, finished(plan, final))

    async def scenario(pilot):
        looked = []
        pilot.app.pane._draw_trial = lambda picture, row, trial, names: looked.append(trial.index)
        await shown(pilot)
        view.touch()
        await shown(pilot)
        return len(looked)

    assert 0 < play(TrialList, view, scenario, size=(26, 20)) <= 4 * 20
