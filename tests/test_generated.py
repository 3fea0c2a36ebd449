"""Every file that is made of others is as `make generated` would write it now. Run alone these tests take a few seconds."""

import importlib
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner
from verbs import app

ROOT = Path(__file__).parents[1]
PAGES = {"keys": "docs/dashboard.md", "reference": "docs/recipe-reference.md", "results": "results/README.md"}
"""By the target of `make` that writes it, with `docs/make_NAME.py`."""
SCHEMA = "recipes/recipe.schema.json"
BY_HAND = {"questions", "digits", "record", "screens"}
"""Scripts whose output takes a download or a training; other tests look at it."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name, monkeypatch):
    """The page is what `make NAME` writes."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    maker = importlib.import_module(f"make_{name}")

    assert maker.PAGE.samefile(ROOT / PAGES[name])
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), f"it is stale: make {name}"


def test_the_schema_is_current():
    """It is what `dlbench schema` prints; `make schema` writes it."""
    printed = CliRunner().invoke(app, ["schema"]).stdout

    assert (ROOT / SCHEMA).read_text(encoding="utf-8") == printed, "it is stale: make schema"


def test_one_command_writes_all():
    """`make generated` makes every page and the schema, and no script that makes something is forgotten."""
    (targets,) = re.findall(r"^generated: ([a-z ]+) ##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert {*targets.split()} == {"schema", *PAGES}
    assert {path.stem.removeprefix("make_") for path in (ROOT / "docs").glob("make_*.py")} == {*PAGES} | BY_HAND
