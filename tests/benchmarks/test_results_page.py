"""The page of results is what the kept reports say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from dlbench.recipe import shipped_recipes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def make_results():
    """The script that makes the page."""
    spec = importlib.util.spec_from_file_location("make_results", ROOT / "docs" / "make_results.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_results"] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_made_of_the_kept_reports(make_results):
    """`make results` would change nothing."""
    assert make_results.PAGE.read_text(encoding="utf-8") == make_results.page()


def test_every_recipe_has_a_kept_run():
    """Each shipped recipe was run in full, and its report is kept."""
    kept = {path.parent.name for path in (ROOT / "results" / "reference").glob("*/report.json")}

    assert {path.stem for path in shipped_recipes()} <= kept
