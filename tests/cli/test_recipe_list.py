"""`dlbench list`: which recipes there are, how long they take, and whether their data is here."""

import json
import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner
from verbs import app

import dlbench.data
from dlbench.parts.datasets import DATASETS
from dlbench.recipe import load, shipped_recipes
from dlbench.recipe.durations import Duration, durations

NAMES = [path.stem for path in shipped_recipes()]


def listed(*words):
    """What `dlbench list` prints: stdout, and what it says beside."""
    result = CliRunner().invoke(app, ["list", *words])
    assert (result.exit_code, result.exception) == (0, None)
    return result.stdout, result.stderr


@pytest.fixture
def without_mnist(monkeypatch):
    """A machine that has all data but MNIST."""
    true_status = dlbench.data.status
    found = {
        name: replace(true_status(name), state="missing" if name == "mnist" else "ready") for name in DATASETS.names
    }
    monkeypatch.setattr(dlbench.data, "status", found.__getitem__)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_says_how_long_it_takes(name):
    """For each shipped recipe both versions have been timed: `python -m benchmarks.durations --only NAME`."""
    known = durations()

    assert name in known, f"run `python -m benchmarks.durations --only {name}`, which writes recipes/durations.json"
    assert known[name].keys() == {"full", "quick"}
    assert 0 < known[name]["quick"].seconds <= known[name]["full"].seconds


def test_no_duration_is_of_a_recipe_that_is_gone():
    """What was measured is of recipes that there are."""
    assert durations().keys() <= set(NAMES)


@pytest.mark.parametrize(
    ("seconds", "is_estimate", "text"),
    [
        (0.4, False, "1 s"),
        (12.4, False, "12 s"),
        (89, False, "89 s"),
        (90, False, "1.5 min"),
        (180, False, "3 min"),
        (1000, True, "~17 min"),
        (200, True, "~3 min"),
        (7000, True, "~2 h"),
        (9000, False, "2.5 h"),
    ],
)
def test_a_duration_in_words(seconds, is_estimate, text):
    """Two digits at most, an estimate marked as one."""
    assert str(Duration(seconds, is_estimate)) == text


def test_times_and_data_are_listed(without_mnist):
    """Each row has the times of both versions and its data, which is marked where it is not here; how to get it is said."""
    out, err = listed()
    known = durations()

    for name in NAMES:
        (row,) = [line for line in out.splitlines() if re.split(" {2,}", line)[1] == name]
        assert all(f" {one} " in row for one in known[name].values())
    assert " mnist (missing) " in out
    assert " cifar10 " in out
    assert "dlbench data fetch mnist" in err
    assert "fetch cifar10" not in err


def test_json_has_the_same(without_mnist):
    """Programs get seconds, whether they are an estimate, and the state of each dataset."""
    found = {one["name"]: one for one in json.loads(listed("--json")[0])}

    for name, both in durations().items():
        assert found[name]["duration"]["full"] == {
            "seconds": both["full"].seconds,
            "is_estimate": both["full"].is_estimate,
        }
    assert [one["state"] for one in found["mnist-98"]["data"]["full"]] == ["missing"]
    assert [one["name"] for one in found["mnist-98"]["data"]["quick"]] == ["digits"]


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_the_data_listed_is_the_data_trained_on(name, quick):
    """What the list says of a recipe's data, read of its text alone, is what its candidates learn from."""
    found = {one["name"]: one for one in json.loads(listed("--json")[0])}
    told = {one["name"] for one in found[name]["data"]["quick" if quick else "full"]}
    try:
        recipe = load(name, quick=quick)
    except dlbench.errors.SetupError:
        pytest.skip("its data is not here")

    assert told == {one.settings["data"]["kind"] for one in recipe.candidates}


@pytest.mark.parametrize("name", NAMES)
def test_quick_needs_no_data(name):
    """What `list` promises of --quick: all of its data comes with dlbench."""
    kinds = {one.settings["data"]["kind"] for one in load(name, quick=True).candidates}

    assert {DATASETS[kind].traits["origin"] for kind in kinds} == {"on board"}
