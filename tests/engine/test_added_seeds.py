"""Seeds that are added to a run train as they would have from its start."""

from __future__ import annotations

import signal
from datetime import datetime
from unittest.mock import patch

from cases import dense, plan_of, settings
from part_examples import example

from dlbench.analysis.summary import folded
from dlbench.engine.worker import Worker
from dlbench.plan.growth import grown
from dlbench.run.events import EventReader
from dlbench.run.folder import create
from dlbench.state.growth import grow
from dlbench.state.run_state import RunState


def variants():
    """Two nets of which seeds draw weights, batches and dropout masks."""
    layers = [{"kind": "flatten"}, dense(6, "tanh"), example("layers", "dropout")]
    return {
        name: settings(layers, data="digits", optimizer={"kind": "sgd", "lr": lr}, batch_size=20, steps=12, every=6)
        for name, lr in (("slow", 0.05), ("fast", 0.5))
    }


def train(folder, session, stacks):
    """One worker in this process."""
    with patch.object(signal, "signal", lambda *_: None):
        assert Worker(folder, session, 0, stacks).run() == 0


def curves(state):
    """Every number of every evaluation, by trial."""
    names = ("train_loss", "test_loss", "test_accuracy")
    return {trial.plan.id: [trial.curve(name).tolist() for name in names] for trial in state.trials}


def test_a_trial_has_the_same_bits_whenever_its_seed_is_added(tmp_path):
    """Three seeds and then two more have the very numbers of five seeds at once, and a state that grows has what is read anew."""
    own = variants()
    whole, first = (plan_of(own, seeds) for seeds in (range(5), range(3)))
    at_once, added = (create(tmp_path, name, datetime.now().astimezone()) for name in ("whole", "added"))
    at_once.write_plan(whole)
    train(at_once, 0, list(range(len(whole.stacks))))
    added.write_plan(first)
    train(added, 0, list(range(len(first.stacks))))
    state, reader = RunState(first), EventReader(added)
    state.apply(reader.poll())
    larger = grown(first, [3, 4])
    added.write_plan(larger)
    grow(state, larger)
    assert [trial.status for trial in state.trials].count("waiting") == 4
    train(added, 1, list(range(len(first.stacks), len(larger.stacks))))
    while events := reader.poll():
        state.apply(events)
    assert curves(folded(added)) == curves(folded(at_once)) == curves(state)
