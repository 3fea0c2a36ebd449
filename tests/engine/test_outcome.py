"""What a worker keeps of a stack's end: right answers and confusion counts, those that the last metrics were taken of."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import dense, plan_of, settings, trained, trainer_of
from sklearn.metrics import confusion_matrix
from test_contract import ENVELOPE, PROMISED
from test_kept_predictions import DIGITS, events_of, folder_of, ids

from dlbench.analysis.right_answers import right_answers
from dlbench.analysis.summary import folded
from dlbench.engine.evaluate import Answers, evaluate
from dlbench.engine.outcome import FinalAnswers
from dlbench.engine.worker import Worker
from dlbench.run.predictions import read
from dlbench.state.run_state import RunState


@pytest.fixture(autouse=True)
def _no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker in the test's own process leaves its signals alone."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every pass over a split."""
    passes: list[int] = []
    monkeypatch.setattr("dlbench.engine.evaluate.evaluate", lambda *own: passes.append(1) or evaluate(*own))
    return passes


def test_right_answers_and_confusion_are_those_of_the_predictions(tmp_path: Path) -> None:
    """The bits are argmax of the kept logits against the labels, the counts scikit-learn's; both told before the stack's end."""
    folder = folder_of(tmp_path, DIGITS)
    assert Worker(folder, 0, 0, [0]).run() == 0
    said = read(folder.predictions_file(0), ids(DIGITS))
    state = folded(folder)
    right, problems = right_answers(state, folder)
    (told,), (kept,), (end, _) = (events_of(folder, kind) for kind in ("confusion", "correct", "end"))

    assert problems == []
    assert list(right) == ids(DIGITS)
    for trial, logits in zip(state.trials, said.logits, strict=True):
        assert (right[trial.plan.id] == (logits.argmax(-1) == said.labels)).all()
        assert (trial.confusion() == confusion_matrix(said.labels, logits.argmax(-1))).all()
    assert {"test", "train"} == {name for name in ("train", "validation", "test") if told[name] is not None}
    assert np.trace(state.trials[0].confusion("train")) / state.stacks[0].samples["train"] == pytest.approx(
        state.trials[0].curve("train_accuracy")[-1], abs=1e-6
    )
    assert max(told["seq"], kept["seq"]) < end["seq"]
    assert (folder.path / kept["file"]).stat().st_size == kept["bytes"]
    for event in (told, kept):
        assert set(event) - ENVELOPE == PROMISED[event["kind"]] - {"null", "true", "predicted", "trials"} | {"kind"}


def test_they_cost_no_pass_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At the end of a training the answers are there: no split is gone through again."""
    trainer, _ = trained(plan_of({"a": settings([dense(4)])}))
    passes = counted(monkeypatch)
    FinalAnswers(folder_of(tmp_path, DIGITS), lambda *_, **__: None).keep(trainer, with_predictions=False)

    assert passes == []


def stopping(**own: Any) -> dict[str, Any]:
    """Settings of a net that gets worse on its validation data from early on."""
    data = {"kind": "digits", "validation": 200, "limit": 40, "label_noise": 0.5}
    found = settings([{"kind": "flatten"}, dense(8, "relu")], data=data, steps=60, every=10)
    found["train"]["early_stopping"] = {"metric": "validation_loss", "patience": 2, "min_delta": 0.0} | own
    return found


@pytest.mark.parametrize("patience", [1, 100])
def test_answers_of_an_early_stop_are_those_of_the_best(patience: int) -> None:
    """A trial that was stopped on the way, or at the last evaluation, ends with the answers that its metrics are of."""
    trainer, events = trained(plan_of({"a": stopping(patience=patience)}, seeds=[0, 1]))
    answers = trainer.evaluation.answers()

    for split in ("train", "validation", "test"):
        assert answers[split].right.mean(axis=1) == pytest.approx(
            events.of("metrics")[-1][f"{split}_accuracy"], abs=1e-6
        )


def test_lost_trials_have_no_answers(tmp_path: Path) -> None:
    """Of a trial that diverged or was dropped there are no bits, and no counts; its neighbours have theirs."""
    layers = [dense(5, "relu")]
    plan = plan_of(
        {"calm": settings(layers), "wild": settings(layers, optimizer={"kind": "sgd", "lr": 1e30})}, seeds=[0, 1]
    )
    trainer, events = trainer_of(plan)
    trainer.end_trials([0])
    trainer.train(lambda _: False)
    folder = folder_of(tmp_path, plan)
    FinalAnswers(folder, events).keep(trainer, with_predictions=False)
    events("end", stack=0, status="done", step=trainer.step)
    state = RunState(plan)
    state.apply(events)

    assert list(right_answers(state, folder)[0]) == [trainer.ids[1]]
    assert [trial.confusion() is None for trial in state.trials] == [True, False, True, True]


def test_a_resumed_training_keeps_the_same_bytes(tmp_path: Path) -> None:
    """Stopped on the way and resumed, and once more from its last checkpoint, a stack leaves the undisturbed run's bits."""
    whole, broken = (folder_of(tmp_path, DIGITS) for _ in range(2))
    Worker(whole, 0, 0, [0]).run()
    first = Worker(broken, 0, 0, [0])
    first._controls.stops = lambda trainer: trainer.step >= 10  # type: ignore[method-assign]
    first.run()
    assert not broken.correct_file(0).exists()
    for session in (1, 2):
        broken.correct_file(0).unlink(missing_ok=True)
        Worker(broken, session, 0, [0]).run()

        assert broken.correct_file(0).read_bytes() == whole.correct_file(0).read_bytes()
        assert events_of(broken, "confusion")[-1]["test"] == events_of(whole, "confusion")[0]["test"]


def test_a_file_that_is_gone_hides_nothing(tmp_path: Path) -> None:
    """The trials of a missing file are left out, with words that name it; a run of before has no answers and no words."""
    folder = folder_of(tmp_path, DIGITS)
    Worker(folder, 0, 0, [0]).run()
    folder.correct_file(0).unlink()
    state = folded(folder)
    found, (problem,) = right_answers(state, folder)
    state.stacks[0].correct.clear()

    assert (found, str(folder.correct_file(0)) in problem) == ({}, True)
    assert right_answers(state, folder) == ({}, [])


def test_confusion_counts_as_scikit_learn() -> None:
    """Rows are true classes, columns what is said, classes that never occur included."""
    labels = np.array([0, 2, 2, 1, 0, 2])
    said = np.array([[0, 2, 1, 1, 1, 2], [0, 0, 0, 0, 0, 0]], dtype=np.uint8)
    expected = [confusion_matrix(labels, row, labels=range(4)).tolist() for row in said]

    assert Answers(said, labels).confusion(4).tolist() == expected


@pytest.mark.parametrize(("classes", "counted"), [(100, True), (101, False)])
def test_many_classes_leave_no_confusion(tmp_path: Path, classes: int, counted: bool) -> None:
    """Beyond a hundred classes no counts are told, whose number is the square; the right answers are."""
    data = {"kind": "blobs", "centers": classes, "samples": 2 * classes, "features": 3}
    plan = plan_of({"a": settings([dense(4)], data=data, steps=2)})
    folder = folder_of(tmp_path, plan)
    assert Worker(folder, 0, 0, [0]).run() == 0
    state = folded(folder)
    (accuracy,) = {trial.curve("test_accuracy")[-1] for trial in state.trials}

    assert bool(events_of(folder, "confusion")) == counted
    assert (state.trials[0].confusion() is not None) == counted
    assert right_answers(state, folder)[0][state.trials[0].plan.id].mean() == pytest.approx(accuracy)
