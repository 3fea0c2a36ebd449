"""What is learned from, in a line and with its oddities, wherever a recipe or a plan is shown."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner
from verbs import app

LINE = "data: npz, 60 samples of 2 features; 2 classes (0: 30, 1: 30), the largest 50 %; 30 to train, 10 for validation, 20 to test"
RECIPE = """
[data]
kind = "npz"
path = "a.npz"
validation = 10
[model]
layers = []
[train]
optimizer = { kind = "sgd", lr = 0.1 }
steps = 1
[trials]
seeds = 1
[variants.one]
[variants.other]
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A recipe whose training rows are sorted by class, one of them being a test row."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(60, 2))
    x[50] = x[0]
    np.savez("a.npz", x_train=x[:40], y_train=np.repeat([0, 1], 20), x_test=x[40:], y_test=np.arange(20) % 2)
    (tmp_path / "r.toml").write_text(RECIPE)
    return tmp_path / "r.toml"


def call(*words):
    """What a command prints on stdout and on stderr."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


@pytest.mark.parametrize("words", [["show"], ["check"], ["run", "--dry-run"]], ids=" ".join)
def test_every_look_at_a_recipe_has_its_data_in_a_line(recipe, words):
    """One line, however many variants learn from it."""
    out, _ = call(*words, str(recipe))

    assert [line.strip() for line in out.splitlines() if line.strip().startswith("data")] == [LINE]


def test_check_notes_what_is_odd_about_small_data(recipe):
    """What only the arrays tell is looked for where they are quickly loaded."""
    _, err = call("check", str(recipe))

    assert err.count(": data: the training rows are sorted by class") == 1
    assert err.count(": data: 1 of 20 test samples equal a training sample in every feature") == 1


def test_check_does_not_load_what_is_large(recipe, monkeypatch):
    """Data of more numbers than are loaded in a second are described and not loaded."""
    monkeypatch.setattr("dlbench.cli.data_lines.QUICK", 60 * 2 - 1)
    out, err = call("check", str(recipe))

    assert LINE in out
    assert "sorted" not in err


def test_variants_with_other_data_have_their_own_lines(recipe):
    """Each data says who learns from it; of many only the first ones are shown."""
    recipe.write_text(
        RECIPE + "data.limit = 5\n" + "".join(f"[variants.v{n}]\ndata.limit = {n}\n" for n in range(6, 9))
    )
    lines = [line.strip() for line in call("check", str(recipe))[0].splitlines()[1:]]

    assert [line.partition(": ")[0] for line in lines] == [
        f"data of {name}" for name in ("one", "other", "v6", "v7")
    ] + ["data", "memory"]
    assert "5 to train, 25 left out by the limit" in lines[1]
    assert lines[-2] == "data: 1 more"


def test_data_for_programs_has_the_facts(recipe):
    """`show` and a plan on paper carry names, sizes and counts as JSON."""
    shown = json.loads(call("show", str(recipe), "--json")[0])["data"]
    (planned,) = json.loads(call("run", str(recipe), "--dry-run", "--display", "json")[0])

    assert planned["data"] == shown
    assert [one["variants"] for one in shown] == [["one", "other"]]
    assert shown[0]["class_counts"] == {"train": [15, 15], "validation": [5, 5], "test": [10, 10]}
    assert shown[0]["samples"] == {"train": 30, "validation": 10, "test": 20}
