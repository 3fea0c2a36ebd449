"""What is asked of the workers, and how their answers are told."""

import orjson
import pytest
from shell import NUMBERS, played, rows, running_view, told
from synthetic_run import breakpoint_event, control_event, finished, make_plan, state_of
from terminals import new_run

from dlbench.errors import UsageError
from dlbench.run.workers import Launched, Token, record
from dlbench.tui.steering.requests import PATIENCE, Announcement, PendingRequests


@pytest.fixture
def folder(tmp_path):
    """A run that was started, so that somebody can be asked."""
    folder = new_run(tmp_path / "results")
    record(folder, Launched(0, 0, Token("local", 1, "elsewhere", 0.0), [0, 1], 0))
    return folder


def state():
    """A state with two stacks."""
    plan = make_plan(["slow", "fast"], 2)
    return state_of(plan, finished(plan, lambda trial: NUMBERS))


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self):
        return self.now


def asked(folder):
    """The controls on disk."""
    return [orjson.loads(line) for line in folder.control_file.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("action", "fields", "text"),
    [
        ("pause", {}, "paused at step 40"),
        ("resume", {}, "resumed at step 40"),
        ("advance", {"steps": 1}, "advancing one step from step 40"),
        ("advance", {"steps": "epoch"}, "advancing one epoch from step 40"),
        ("stop", {}, "stopping at step 40, with a checkpoint"),
        ("end_trial", {"trials": [0]}, "ended 1 trial at step 40"),
        ("set_lr", {"trials": [0, 1], "lr": 0.05}, "learning rate 0.05 for 2 trials from step 40 on"),
        ("breakpoint", {"when": "test_loss rises 3", "on": True}, "set the breakpoint test_loss rises 3"),
        ("breakpoint", {"when": "test_loss rises 3", "on": False}, "removed the breakpoint test_loss rises 3"),
    ],
)
def test_acknowledgements(folder, action, fields, text):
    """Every control is asked once, and its answer told once, with the step at which it took effect."""
    questions, run = PendingRequests(), state()
    questions.ask(folder, action, fields)
    (control,) = asked(folder)

    assert (control["action"], {key: control[key] for key in fields}) == (action, fields)
    assert questions.news(run) == []
    run.apply([control_event(action, 0, 40, id=control["id"])])
    assert questions.news(run) == [Announcement(text)]
    assert questions.news(run) == []


def test_several_stacks_answer(folder):
    """Answers of several stacks that come together are one sentence."""
    questions, run = PendingRequests(), state()
    questions.ask(folder, "pause", {})
    identity = asked(folder)[0]["id"]
    run.apply([control_event("pause", 0, 40, id=identity), control_event("pause", 1, 1200, id=identity)])

    assert questions.news(run) == [Announcement("paused at steps 40 to 1,200 in 2 stacks")]


def test_a_refusal_is_told(folder):
    """What a worker refuses is told with its reason."""
    questions, run = PendingRequests(), state()
    questions.ask(folder, "end_trial", {"trials": [0]})
    run.apply([control_event("end_trial", 0, 40, id=asked(folder)[0]["id"], error="it has ended")])

    assert questions.news(run) == [Announcement("end trial: it has ended", is_trouble=True)]


def test_silence_is_told_once(folder):
    """Where nobody answers that is said once, and a late answer still comes."""
    clock, run = Clock(), state()
    questions = PendingRequests(clock)
    questions.ask(folder, "pause", {})
    clock.now = PATIENCE - 0.1
    assert questions.news(run) == []
    clock.now = PATIENCE + 0.1
    (news,) = questions.news(run)
    assert news.text.startswith("pause: no answer yet")
    assert questions.news(run) == []
    run.apply([control_event("pause", 0, 40, id=asked(folder)[0]["id"])])
    assert questions.news(run) == [Announcement("paused at step 40")]


def test_answers_to_others_are_not_told(folder):
    """What another viewer asked for is not this one's news."""
    questions, run = PendingRequests(), state()
    run.apply([control_event("pause", 0, 40, id="of-another")])

    assert questions.news(run) == []


def test_breakpoints_are_news():
    """A breakpoint that comes true is told; those from before the dashboard was opened are not."""
    questions, run = PendingRequests(), state()
    run.apply([breakpoint_event(0, 10, 0)])
    assert questions.news(run) == []
    run.apply([breakpoint_event(0, 20, 1)])
    (news,) = questions.news(run)

    assert news.is_trouble
    assert "step 20" in news.text
    assert "slow, seed 1" in news.text


def test_breakpoints_out_of_order_are_each_told_once():
    """The breakpoint of an earlier step or stack that arrives late is told, and none that was told already."""
    questions, run = PendingRequests(), state()
    assert questions.news(run) == []
    for stack, step, trial, name in (
        (1, 30, 0, "fast, seed 0"),
        (0, 20, 1, "slow, seed 1"),
        (0, 10, 0, "slow, seed 0"),
    ):
        run.apply([breakpoint_event(stack, step, trial)])
        (news,) = questions.news(run)
        assert f"step {step}" in news.text
        assert name in news.text
    run.apply([breakpoint_event(0, 20, 1)])

    assert questions.news(run) == []


def test_nobody_to_ask(tmp_path):
    """Asking a run that was never started is an error in words."""
    with pytest.raises(UsageError, match="never started"):
        PendingRequests().ask(new_run(tmp_path), "pause", {})


def test_pause_from_the_keyboard(folder):
    """Space asks for a pause, tells the answer, and then means going on."""

    async def press(app, pilot):
        await pilot.press("space")
        (control,) = asked(folder)
        assert control["action"] == "pause"
        with app.view.lock:
            app.view.state.apply(
                [
                    control_event("pause", 1, 60, id=control["id"]),
                    {"v": 1, "kind": "heartbeat", "stack": 1, "step": 60, "rate": 0.0, "paused": True},
                ]
            )
        await pilot.pause(0.2)
        assert told(app) == ["paused at step 60"]
        assert "PAUSED" in rows(app)[0]
        assert "space Resume" in rows(app)[-1]
        await pilot.press("space")
        assert [one["action"] for one in asked(folder)] == ["pause", "resume"]

    played(press, view=running_view(), folder=folder)


def test_asking_by_prompts(folder):
    """Stop, drop, rate and breakpoint each ask first, and write what was answered."""

    async def press(app, pilot):
        app.view.focus.trial = 2
        await pilot.press("x", "enter")
        await pilot.press("X", "enter")
        await pilot.press("l", *"0.25", "enter")
        await pilot.press("k", *"test_loss rises 3", "enter")
        await pilot.press("x", "escape")
        found = [
            {key: one[key] for key in ("action", "trials", "lr", "when", "on") if key in one} for one in asked(folder)
        ]
        assert found == [
            {"action": "stop"},
            {"action": "end_trial", "trials": [2]},
            {"action": "set_lr", "trials": [2, 3], "lr": 0.25},
            {"action": "breakpoint", "when": "test_loss rises 3", "on": True},
        ]

    played(press, view=running_view(), folder=folder)
