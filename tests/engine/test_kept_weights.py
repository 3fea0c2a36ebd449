"""Weights that a worker keeps: those that the last metrics were taken of, whatever happened on the way."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import dense, plan_of, settings, trained, trainer_of
from test_contract import ENVELOPE, PROMISED
from test_kept_predictions import DROPOUT, events_of, folder_of, ids
from test_outcome import stopping

from dlbench.analysis.summary import folded
from dlbench.engine.kept_weights import weights_of
from dlbench.engine.outcome import predictions_of
from dlbench.engine.stacked_net import Net, allocate
from dlbench.engine.trainer import Trainer
from dlbench.engine.worker import Worker
from dlbench.parts.outline import slots_of
from dlbench.plan import Plan
from dlbench.run.weights import read


def kept(own: dict[str, Any]) -> dict[str, Any]:
    """Settings that ask for weights."""
    own["evaluate"]["weights"] = True
    return own


LAYERS = [*DROPOUT, {"kind": "batch_norm", "momentum": 0.1, "eps": 1e-5}, dense(6, "relu")]
DIGITS = plan_of({"digits": kept(settings(LAYERS, data="digits", batch_size=100, steps=30, every=10))}, seeds=[0, 1, 2])


@pytest.fixture(autouse=True)
def _no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker in the test's own process leaves its signals alone."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def said_by(trainer: Trainer, tensors: Any) -> np.ndarray:
    """What a net with these tensors says of the test data, `[samples, outputs]`."""
    blocks = trainer._stack.own_blocks[0]
    own = allocate([blocks], [0], torch.device("cpu"))
    for slot in slots_of(blocks):
        slot.of(own.weights)[0] = torch.from_numpy(tensors[slot.name])
    for block, buffers in own.buffers.items():
        for name, buffer in buffers.items():
            buffer[0] = torch.from_numpy(tensors[f"{block}.{name}"])
    with torch.no_grad():
        said: np.ndarray = Net(blocks, own).forward(trainer.data.test.x.unsqueeze(0), training=False)[0].numpy()
    return said


@pytest.mark.parametrize(
    "own",
    [
        settings(LAYERS, data="digits", batch_size=100, steps=30, every=10),
        stopping(patience=1),
        stopping(patience=100),
    ],
    ids=["to the end", "stopped early", "put back at the end"],
)
def test_they_say_what_the_trials_say(own: dict[str, Any]) -> None:
    """A net with the kept tensors, running statistics among them, predicts as the trial does in the end (1e-5)."""
    trainer, _ = trained(plan_of({"a": own}, seeds=[0, 1]))
    found = weights_of(trainer)

    for row, trial in enumerate(trainer.ids):
        assert said_by(trainer, found.trials[trial]) == pytest.approx(
            predictions_of(trainer).logits[row], rel=1e-5, abs=1e-5
        )


def test_the_step_is_that_of_the_weights() -> None:
    """Of a trial that was stopped early it is its best step, which the event tells too."""
    trainer, events = trained(plan_of({"a": stopping(patience=1)}, seeds=[0, 1]))
    told = {trainer.ids[event["trial"]]: event["best_step"] for event in events.of("early_stop")}

    assert set(told) == set(trainer.ids)
    assert weights_of(trainer).steps == told


def test_an_event_tells_of_them_before_the_end(tmp_path: Path) -> None:
    """The event has the fields of the design's table and the file's true size, and comes before the stack's end."""
    folder = folder_of(tmp_path, DIGITS)
    assert Worker(folder, 0, 0, [0]).run() == 0
    (event,), (end, _) = events_of(folder, "weights"), events_of(folder, "end")

    assert set(event) - ENVELOPE == PROMISED["weights"] - {"some"} | {"kind"}
    assert (folder.path / event["file"]).stat().st_size == event["bytes"]
    assert folded(folder).stacks[0].weights == {0: event["bytes"]}
    assert event["bytes"] > 4 * 3 * DIGITS.stacks[0].parameters
    assert (event["trials"], event["seq"] < end["seq"]) == (3, True)


def test_nobody_keeps_them_unasked(tmp_path: Path) -> None:
    """Settings that do not ask for them, or of an older dlbench that know of none, leave neither file nor event."""
    folder = folder_of(tmp_path, plan_of({"old": settings([dense(4)])}))
    Worker(folder, 0, 0, [0]).run()

    assert not folder.weights_file(0).parent.exists()
    assert events_of(folder, "weights") == []


def test_a_stopped_and_resumed_training_keeps_the_same_bytes(tmp_path: Path) -> None:
    """Stopped on the way there is no file yet; the session that ends the training writes the undisturbed run's, byte for byte."""
    whole, broken = (folder_of(tmp_path, DIGITS) for _ in range(2))
    Worker(whole, 0, 0, [0]).run()
    first = Worker(broken, 0, 0, [0])
    first._controls.stops = lambda trainer: trainer.step >= 10  # type: ignore[method-assign]
    first.run()
    assert not broken.weights_file(0).exists()
    Worker(broken, 1, 0, [0]).run()

    assert broken.weights_file(0).read_bytes() == whole.weights_file(0).read_bytes()


def lost() -> tuple[Trainer, Plan]:
    """A stack of which the first trial is dropped and the last two diverge."""
    wild = settings([dense(5, "relu")], optimizer={"kind": "sgd", "lr": 1e30})
    plan = plan_of({"calm": settings([dense(5, "relu")]), "wild": wild}, seeds=[0, 1])
    trainer, _ = trainer_of(plan)
    trainer.end_trials([0])
    trainer.train(lambda _: False)
    return trainer, plan


def test_lost_trials_have_none() -> None:
    """A trial that diverged or was dropped has no weights; its neighbour has."""
    trainer, plan = lost()

    assert list(weights_of(trainer).trials) == list(weights_of(trainer).steps) == [ids(plan)[1]]


def test_what_was_taken_from_the_training_rows_is_kept(tmp_path: Path) -> None:
    """Mean and standard deviation stand in the file, float32 as they were used, and what the data looked like."""
    data = {"kind": "digits", "normalize": "standard"}
    plan = plan_of({"a": kept(settings([{"kind": "flatten"}], data=data, steps=2))})
    folder = folder_of(tmp_path, plan)
    Worker(folder, 0, 0, [0]).run()
    trial = ids(plan)[0]
    (found,) = read(folder.weights_file(0), {trial}).values()
    x = trained(plan_of({"a": settings([{"kind": "flatten"}], data="digits", steps=1)}))[0].data.train.x.numpy()

    assert (found.step, found.facts["shape"], found.facts["task"]) == (2, [1, 8, 8], "classification")
    assert found.data["mean"].ravel() == pytest.approx(x.mean(dtype=np.float64), rel=1e-6)
    assert found.data["std"].ravel() == pytest.approx(x.std(dtype=np.float64), rel=1e-6)
