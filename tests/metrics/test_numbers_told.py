"""Runs that learn numbers, as tables and views tell of them: no accuracy, guessing by the mean, solved by RMSE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from cases import dense, plan_of, settings, trained
from synthetic_run import state_of
from test_metrics import FakeTrial, value

from dlbench.analysis.diagnosis.evidence import over_guessing
from dlbench.analysis.summary import report
from dlbench.export import exported
from dlbench.metrics.chance import chance_of
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import score_of

CHANCE = {"loss": 1.0, "rmse": 45.0, "mae": 38.0, "r2": 0.0}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> RunState:
    """A finished run of two nets on a price that is a function of two features, as it was written down and read again."""
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 2))
    y = 100 + 45 * (0.8 * x[:, 0] + 0.6 * x[:, 1])
    path = tmp_path_factory.mktemp("data") / "prices.npz"
    np.savez(path, x_train=x[:80], y_train=y[:80], x_test=x[80:], y_test=y[80:])
    data: dict[str, Any] = {"kind": "npz", "path": str(Path(path)), "normalize_target": "standard"}
    fast, slow = (settings([dense(8)], data=data, optimizer={"kind": "sgd", "lr": lr}, steps=400) for lr in (0.2, 1e-4))
    plan = plan_of({"fast": fast, "slow": slow}, seeds=range(8))
    _, events = trained(plan)
    events("end", stack=0, status="done", error=None, step=400, seconds=1.0)
    return state_of(plan, orjson.loads(orjson.dumps(events, default=lambda array: array.tolist())))


def test_a_table_has_errors_and_no_accuracy(state: RunState) -> None:
    """What is shown, exported and claimed is RMSE, mean absolute error and R2; nobody tells of classes."""
    claims = [Claim("fast is better", "measured", "fast", "test_rmse", better_than="slow", by=5.0)]
    found = report(state, Questions(compare=Compare("test_rmse", "slow"), claims=claims))
    told = exported("markdown", found, "en")

    assert [verdict.outcome for verdict in found.verdicts] == ["confirmed"]
    assert {"test_rmse", "test_mae", "test_r2", "solved"} <= {column.key for column in found.table.all_columns}
    assert "accuracy" not in told
    assert "test rmse" in told


def test_who_explains_nearly_all_has_learned(state: RunState) -> None:
    """Solved are the trials whose training RMSE is at most a tenth of the deviation; those that hardly moved are not."""
    solved = {trial.plan.variant: value("solved", trial) for trial in state.trials}
    fast = next(trial for trial in state.trials if trial.plan.variant == "fast")

    assert solved == {"fast": 1.0, "slow": 0.0}
    assert fast.curve("train_rmse")[-1] <= fast.chance["rmse"] / 10
    assert score_of(state.trials) == "rmse"


@pytest.mark.parametrize(
    ("rmse", "loss", "solved"), [(4.5, 0.5, 1.0), (4.6, 0.01, 0.0), (4.5, 0.51, 0.0), (None, 0.1, None)]
)
def test_solved_asks_for_a_tenth_of_the_deviation_and_half_the_loss(rmse: Any, loss: float, solved: Any) -> None:
    """Of what the best constants come to: a tenth by RMSE, a half by the loss; without a number nothing is said."""
    curves = {"train_rmse": [np.nan if rmse is None else rmse] * 3, "train_loss": [loss] * 3}

    assert value("solved", FakeTrial(classes=None, chance=CHANCE, curves=curves)) == solved


def test_guessing_is_what_the_task_told() -> None:
    """Where the event has it, it goes by that and not by counts of classes; a loss is measured by blind guessing, if any."""
    numbers, classes = (
        FakeTrial(classes=None, chance=CHANCE),
        FakeTrial(chance={"loss": 0.1, "accuracy": 0.9, "blind_loss": 0.25}),
    )
    found, other = chance_of(numbers), chance_of(classes)
    assert found is not None
    assert other is not None

    assert (found.loss, found.rmse, found.accuracy) == (1.0, 45.0, None)
    assert (other.loss, other.accuracy) == (0.1, 0.9)
    for trial, expected in ((numbers, 3.0), (classes, 12.0), (FakeTrial(classes=None), 0.0)):
        assert over_guessing(np.array([3.0]), trial).tolist() == [expected]  # type: ignore[arg-type]
