from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest
from synthetic_run import LN2, finished, make_plan, metrics_event, stack_event

from dlbench.analysis.claims import Outcome
from dlbench.analysis.summary import summarize
from dlbench.errors import RecipeError, UsageError
from dlbench.export.json_data import as_data
from dlbench.metrics.trial_view import Status
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, create
from dlbench.text.notes import notes_of

RECIPE = """
[lesson]
title = "Nine layers"
[data]
kind = "xor"
[model]
layers = [{ kind = "dense", units = 5 }]
[train]
optimizer = "sgd"
steps = 100
[trials]
seeds = 3
[variants.sigmoid]
model.activation = "sigmoid"
[variants.relu]
[compare]
metric = "solved"
solved = { metric = "test_accuracy", at_least = 0.9 }
[[claims]]
says = "ReLU is better than 0.9 on test data"
source = "measured"
variant = "relu"
metric = "solved"
at_least = 1
every_seed = true
"""
PLAN = make_plan(["sigmoid", "relu"], 3)


def final(trial):
    """The numbers of a trial at its end."""
    return {"train_loss": LN2, "train_accuracy": 0.5, "test_accuracy": 0.95 if trial.variant == "relu" else 0.5}


def run_folder(tmp_path, events, recipe=RECIPE) -> RunFolder:
    """A folder with a recipe, a plan and these events."""
    folder = create(tmp_path, "xor", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    folder.write_recipe(recipe)
    folder.write_plan(PLAN)
    with EventWriter(folder.events_file(0, 0)) as writer:
        for event in events:
            fields = {key: value for key, value in event.items() if key not in {"v", "kind"}}
            writer.write(event["kind"], **fields)
    return folder


def test_a_table_says_what_damaged_arrays_cost_it(tmp_path):
    """Of seventy seeds one metric's last numbers are destroyed: there is no mean of these, all others stand, a note counts."""
    plan = make_plan(["sigmoid"], 70)
    folder = create(tmp_path, "xor", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    folder.write_recipe(RECIPE)
    folder.write_plan(plan)
    with EventWriter(folder.events_file(0, 0)) as writer:
        writer.write("stack", stack=0, step=0, layers=[], steps=100)
        for step, loss in ((50, 0.5), (100, 0.25)):
            writer.write("metrics", stack=0, step=step, train_loss=np.full(70, loss), test_loss=np.full(70, loss))
        writer.write("end", stack=0, step=100, status="done", error=None)
    arrays = folder.events_file(0, 0).with_suffix(".arrays")
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[: -2 * 70 * 8] + bytes(70 * 8) + whole[-70 * 8 :])
    found = summarize(folder)

    told = "s000-w0.arrays is damaged: 1 of its arrays cannot be read or are missing; its records of 70 of 70 trials"
    assert any(note.startswith(told) for note in notes_of(found))
    assert [cell.mean for cell in map(found.table.rows[0].cells.get, ("train_loss", "test_loss"))] == [None, 0.25]
    assert as_data(found)["unreadable_lines"] == {"s000-w0.arrays": 1}


def test_a_folder_becomes_a_report(tmp_path):
    """State, table, verdicts and lesson come out of the files, with the recipe's own rule for solved and its baseline."""
    found = summarize(run_folder(tmp_path, finished(PLAN, final)))
    assert [trial.status for trial in found.state.trials] == [Status.OK] * 6
    assert found.table.baseline == "sigmoid"
    assert [row.cells["solved"].mean for row in found.table.rows] == [0.0, 1.0]
    assert found.verdicts[0].outcome is Outcome.CONFIRMED
    assert found.lesson.title == "Nine layers"


def test_a_dead_run_is_not_shown_as_running(tmp_path):
    """Where no worker is alive, what was under way has crashed, with its values up to there."""
    rows = [{"test_accuracy": 0.7}] * 3
    found = summarize(run_folder(tmp_path, [stack_event(0), metrics_event(0, 50, rows)]))
    assert [trial.status for trial in found.state.trials] == [Status.CRASHED] * 3 + [Status.WAITING] * 3
    assert "3 of 6 trials crashed: values up to that point" in notes_of(found)


def test_missing_data_hides_no_report(tmp_path, monkeypatch):
    """A run whose dataset is not on this machine is still reported."""
    monkeypatch.setenv("DLBENCH_DATA", str(tmp_path / "nowhere"))
    recipe = RECIPE.replace('kind = "xor"', 'kind = "mnist"').replace(
        'layers = [{ kind = "dense", units = 5 }]', 'layers = ["flatten", { kind = "dense", units = 5 }]'
    )
    assert len(summarize(run_folder(tmp_path, finished(PLAN, final), recipe)).table.rows) == 2


def test_a_wrong_claim_is_told(tmp_path):
    """A recipe of the run that was changed by hand into something wrong is an error with its place."""
    folder = run_folder(tmp_path, [], RECIPE.replace('metric = "solved"\nat_least', 'metric = "solvd"\nat_least'))
    with pytest.raises(RecipeError, match=r"claims\[0\]\.metric.*solvd"):
        summarize(folder)


def test_a_folder_that_is_no_run(tmp_path):
    """Without a plan there is no report."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    with pytest.raises(UsageError, match="is not a run"):
        summarize(RunFolder(tmp_path))


def test_the_summary_is_plain_data(tmp_path):
    """`as_data` survives JSON unchanged: no NaN, no objects, every number as in the table."""
    found = summarize(run_folder(tmp_path, finished(PLAN, final)))
    data = as_data(found)
    assert orjson.loads(orjson.dumps(data)) == data
    assert data["rows"][1]["trials"] == {"run": 3, "ok": 3}
    assert data["rows"][1]["cells"]["solved"]["interval"] == list(
        vars(found.table.rows[1].cells["solved"].interval).values()
    )
    assert data["claims"][0]["outcome"] == "confirmed"


def test_reports_and_exports_import_no_torch():
    """Whoever only looks at results pays for no torch."""
    code = "import sys, dlbench.analysis.summary, dlbench.text.table, dlbench.export; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
