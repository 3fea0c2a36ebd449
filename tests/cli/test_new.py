"""`dlbench new`: a recipe for data of one's own, written where one stands."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import UsageError


def call(*words):
    """What a command prints on stdout; its errors are raised."""
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with a table in it."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{index * 0.5},{index % 3},{'ab'[index % 2]}\n" for index in range(60))
    (tmp_path / "my table.csv").write_text(f"x,z,kind\n{rows}")
    return tmp_path


def test_what_is_written_runs(here):
    """The line that is printed is the command that comes next, and it works as it stands."""
    told = call("new", "my table.csv")

    assert told == "next: dlbench run 'my table.toml' --quick\n"
    assert (here / "my table.toml").is_file()
    assert "fine" in call("check", "my table.toml")
    assert re.search("4 trials", CliRunner().invoke(app, ["run", "my table.toml", "--quick", "--dry-run"]).output)


def test_a_recipe_is_not_overwritten(here):
    """A file that is there stays as it is, unless --force is given."""
    (here / "my table.toml").write_text("mine")
    with pytest.raises(UsageError, match="is there already; --force overwrites it"):
        call("new", "my table.csv")
    assert (here / "my table.toml").read_text() == "mine"

    call("new", "my table.csv", "--force")
    assert (here / "my table.toml").read_text() != "mine"


def test_the_path_is_seen_from_the_recipe(here):
    """A recipe in another folder finds the data, from wherever it is checked."""
    (here / "recipes").mkdir()
    call("new", "my table.csv", "-o", "recipes/r.toml", "--label", "kind")

    assert 'path = "../my table.csv"' in (here / "recipes" / "r.toml").read_text()
    assert "fine" in call("check", "recipes/r.toml")


def test_without_data(here):
    """Without arguments a recipe for the digits is written."""
    assert call("new") == "next: dlbench run digits.toml --quick\n"
    assert "fine" in call("check", "digits.toml")


def test_data_that_cannot_be_trained_on_are_told(here):
    """The data are read once: what keeps a net from learning them is said, and the next command is the one that says it again."""
    x = np.full((20, 3), np.nan)
    np.savez(here / "gaps.npz", x_train=x, y_train=np.arange(20) % 2, x_test=x, y_test=np.arange(20) % 2)

    assert call("new", "gaps.npz") == "next: dlbench check gaps.toml\n"
    assert CliRunner().invoke(app, ["check", "gaps.toml"]).exception is not None
