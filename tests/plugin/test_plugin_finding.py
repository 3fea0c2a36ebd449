"""Which files are collected, and what their items are called."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest
from plugin_session import command, environment

from dlbench.plan.questions import said
from dlbench.pytest_plugin.finding import MOST_BYTES, is_recipe
from dlbench.pytest_plugin.items import _names
from dlbench.recipe import load, shipped_recipes
from dlbench.recipe.limits import FILE_BYTES
from dlbench.recipe.shipped import folder

NET = '[data]\nkind = "xor"\n[model]\nlayers = []\n[train]\nsteps = 1\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NET, True),
        ('data = "xor"\nmodel.layers = []\ntrain.steps = 1', True),
        (f"\ufeff{NET}", True),
        (NET.replace('"xor"', '"xor'), True),
        (NET.replace("steps = 1", "steps ="), True),
        ('[[claims]]\nsays = "It learns"', True),
        ("#:schema ./recipe.schema.json\n[modell]", True),
        ("#:schema https://example.org/recipe.schema.json\nnonsense", True),
        ("", False),
        ("#:schema ./other.schema.json\n[model]", False),
        (NET.replace("layers = []", "layers = 3"), False),
        (NET.replace("[train]\nsteps = 1", ""), False),
        ('[train]\nlr = "high"\n[model]\nname = "bert"\n[data]\npath = "here"', False),
        ('claims = "none"', False),
        ('[[claims]]\nsub = "someone"', False),
        ("x = [", False),
        ("[a]\nmodel = 1\n# data\ntrain = [", False),
        (NET + "#" * MOST_BYTES, False),
    ],
)
def test_a_recipe_is_told_by_its_content(tmp_path, text, expected):
    """What means to be a recipe is one, though it be wrong; TOML files of other tools are not."""
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")

    assert is_recipe(path) == expected


def test_what_cannot_be_read_is_no_recipe(tmp_path):
    """A folder, a file that is gone, and bytes that are no text are passed over."""
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe" + NET.encode())

    assert not any(is_recipe(tmp_path / name) for name in ("folder.toml", "gone.toml", "bytes.toml"))


@pytest.mark.parametrize("beside", ["plan.json", "report.json"])
def test_the_copy_that_lies_with_a_run_is_no_recipe(tmp_path, beside):
    """A recipe beside a plan, or beside results that are kept, is a run's."""
    (tmp_path / "recipe.toml").write_text(NET)
    (tmp_path / beside).write_text("{}")

    assert not is_recipe(tmp_path / "recipe.toml")


def test_no_recipe_is_passed_over_for_its_size():
    """What is not read is larger than any recipe may be."""
    assert MOST_BYTES >= FILE_BYTES


def test_names_are_one_line_unique_and_no_ids():
    """What is said twice is numbered, line breaks are spaces, and two colons, which part a node's id, are one."""
    says = ["It learns", "It\n  learns", {"en": "a::b", "ko": "c"}, "It learns"]

    assert _names([SimpleNamespace(says=one) for one in says]) == [
        "It learns", "It learns (2)", "a:b", "It learns (3)"
    ]  # fmt: skip


def test_the_lecture_is_collected(tmp_path):
    """Of the shipped recipes' folder every recipe is collected, with the claims of its quick version as items."""
    words = command(tmp_path, str(folder()), "--collect-only", "-q")
    said_there = subprocess.run(
        words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    ).stdout
    expected = [
        f"{path.name}::{' '.join(said(claim.says).split())}"
        for path in shipped_recipes()
        for claim in load(path, quick=True).questions.claims
    ]

    assert [
        line[line.rindex("/", 0, line.index(".toml::")) + 1 :] for line in said_there.splitlines() if ".toml::" in line
    ] == expected
