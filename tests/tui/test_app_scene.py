"""The scene of the lesson on the screen: a dashboard opens on it, whoever moves leaves it, one key comes back."""

from dataclasses import replace

import pytest
from app_runs import VARIANTS, Bench, finished_run, info_of, make_folder, training_run, under_way
from app_states import heartbeat
from textual import events
from tui.panes.pictured_run import training

from dlbench.plan.scene import Scene
from dlbench.run.folder import RunFolder
from dlbench.tui.model.replay import Replay, ReplayPosition
from dlbench.tui.model.source import ListSource
from dlbench.tui.model.view import View
from dlbench.tui.open import Start
from dlbench.tui.options import DashboardOptions

SCENE = Scene(["sigmoid", "tanh"], "gradients", "gradient_norm", "vanished")
SENTENCE = "sigmoid: 0 dense's gradient has vanished from step 0 on, 3.8e-06 of output's; tanh beside it"
PLACE = {"trial": 0, "beside": 4, "step": 0, "layer": 0, "measure": "gradient_norm", "follow": False}


def shown(happened, scene=SCENE, **options):
    """A bench on a run whose lesson has a scene, and its source, to which a test may add events."""
    plan = training_run()
    source = ListSource(list(happened(plan)))
    made = Bench(View(info_of(plan, scene)), lambda: source, **options)
    made.plan, made.source = plan, source
    return made


@pytest.fixture(scope="module")
def shared():
    """One app on a finished run, for tests that come back to its scene."""
    with shown(finished_run) as made:
        yield made


def place(bench):
    """Where the focus is."""
    return {name: value for name, value in bench.seen().focus.items() if name in PLACE}


@pytest.mark.parametrize("happened", [finished_run, under_way], ids=["ended", "live"])
def test_a_dashboard_opens_on_the_scene_and_says_so(happened):
    """Both variants stand side by side, the cursor at the step that the lesson names, and a sentence tells what is seen."""
    with shown(happened) as bench:
        assert bench.seen().pane == "gradients"
        assert place(bench) == PLACE
        assert SENTENCE in bench.frame()
        assert "sigmoid, seed 0" in bench.frame()
        assert "tanh, seed 0" in bench.frame()


def test_in_korean_and_in_few_columns():
    """The sentence is in the reader's language, and shorter where there is less room."""
    with shown(finished_run, options=DashboardOptions(language="ko"), size=(80, 24)) as bench:
        assert "sigmoid: 0 dense의 기울기가 0스텝부터 사라져 output의 3.8e-06배입니다" in bench.frame()
    with shown(finished_run, size=(80, 24)) as bench:
        (row,) = [row for row in bench.rows() if "has vanished" in row]
        assert row.strip() == SENTENCE.partition(";")[0]


MOVES = {
    "left": "right", "newest": "end", "layer": "up", "measure": "m", "trial": "n", "beside": "v", "pane": "2",
    "next pane": "tab", "first step": "home",
}  # fmt: skip


@pytest.mark.parametrize("key", MOVES.values(), ids=MOVES)
def test_whoever_moves_leaves_the_scene_and_h_comes_back(shared, key):
    """The sentence goes with the first key that moves anything, even to where it is; `h` brings the same picture again."""
    shared.press("h")
    before = shared.frame()
    shared.press(key)
    after = shared.frame()
    shared.press("h")

    assert SENTENCE in before
    assert "has vanished from" not in after
    assert place(shared) == PLACE
    assert SENTENCE in shared.frame()


def test_the_mouse_moves_as_well(shared):
    """A press in the picture leaves the scene."""
    shared.press("h")
    x, y = shared.find("sigmoid, seed 0")
    shared.mouse((events.MouseDown, x + 25, y + 8), (events.MouseUp, x + 25, y + 8))

    assert not shared.seen().focus["on_scene"]


@pytest.mark.parametrize("key", ["z", "c", "question_mark", "left_square_bracket"])
def test_how_it_is_drawn_is_no_move(shared, key):
    """Axes, colours, help and the list leave the scene as it is."""
    shared.press("h", key)
    assert shared.seen().focus["on_scene"]
    shared.press("escape" if key == "question_mark" else key)


def test_the_scene_holds_while_others_train():
    """The step is gone to as soon as it is there, and the trial stays when it has ended and others train."""
    with shown(lambda plan: []) as bench:
        waiting = place(bench)
        bench.source.add(training(bench.plan, until=100, stacks=[0]))
        bench.settle()
        there = place(bench)
        bench.source.add([{"v": 1, "kind": "end", "stack": 0, "step": 100, "status": "done", "error": None}])
        bench.source.add(training(bench.plan, until=100, stacks=[1]))
        bench.settle()

        assert waiting == PLACE | {"step": None}
        assert there == place(bench) == PLACE


def test_what_someone_chose_is_not_taken_from_them():
    """Who went to the newest step before the scene's step came stays there."""
    later = Scene(["sigmoid", "tanh"], step=300)
    with shown(lambda plan: training(plan, until=200, stacks=[0]), later) as bench:
        bench.press("end")
        bench.source.add([event for event in training(bench.plan, until=400, stacks=[0]) if event.get("step", 0) > 200])
        bench.settle()

        assert bench.seen().focus["step"] is None
        bench.press("h")
        assert bench.seen().focus["step"] == 300


def test_going_on_in_time_leaves_the_step(tmp_path):
    """Who asks for one more step of the training looks at the newest one."""
    plan = training_run()
    with shown(under_way, folder=make_folder(tmp_path, plan, under_way(plan))) as bench:
        bench.source.add([heartbeat(0, 500, paused=True)])
        bench.settle()
        bench.press("full_stop")

        assert bench.seen().focus["step"] is None
        assert not bench.seen().focus["on_scene"]


def test_a_replay_opens_on_it_unless_a_place_was_asked_for(tmp_path):
    """At its end it shows the scene as a finished run does; with --seek it shows what is there."""
    plan = training_run()
    folder = make_folder(tmp_path, plan, finished_run(plan))

    def replay(options):
        source = Replay(folder, start=ReplayPosition(share=1.0), now=lambda: 0.0)
        return Bench(View(info_of(plan, SCENE)), lambda: source, options=options)

    with replay(DashboardOptions()) as bench:
        assert place(bench) == PLACE
    with replay(DashboardOptions(opens_scene=False)) as bench:
        assert bench.seen().focus["step"] is None
    assert [Start(seek=seek).is_elsewhere for seek in (None, "end", "50%", "step=3")] == [False, False, True, True]


def test_another_run_opens_on_its_own_scene(tmp_path):
    """Going over to another run shows what its lesson names; one without a scene opens as any run."""
    plan = training_run()
    plan = replace(plan, questions=info_of(plan, Scene(["relu"], "layers", step=100)).questions)
    other = make_folder(tmp_path, plan, finished_run(plan))
    with shown(finished_run) as bench:
        bench.call(bench.app.switcher.show, RunFolder(other.path))
        bench.until(lambda: bench.seen().focus["step"] == 100)

        assert (bench.seen().pane, bench.seen().focus["trial"]) == ("layers", VARIANTS.index("relu") * 2)
    with shown(finished_run, None) as bench:
        bench.press("h")
        assert bench.seen().toasts == ("the lesson of this run names no scene",)
