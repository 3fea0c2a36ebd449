"""Numbers are learned as torch.nn learns them, alone as in company, and are told in the target's own units."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import dense, plan_of, settings, trained, trainer_of
from part_examples import example
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from test_company import differing
from torch_nets import torch_net

from dlbench.engine.outcome import FinalAnswers
from dlbench.parts.losses import LOSSES
from dlbench.run import predictions
from dlbench.run.folder import RunFolder

pytestmark = pytest.mark.usefixtures("either_way")

KINDS = [part.name for part in LOSSES if "regression" in part.traits["tasks"]]
CRITERIA: dict[str, torch.nn.Module] = {
    "mse": torch.nn.MSELoss(),
    "l1": torch.nn.L1Loss(),
    "huber": torch.nn.HuberLoss(delta=1.0),
}
RATE = 0.1


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of an archive of two targets in units of their own, which are functions of three features."""
    random = np.random.default_rng(0)
    x = random.normal(size=(150, 3))
    y = np.stack([100 + 20 * np.tanh(x[:, 0] - x[:, 1]), 0.1 * x[:, 2] ** 2], axis=1)
    path = tmp_path_factory.mktemp("data") / "a.npz"
    np.savez(path, x_train=x[:110], y_train=y[:110], x_test=x[110:], y_test=y[110:])
    return {"kind": "npz", "path": str(path), "normalize_target": "standard", "validation": 20}


def learning(data: dict[str, Any], kind: str, **changes: Any) -> dict[str, Any]:
    """Settings of a net that learns by a loss."""
    own = settings(
        [dense(7)], data=data, optimizer={"kind": "sgd", "lr": RATE}, **{"batch_size": 40, "steps": 6} | changes
    )
    own["train"]["loss"] = example("losses", kind)
    return own


@pytest.mark.parametrize("kind", KINDS)
def test_training_as_with_torchs_criterion(kind: str, data: dict[str, Any]) -> None:
    """Losses and weights of six steps are those of torch.nn with its own criterion (1e-4)."""
    trainer, _ = trainer_of(plan_of({"a": learning(data, kind)}))
    assert trainer._nets[0].by_hand
    oracle = torch_net(trainer, 0)
    optimizer = torch.optim.SGD(oracle.parameters(), lr=RATE)
    for step in range(6):
        x, y = trainer._batches.take(step)
        loss = CRITERIA[kind](oracle(x[0]), y[0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        assert trainer.ways.steps.take(step, 1)[0].item() == pytest.approx(loss.item(), rel=1e-4)
    for now, learned in zip(torch_net(trainer, 0).parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(now, learned, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_company_changes_no_bit(kind: str, data: dict[str, Any]) -> None:
    """A trial is the same alone, among its seeds, and beside others, whatever the loss."""
    assert differing(learning(data, kind, batch_size=17, steps=14, points=5, every=7)) == []


def test_metrics_are_of_the_predictions_in_their_own_units(data: dict[str, Any], tmp_path: Path) -> None:
    """What is told at the end is what scikit-learn says of the kept predictions (1e-4), and classes are told of nowhere."""
    plan = plan_of({"a": learning(data, "huber", steps=600)}, seeds=[0, 1])
    trainer, events = trained(plan)
    FinalAnswers(RunFolder(tmp_path), events).keep(trainer, with_predictions=True)
    kept = predictions.read(tmp_path / "predictions" / "stack-0.npz", trainer.ids)
    told = events.of("metrics")[-1]

    for trial in range(2):
        said = kept.logits[trial]
        assert told["test_rmse"][trial] == pytest.approx(root_mean_squared_error(kept.labels, said), rel=1e-4)
        assert told["test_mae"][trial] == pytest.approx(mean_absolute_error(kept.labels, said), rel=1e-4)
        assert told["test_r2"][trial] == pytest.approx(r2_score(kept.labels, said), abs=1e-4)
    assert kept.labels.mean(axis=0) == pytest.approx([100, 0.1], rel=0.5)
    assert np.all(told["test_r2"] > 0.5)
    assert {"confusion", "correct"} & {event["kind"] for event in events} == set()
    assert not any("accuracy" in name for name in told)


def test_what_is_learned_is_told_with_its_chance(data: dict[str, Any]) -> None:
    """The stack's event names the task, and what the best constant comes to on the training data, without classes."""
    trainer, events = trainer_of(plan_of({"a": learning(data, "mse")}))
    trainer._announce()
    (told,) = events.of("stack")

    assert (told["task"], told["classes"], told["class_names"], told["class_counts"]) == ("regression", None, [], None)
    assert told["chance"]["loss"] == pytest.approx(1.0, abs=1e-3)
    assert told["chance"]["r2"] == 0


def test_early_stopping_by_an_error(data: dict[str, Any]) -> None:
    """A trial that is stopped by RMSE keeps that of its best evaluation, the lowest so far."""
    own = learning(data, "mse", steps=60, every=5)
    own["train"]["early_stopping"] = {"metric": "validation_rmse", "patience": 2, "min_delta": 0.0}
    own["train"]["optimizer"]["lr"] = 0.9
    _, events = trained(plan_of({"a": own}))
    seen = [event["validation_rmse"][0] for event in events.of("metrics")]
    (stop,) = events.of("early_stop")

    assert seen[-1] == min(seen)
    assert stop["best_step"] == 5 * int(np.argmin(seen))


def test_the_sample_of_training_rows_needs_no_classes(data: dict[str, Any]) -> None:
    """Where train metrics are of some of the rows, the same ones for everybody are drawn."""
    own = learning(data, "mse", steps=1)
    few = deepcopy(own)
    few["evaluate"]["train_samples"] = 30
    whole_set, sample = (trained(plan_of({"a": each}))[1].of("metrics")[0] for each in (own, few))

    assert sample["test_rmse"] == pytest.approx(whole_set["test_rmse"])
    assert sample["train_rmse"] != pytest.approx(whole_set["train_rmse"])
