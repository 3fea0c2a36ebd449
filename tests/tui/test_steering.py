"""Steering without an app: when it refuses and why, which prompt stands before which request, what is asked in the end."""

import orjson
import pytest
from shell import make_view, running_view
from stand_in import StandIn
from synthetic_run import control_event
from terminals import new_run

from dlbench.run.workers import Launched, Token, record
from dlbench.tui.steering.prompts import (
    BreakpointPrompt,
    BreakpointRequest,
    EndTrialPrompt,
    RatePrompt,
    RateRequest,
    StopPrompt,
)
from dlbench.tui.steering.steering import Steering

ASKING = ("pause", "advance", "epoch", "set_lr", "breakpoint", "end_trial", "stop")


@pytest.fixture
def folder(tmp_path):
    """A run that was started."""
    folder = new_run(tmp_path / "results")
    record(folder, Launched(0, 0, Token("local", 1, "elsewhere", 0.0), [0, 1], 0))
    return folder


def controls(folder):
    """What was asked, without version, time and id."""
    lines = folder.control_file.read_bytes().splitlines() if folder.control_file.exists() else []
    return [{k: v for k, v in orjson.loads(line).items() if k not in {"v", "id", "time", "session"}} for line in lines]


@pytest.mark.parametrize("action", ASKING)
@pytest.mark.parametrize(
    ("change", "why"),
    [({"replay": object()}, "replay"), ({"read_only": True}, "read-only"), ({"view": make_view()}, "has ended")],
)
def test_nothing_is_asked_where_nothing_may_be(folder, action, change, why):
    """In a replay, read-only, and of a run that has ended every request is refused with its reason, before any prompt."""
    app = StandIn(**{"view": running_view(), "folder": folder} | change)
    getattr(Steering(app), f"action_{action}")()

    ((severity, text),) = app.told
    assert severity == "warning"
    assert why in text
    assert (app.pushed, controls(folder)) == ([], [])


@pytest.mark.parametrize(
    ("action", "prompt", "answer", "asked"),
    [
        ("set_lr", RatePrompt, RateRequest((2, 3), 0.5), {"action": "set_lr", "trials": [2, 3], "lr": 0.5}),
        ("breakpoint", BreakpointPrompt, BreakpointRequest("test_loss rises 3", on=False),
         {"action": "breakpoint", "when": "test_loss rises 3", "on": False}),
        ("end_trial", EndTrialPrompt, True, {"action": "end_trial", "trials": [2]}),
        ("stop", StopPrompt, True, {"action": "stop"}),
    ],
)  # fmt: skip
def test_prompts_stand_before_what_cannot_be_undone(folder, action, prompt, answer, asked):
    """Nothing is asked before the answer, nothing where there is none, and what was answered about the trial of that moment."""
    app = StandIn(running_view(), folder=folder)
    app.view.focus.trial = 2
    getattr(Steering(app), f"action_{action}")()
    ((screen, respond),) = app.pushed
    app.view.focus.trial = 0

    assert isinstance(screen, prompt)
    respond(None)
    assert controls(folder) == []
    respond(answer)
    assert controls(folder) == [asked]


def test_pausing_what_is_paused_goes_on(folder):
    """The same key asks for a pause, and where a stack stands still for going on."""
    app = StandIn(running_view(), folder=folder)
    steering = Steering(app)
    steering.action_pause()
    assert not steering.is_paused
    app.view.state.apply([{"v": 1, "kind": "heartbeat", "stack": 1, "step": 60, "rate": 0.0, "paused": True}])
    assert steering.is_paused
    steering.action_pause()
    steering.action_advance()
    steering.action_epoch()

    assert controls(folder) == [
        {"action": "pause"}, {"action": "resume"}, {"action": "advance", "steps": 1}, {"action": "advance", "steps": "epoch"},
    ]  # fmt: skip


def test_answers_replace_older_answers(folder):
    """An acknowledgement takes the place of what was told before; a trouble stands beside it."""
    app = StandIn(running_view(), folder=folder)
    steering = Steering(app)
    steering.action_pause()
    identity = orjson.loads(folder.control_file.read_bytes())["id"]
    app.view.state.apply([control_event("pause", 0, 40, id=identity)])
    steering.tell_answers()
    assert (app.told, app.cleared) == ([("information", "paused at step 40")], 1)
    app.view.state.apply([control_event("pause", 1, 40, id=identity, error="it has ended")])
    steering.tell_answers()

    assert (app.told[1:], app.cleared) == ([("warning", "pause: it has ended")], 1)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """Where nobody can be asked, the reason is an error in words."""
    app = StandIn(running_view(), folder=new_run(tmp_path))
    Steering(app).action_pause()

    ((severity, text),) = app.told
    assert severity == "error"
    assert "never started" in text
