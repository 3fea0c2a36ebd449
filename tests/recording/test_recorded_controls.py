"""A recorded loop is steered from outside, and every control is answered."""

import threading
import time

import pytest
import torch
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

    def train(self, seconds, until=lambda: False):
        """Train for so long at most."""
        end = time.monotonic() + seconds
        with self.run as run:
            while time.monotonic() < end and not until():
                cross_entropy(self.model(self.x), self.y).backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
                time.sleep(0.005)
        return run

    def answers(self):
        """What was said of each control, in the order of the answers."""
        return [(event["action"], event["error"]) for event in events_of(self.run, "control")]


def wait_for(truth, seconds=20.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_a_loop_is_stopped(tmp_path):
    """A stop ends the block quietly, between two steps: the recording is stopped and what follows is done."""
    loop = Steered(tmp_path, budget=0.1)
    ask(loop.run.folder, "stop", stack=None)
    loop.train(20)

    assert status(loop.run.folder).state == "stopped"
    assert loop.answers() == [("stop", None)]


def test_a_learning_rate_is_set(tmp_path):
    """All groups get the new rate; the event names the trial."""
    loop = Steered(tmp_path, budget=0.1)
    ask(loop.run.folder, "set_lr", trials=[0], lr=0.025)
    loop.train(20, until=lambda: loop.optimizer.param_groups[0]["lr"] == 0.025)

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
    loop.train(60)
    thread.join()

    assert seen == {"paused": 0, "advanced": 3}
    assert loop.answers() == [("pause", None), ("advance", None), ("resume", None), ("stop", None)]


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("end_trial", {"trials": [0]}, "one trial"),
        ("breakpoint", {"when": "test_loss rises 3", "on": True}, "no breakpoints"),
        ("advance", {"steps": 2}, "not paused"),
        ("set_lr", {"trials": [4], "lr": 0.1}, "no trial 4"),
    ],
)
def test_what_a_recording_cannot_do_is_answered(tmp_path, action, fields, said):
    """Nobody waits for an answer that never comes."""
    loop = Steered(tmp_path, budget=0.1)
    ask(loop.run.folder, action, **fields)
    loop.train(20, until=lambda: time.monotonic() - loop.run._looked < 0.1 and loop.run.steps > 3 and loop.answers())

    ((name, error),) = loop.answers()
    assert name == action
    assert said in error


def test_controls_can_be_left_out(tmp_path):
    """With `controls=False` nothing is looked at."""
    loop = Steered(tmp_path, budget=0.1, controls=False)
    ask(loop.run.folder, "stop", stack=None)
    loop.train(0.6)

    assert status(loop.run.folder).state == "done"
    assert loop.answers() == []
