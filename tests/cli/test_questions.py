"""docs/diagnosis.md: nets that people ask about, from the recipe to a remedy that is proved."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.recipe import load

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS = sorted((DOCS / "questions").glob("*.toml"))
PAGE = (DOCS / "diagnosis.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", QUESTIONS, ids=lambda one: one.stem)
def test_the_page_has_the_recipe_and_a_remedy_that_can_be_pasted(recipe, tmp_path):
    """The page shows the file as it is, its commands, and a patch that is a variant of it."""
    own = PAGE.split(recipe.read_text(encoding="utf-8").strip())[1].partition("\n### ")[0].partition("\n## ")[0]
    assert f"dlbench run {recipe.name}\ndlbench diagnose {recipe.stem}\n" in own
    assert f"dlbench try {recipe.stem}\n" in own
    (patch,) = re.findall(r"As a variant of the recipe:\n\n(.*?)\n```", own, re.DOTALL)
    pasted = tmp_path / recipe.name
    pasted.write_text(f"{recipe.read_text(encoding='utf-8')}\n[variants.base]\n\n{patch}\n")

    base, mended = load(pasted).candidates

    assert base.settings == load(recipe).candidates[0].settings
    assert mended.settings != base.settings


@pytest.mark.extras
@pytest.mark.parametrize("recipe", QUESTIONS, ids=lambda one: one.stem)
def test_the_remedy_is_proved(recipe, tmp_path):
    """Trained again, the best remedy takes the finding away in every seed, and is better for sure."""
    out = ("--out", str(tmp_path))
    CliRunner().invoke(app, ["run", str(recipe), "--display", "none", *out], catch_exceptions=False)
    found = CliRunner().invoke(app, ["try", recipe.stem, "--json", *out], catch_exceptions=False)
    (variant,) = json.loads(found.stdout)["variants"]
    best = variant["remedies"][0]

    assert (best["name"], best["gone"], best["outcome"]) == (variant["best"], True, "better")
