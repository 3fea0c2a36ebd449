"""A recipe by the names that metrics and measures had before asks what one by today's names asks, and so does its plan."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from dlbench.errors import RecipeError
from dlbench.measures.older_names import OLDER_NAMES
from dlbench.metrics.catalog import METRICS
from dlbench.plan.breakpoints import watchable
from dlbench.plan.make import make_plan
from dlbench.plan.reading import plan_from
from dlbench.recipe import load
from dlbench.recipe.json_schema import schema

OLDER_METRICS = [name for name, now in OLDER_NAMES.items() if now in METRICS]


def asking(base: str, name: str) -> str:
    """The tests' own recipe, which compares, shows and claims a metric, and pauses by it where it can be watched."""
    text = base.replace('metric = "solved"\nbaseline', f'metric = "{name}"\ncolumns = ["{name}@0", "{name}"]\nbaseline')
    claim = f'[[claims]]\nsays = "so"\nsource = "theory"\nvariant = "relu"\nmetric = "{name}"\nat_most = 1.0\n'
    watched = OLDER_NAMES.get(name, name) in watchable()
    return f"{text}\n{claim}" + (f'[[breakpoints]]\nwhen = "{name} < 1e-6"\n' if watched else "")


@pytest.mark.parametrize("older", OLDER_METRICS)
def test_older_names_ask_the_same(base, tmp_path, older):
    """Questions and breakpoints of both recipes are equal, and none of them says the older name."""
    for name in (older, OLDER_NAMES[older]):
        (tmp_path / f"{name}.toml").write_text(asking(base, name), encoding="utf-8")
    before, now = (load(tmp_path / f"{name}.toml") for name in (older, OLDER_NAMES[older]))

    assert before.questions == now.questions
    assert before.breakpoints == now.breakpoints
    assert now.questions.compare.columns == [f"{OLDER_NAMES[older]}@0", OLDER_NAMES[older]]
    assert not re.search(rf"\b{older}\b", str(before.questions))


@pytest.mark.parametrize("older", OLDER_METRICS)
def test_plans_by_older_names_ask_the_same(base, tmp_path, older):
    """A plan that a version of before wrote with its questions is read as today's."""
    (tmp_path / "case.toml").write_text(asking(base, OLDER_NAMES[older]), encoding="utf-8")
    plan = make_plan(load(tmp_path / "case.toml"), device="cpu")
    written = asdict(plan)
    questions = written["questions"]
    questions["compare"] |= {"metric": older, "select": older, "columns": [f"{older}@0", older]}
    questions["claims"][-1]["metric"] = older
    read = plan_from(written).questions

    assert read.compare.metric == read.compare.select == OLDER_NAMES[older]
    assert (read.compare.columns, read.claims) == (plan.questions.compare.columns, plan.questions.claims)


def test_what_is_no_metric_is_called_as_it_was_written(base, tmp_path):
    """An older name of a measure that is no metric is refused by that name, not by one that the recipe does not have."""
    path = tmp_path / "case.toml"
    path.write_text(base.replace('metric = "solved"\nbaseline', 'metric = "zero_share"\nbaseline'), encoding="utf-8")

    with pytest.raises(RecipeError, match="no metric is called 'zero_share' here"):
        load(path)


def test_editors_take_older_names():
    """The schema has the older names as such, so that an editor offers today's and flags no recipe of before."""
    found = schema()["$defs"]["Compare"]["properties"]["metric"]["anyOf"]

    assert {"type": "string", "enum": OLDER_METRICS, "deprecated": True} in found
    assert not set(OLDER_METRICS) & set(found[0]["enum"])
