"""The page of results is what the kept reports say."""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from dlbench.recipe import load, shipped_recipes

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "results" / "reference"


@pytest.fixture(scope="module")
def make_results():
    """The script that makes the page."""
    spec = importlib.util.spec_from_file_location("make_results", ROOT / "docs" / "make_results.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_results"] = module
    spec.loader.exec_module(module)
    return module


def test_every_recipe_has_a_kept_run():
    """Each shipped recipe was run in full, and its report is kept."""
    kept = {path.parent.name for path in KEPT.glob("*/report.json")}

    assert {path.stem for path in shipped_recipes()} <= kept


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
def test_a_kept_run_is_of_the_recipe_as_it_is(path, tmp_path, monkeypatch, make_results):
    """The command beside a kept report, given to the shipped recipe, asks for what was run and judged, but for newer findings."""
    parts = attrgetter("variants", "candidates", "seeds", "questions.compare", "questions.ensemble")
    words = shlex.split(json.loads((KEPT / path.stem / "environment.json").read_text(encoding="utf-8"))["command"])
    seeds, changes = next(iter(after("--seeds", words)), None), after("--set", words)
    for change in changes:
        if change.startswith("data.path="):
            write_pictures(tmp_path / change.removeprefix("data.path="))
    monkeypatch.setenv("DLBENCH_DATA", str(tmp_path))

    asked = load(path, changes, seeds=seeds)

    kept = load(KEPT / path.stem / "recipe.toml")
    newer = [claim for claim in asked.questions.claims if claim not in kept.questions.claims]
    assert parts(asked) == parts(kept)
    assert [claim for claim in asked.questions.claims if claim not in newer] == list(kept.questions.claims)
    assert all(claim.is_of_findings for claim in newer)
    assert [claim.says["en"] for claim in newer] == make_results.newer_claims(path.stem)


def write_pictures(file):
    """An archive of black pictures of CIFAR-10's size, ten classes of them."""
    pictures, labels = np.zeros((10_000, 32, 32, 3), np.uint8), np.arange(10_000) % 10
    file.parent.mkdir()
    np.savez_compressed(file, x_train=pictures, y_train=labels, x_test=pictures[:10], y_test=labels[:10])


def after(option, words):
    """What follows an option, each time it is there."""
    return [value for before, value in pairwise(words) if before == option]
