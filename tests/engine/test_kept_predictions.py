"""Predictions that a worker keeps: those that the metrics were taken of, whatever happened on the way."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import dense, plan_of, settings, trained, trainer_of
from test_contract import ENVELOPE, PROMISED

from dlbench.engine.outcome import predictions_of
from dlbench.engine.worker import Worker
from dlbench.plan import Plan
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder, create
from dlbench.run.predictions import read


def kept(layers: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
    """Settings that ask for predictions."""
    own = settings(layers if layers is not None else [dense(4)], **options)
    own["evaluate"]["predictions"] = True
    return own


DROPOUT = [{"kind": "flatten"}, dense(8, "relu"), {"kind": "dropout", "keep": 0.8, "rate": None}]
DIGITS = plan_of({"digits": kept(DROPOUT, data="digits", batch_size=100, steps=30, every=10)}, seeds=[0, 1, 2])


@pytest.fixture(autouse=True)
def _no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker in the test's own process leaves its signals alone."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def folder_of(base: Path, plan: Plan) -> RunFolder:
    """A folder with a plan, ready to start."""
    folder = create(base, "case", datetime.now().astimezone())
    folder.write_plan(plan)
    return folder


def events_of(folder: RunFolder, kind: str) -> list[dict[str, Any]]:
    """The run's events of a kind."""
    return [event for event in EventReader(folder).poll() if event["kind"] == kind]


def ids(plan: Plan) -> list[str]:
    """The ids of the first stack's trials."""
    return [plan.trials[index].id for index in plan.stacks[0].trials]


def test_they_are_those_that_the_metrics_were_taken_of(tmp_path: Path) -> None:
    """Accuracy and cross-entropy by torch of the file's logits are the last metrics event's (float32: 1e-6)."""
    folder = folder_of(tmp_path, DIGITS)
    assert Worker(folder, 0, 0, [0]).run() == 0
    found, last = read(folder.predictions_file(0), ids(DIGITS)), events_of(folder, "metrics")[-1]
    labels = torch.from_numpy(found.labels)
    losses = [torch.nn.functional.cross_entropy(torch.from_numpy(own), labels).item() for own in found.logits]

    assert found.logits.shape == (3, len(labels), 10)
    assert (found.logits.argmax(-1) == found.labels).mean(axis=1) == pytest.approx(last["test_accuracy"], abs=1e-6)
    assert losses == pytest.approx(last["test_loss"], rel=1e-6)


def test_an_event_tells_of_them_before_the_end(tmp_path: Path) -> None:
    """The event has the fields of the design's table and the file's true size, and comes before the stack's end."""
    folder = folder_of(tmp_path, DIGITS)
    Worker(folder, 0, 0, [0]).run()
    (event,), (end, _) = events_of(folder, "predictions"), events_of(folder, "end")

    assert set(event) - ENVELOPE == PROMISED["predictions"] | {"kind"}
    assert (folder.path / event["file"]).stat().st_size == event["bytes"] > 4 * 3 * event["samples"] * event["outputs"]
    assert event["seq"] < end["seq"]


def test_nobody_keeps_them_unasked(tmp_path: Path) -> None:
    """Settings that do not ask for them, or of an older dlbench that know of none, leave neither file nor event."""
    folder = folder_of(tmp_path, plan_of({"old": settings([dense(4)])}))
    Worker(folder, 0, 0, [0]).run()

    assert not folder.predictions_file(0).parent.exists()
    assert events_of(folder, "predictions") == []


def test_a_stopped_and_resumed_training_keeps_the_same_bytes(tmp_path: Path) -> None:
    """Stopped on the way there is no file yet; the session that ends the training writes the undisturbed run's, byte for byte.

    So does one that finds only its last steps' checkpoint, as after a kill between the file and the end.
    """
    whole, broken = (folder_of(tmp_path, DIGITS) for _ in range(2))
    Worker(whole, 0, 0, [0]).run()
    first = Worker(broken, 0, 0, [0])
    first._controls.stops = lambda trainer: trainer.step >= 10
    first.run()
    assert not broken.predictions_file(0).exists()
    for session in (1, 2):
        broken.predictions_file(0).unlink(missing_ok=True)
        Worker(broken, session, 0, [0]).run()

        assert broken.predictions_file(0).read_bytes() == whole.predictions_file(0).read_bytes()


@pytest.mark.parametrize("slices", [2, 3])
def test_slices_predict_the_same(slices: int) -> None:
    """A stack that goes through memory in slices predicts what it does whole (1e-6)."""
    whole, sliced = (predictions_of(trained(DIGITS, slices=count)[0]) for count in (1, slices))

    assert sliced.logits == pytest.approx(whole.logits, rel=1e-6, abs=1e-6)
    assert (sliced.labels == whole.labels).all()


def test_lost_trials_have_no_predictions() -> None:
    """A trial that diverged, or was dropped, has NaN in its row; its neighbours have numbers."""
    layers = [dense(5, "relu")]
    wild = kept(layers, optimizer={"kind": "sgd", "lr": 1e30})
    trainer, _ = trainer_of(plan_of({"calm": kept(layers), "wild": wild}, seeds=[0, 1]))
    trainer.end_trials([0])
    trainer.train(lambda _: False)
    rows = predictions_of(trainer).logits

    assert [bool(np.isnan(row).all()) for row in rows] == [True, False, True, True]
    assert np.isfinite(rows[1]).all()
    assert rows.shape[2] == 1
