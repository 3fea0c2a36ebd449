"""A recorded loop is steered from outside, and every control is answered."""

import threading
import time

import pytest
import torch
from patience import PATIENCE, wait_for
from recorded_loops import batch, events_of, perceptron, recording
from torch.nn.functional import cross_entropy

from dlbench.launch.status import status
from dlbench.run.control import ask


class Steered:
    """A loop that runs in this thread, asked for things by another one."""

    def __init__(self, tmp_path, **options):
        self.model, (self.x, self.y) = perceptron(), batch()
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)
        self.run = recording(tmp_path, self.model, self.optimizer, **options)

    def train(self, until=lambda: False, log=lambda step: {}, seconds=PATIENCE):
        """Train until something holds, or for so long at most, and log what `log` makes of the steps that are done."""
        end = time.monotonic() + seconds
        with self.run as run:
            while time.monotonic() < end and not until():
                cross_entropy(self.model(self.x), self.y).backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
                if values := log(run.steps):
                    run.log(**values)
                time.sleep(0.005)
        return run

    def answers(self):
        """What was said of each control, in the order of the answers."""
        return [(event["action"], event["error"]) for event in events_of(self.run, "control")]


def test_a_loop_is_stopped(tmp_path):
    """A stop ends the block quietly, between two steps: the recording is stopped and what follows is done."""
    loop = Steered(tmp_path, budget=0.1)
    ask(loop.run.folder, "stop", stack=None)
    loop.train()

    assert status(loop.run.folder).state == "stopped"
    assert loop.answers() == [("stop", None)]


def test_a_learning_rate_is_set(tmp_path):
    """All groups get the new rate; the event names the trial."""
    loop = Steered(tmp_path, budget=0.1)
    ask(loop.run.folder, "set_lr", trials=[0], lr=0.025)
    loop.train(until=lambda: loop.optimizer.param_groups[0]["lr"] == 0.025)

    assert loop.answers() == [("set_lr", None)]
    assert loop.optimizer.param_groups[0]["lr"] == 0.025


def test_a_loop_is_paused_and_goes_step_by_step(tmp_path):
    """Paused it takes no step; an advance takes as many as were asked for, single ones with a probe; resumed it goes on."""
    loop = Steered(tmp_path, budget=0.0)
    seen = {}

    def viewer():
        folder = loop.run.folder
        ask(folder, "pause")
        wait_for(lambda: status(folder).paused)
        before = loop.run.steps
        time.sleep(0.3)
        seen["paused"] = loop.run.steps - before
        ask(folder, "advance", steps=3)
        wait_for(lambda: loop.run.steps == before + 3)
        time.sleep(0.2)
        seen["advanced"] = loop.run.steps - before
        ask(folder, "resume")
        wait_for(lambda: loop.run.steps > before + 5)
        ask(folder, "stop", stack=None)

    thread = threading.Thread(target=viewer)
    thread.start()
    loop.train()
    thread.join()

    assert seen == {"paused": 0, "advanced": 3}
    assert loop.answers() == [("pause", None), ("advance", None), ("resume", None), ("stop", None)]


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("end_trial", {"trials": [0]}, "one trial"),
        ("breakpoint", {"when": "test_loss rises 3", "on": False}, "not watched for"),
        ("breakpoint", {"when": "test_loss > 1 in other", "on": True}, "no variant"),
        ("advance", {"steps": "epoch"}, "two epochs"),
        ("advance", {"steps": 2}, "not paused"),
        ("set_lr", {"trials": [4], "lr": 0.1}, "no trial 4"),
    ],
)
def test_what_a_recording_cannot_do_is_answered(tmp_path, action, fields, said):
    """Nobody waits for an answer that never comes."""
    loop = Steered(tmp_path, budget=0.1)
    ask(loop.run.folder, action, **fields)
    loop.train(until=lambda: time.monotonic() - loop.run._looks._looked < 0.1 and loop.run.steps > 3 and loop.answers())

    ((name, error),) = loop.answers()
    assert name == action
    assert said in error


def test_controls_can_be_left_out(tmp_path):
    """With `controls=False` nothing is looked at."""
    loop = Steered(tmp_path, budget=0.1, controls=False)
    ask(loop.run.folder, "stop", stack=None)
    loop.train(seconds=0.6)

    assert status(loop.run.folder).state == "done"
    assert loop.answers() == []


BREAKPOINTS = {
    "a measure of a layer": "gradient_norm > 0.0001",
    "a ratio": "first_last_gradient_ratio > 0.0001",
    "a logged number": "train_loss > 0.5",
    "a trend": "train_loss falls 2",
}


@pytest.mark.parametrize(("name", "way"), list(zip(BREAKPOINTS, ["asked", "in questions"] * 2, strict=True)))
def test_breakpoints_pause_the_loop(tmp_path, name, way):
    """A condition pauses the loop where it comes true, told by an event, whether a viewer or the questions set it."""
    when = BREAKPOINTS[name]
    questions = {"breakpoints": [{"when": when}, {"when": "update_ratio > 0", "variant": "another"}]}
    loop = Steered(tmp_path, questions=questions if way == "in questions" else None)
    if way == "asked":
        ask(loop.run.folder, "breakpoint", when=when, on=True)

    def viewer():
        wait_for(lambda: status(loop.run.folder).paused)
        ask(loop.run.folder, "stop", stack=None)

    thread = threading.Thread(target=viewer)
    thread.start()
    loop.train(log=lambda step: {"train_loss": 2.0 - 0.01 * step})
    thread.join()

    (hit,) = events_of(loop.run, "breakpoint")
    assert (hit["when"], hit["paused"]) == (when, True)
    assert hit["layer"] in ({"0", "2", "4"} if "norm" in when else {None})
    assert loop.answers() == [*([("breakpoint", None)] if way == "asked" else []), ("stop", None)]


def test_breakpoints_pause_nothing_that_nobody_sits_before(tmp_path, monkeypatch):
    """In a script that `dlbench repeat` runs, breakpoints of the questions are told and the loop goes on."""
    monkeypatch.setenv("DLBENCH_RECORD_TRIAL", "1")
    loop = Steered(tmp_path, questions={"breakpoints": [{"when": "gradient_norm > 0.0001"}]})
    loop.train(until=lambda: loop.run.steps > 20)

    assert [hit["paused"] for hit in events_of(loop.run, "breakpoint")] == [False]
    assert status(loop.run.folder).state == "done"


def test_epochs_that_the_loop_tells_are_known(tmp_path):
    """Paused after two epochs were told, the loop advances to the end of its epoch."""
    loop = Steered(tmp_path)

    def viewer():
        wait_for(lambda: loop.run.steps > 25)
        ask(loop.run.folder, "pause")
        wait_for(lambda: status(loop.run.folder).paused)
        ask(loop.run.folder, "advance", steps="epoch")
        wait_for(lambda: ("advance", None) in loop.answers())
        wait_for(lambda: status(loop.run.folder).paused and loop.run.steps % 10 == 0)
        ask(loop.run.folder, "stop", stack=None)

    thread = threading.Thread(target=viewer)
    thread.start()
    loop.train(log=lambda step: {"epoch": (step - 1) // 10})
    thread.join()

    assert loop.run.steps % 10 == 0
    assert loop.answers() == [("pause", None), ("advance", None), ("stop", None)]
