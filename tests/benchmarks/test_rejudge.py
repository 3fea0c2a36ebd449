"""Kept runs that are judged anew come out as the run itself does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.reference import keep
from benchmarks.rejudge import rejudge
from benchmarks.synthetic_runs import Size, write_run
from dlbench.export.json_data import as_data
from dlbench.recipe.old_runs import questions_in

CLAIMS = """
[compare]
metric = "test_accuracy"
baseline = "relu"

[[claims]]
says = "Estimated"
source = "measured"
variant = "sigmoid"
metric = "test_loss"
better_than = "relu"

[[claims]]
says = "Of every seed"
source = "measured"
variant = "sigmoid"
metric = "train_accuracy"
at_least = 0.0
every_seed = true

[[claims]]
says = "It suffers from something"
source = "measured"
variant = "sigmoid"
finds_none = true

[[claims]]
says = "It suffers in most seeds"
source = "measured"
variant = "sigmoid"
finds = "vanishing-gradient"
every_seed = true

[[claims]]
says = "Early on"
source = "measured"
variant = "relu"
metric = "test_accuracy"
at_step = 0
at_least = 0.9
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of a made-up run with claims of each kind."""
    out = tmp_path_factory.mktemp("kept")
    folder = write_run(out, Size(layers=2, steps=100, probes=5, evaluations=5))
    text = folder.recipe_file.read_text(encoding="utf-8") + CLAIMS
    folder.recipe_file.write_text(text, encoding="utf-8")
    folder.write_plan(replace(folder.read_plan(), questions=questions_in(text, "recipe.toml")))
    return keep(folder.path, out / "reference")


@pytest.mark.extras
def test_a_kept_run_is_judged_as_the_run_is(kept: Path) -> None:
    """Rows and verdicts out of the kept trials are those out of the events, but for what is asked at earlier steps."""
    known = json.loads((kept / "report.json").read_text(encoding="utf-8"))

    found = json.loads(json.dumps(as_data(rejudge(kept, kept / "recipe.toml"))))

    for row in known["rows"]:
        row["cells"] = {key: cell for key, cell in row["cells"].items() if "@" not in key}
    assert found["rows"] == known["rows"]
    assert found["claims"][:-1] == known["claims"][:-1]


@pytest.mark.extras
def test_a_claim_on_an_earlier_step_is_judged_by_its_kept_mean(kept: Path) -> None:
    """Mean, interval, p and outcome are those of the run, within the float's rounding."""
    *_, known = json.loads((kept / "report.json").read_text(encoding="utf-8"))["claims"]

    *_, found = as_data(rejudge(kept, kept / "recipe.toml"))["claims"]

    assert (found["outcome"], found["value"], found["interval"]) == (
        known["outcome"],
        known["value"],
        known["interval"],
    )
    assert found["p"] == pytest.approx(known["p"])
