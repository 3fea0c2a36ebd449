"""What `table` and `export` may be asked for together, and what not."""

from __future__ import annotations

import json

import pytest
from agreeing_runs import classification
from typer.testing import CliRunner
from verbs import app

from dlbench.cli import export as export_verb
from dlbench.cli.table_options import OPTIONS, as_asked, refuse_ignored
from dlbench.errors import ExitCode, UsageError

NOTHING: dict[str, object] = {
    "columns": None,
    "sort": None,
    "filters": None,
    "hide_unchanged": False,
    "rows": None,
    "cols": None,
    "metric": None,
}


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"rows": "init"}, "--rows and --cols go together; --cols is missing"),
        ({"cols": "init"}, "--rows and --cols go together; --rows is missing"),
        ({"columns": [" , "]}, "--columns names no column"),
        ({"metric": "test_loss"}, "--metric goes with --rows and --cols"),
        ({"rows": "init", "cols": "lr", "sort": "variant"}, "--sort and --hide-unchanged do not go with them"),
    ],
)
def test_options_that_do_not_go_together(wishes, told):
    """One clear error says which option is missing or too many."""
    with pytest.raises(UsageError) as caught:
        as_asked(classification(), **{**NOTHING, **wishes})
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("wishes", "form", "what", "told"),
    [
        ({"filters": ["relu"]}, "tensorboard", None, "tensorboard holds whole trials and no table"),
        ({"sort": "variant"}, "safetensors", None, "safetensors holds whole trials and no table"),
        ({"columns": ["a"], "filters": ["relu"]}, "csv", "curves", "--what curves takes --filter alone; --columns"),
        ({"rows": "a", "cols": "b"}, "parquet", "trials", "--rows, --cols would change the table"),
    ],
)
def test_no_option_goes_unheard(wishes, form, what, told):
    """What a format would leave out of account is refused; a filter of trials, and anything of the table, is not."""
    with pytest.raises(UsageError) as caught:
        refuse_ignored({**NOTHING, **wishes}, form, what)
    assert told in str(caught.value)
    refuse_ignored({**NOTHING, "filters": ["relu"]}, "csv", "curves")
    refuse_ignored({**NOTHING, **wishes}, "csv", "table")


def test_nothing_asked_loads_nothing():
    """Without options the report is the same one."""
    found = classification()
    assert as_asked(found, **NOTHING) is found
    assert set(OPTIONS) == set(NOTHING)


def test_columns_may_be_listed_or_repeated():
    """`--columns a,b --columns c` are three, blanks aside."""
    found = as_asked(classification(), **{**NOTHING, "columns": ["test_loss, train_loss", "test_accuracy"]})
    assert [column.key for column in found.table.columns] == ["test_loss", "train_loss", "test_accuracy"]


@pytest.mark.parametrize(
    ("form", "what", "file", "expected"),
    [
        (None, None, None, ("csv", None)),
        (None, "curves", "a.parquet", ("parquet", "curves")),
        ("trials", None, None, ("csv", "trials")),
        ("trials", "trials", None, ("csv", "trials")),
        ("confusion", None, "x.txt", ("csv", "confusion")),
        (None, "layers", None, ("csv", "layers")),
    ],
)
def test_formats_and_tables(form, what, file, expected):
    """The older names of formats are tables as CSV; a file's name says its format."""
    assert export_verb.wanted(form, what, file and export_verb.Path(file)) == expected


@pytest.mark.parametrize(
    ("form", "what", "told"),
    [
        ("trials", "curves", "trials is the table 'trials'"),
        ("json", "curves", "json is the whole report; --what is for csv and parquet"),
        ("csv", "curvs", "no table is called 'curvs'; did you mean 'curves'?"),
        ("parkett", None, "no format is called 'parkett'; did you mean 'parquet'?"),
    ],
)
def test_formats_that_cannot_be(form, what, told):
    """A table that a format does not have, and names that are none."""
    with pytest.raises(UsageError) as caught:
        export_verb.wanted(form, what, None)
    assert told in str(caught.value)


def test_parquet_needs_a_file(trained, monkeypatch):
    """On stdout it would be no text: the error says what to do, with the exit code of mistakes."""
    monkeypatch.chdir(trained.folder)
    result = CliRunner().invoke(app, ["export", "latest", "--format", "parquet"])

    assert isinstance(result.exception, UsageError)
    assert "name a file with -o" in str(result.exception)
    assert result.exception.exit_code == ExitCode.USAGE


def test_what_is_printed_is_what_is_asked(trained, monkeypatch):
    """Rows, their order and columns of the JSON are those that the options name, with a note on what is hidden."""
    monkeypatch.chdir(trained.folder)
    words = ["table", "latest", "--json", "--sort", "-lr", "--columns", "lr,train_loss"]
    both = json.loads(CliRunner().invoke(app, words).stdout)
    one = json.loads(CliRunner().invoke(app, [*words, "--filter", "lr<0.9"]).stdout)

    assert [row["variant"] for row in both["rows"]] == ["fast", "slow"]
    assert [row["settings"] for row in both["rows"]] == [{"train.optimizer.lr": "1.0"}, {"train.optimizer.lr": "0.5"}]
    assert [column["key"] for column in both["columns"]] == ["train_loss"]
    assert [row["variant"] for row in one["rows"]] == ["slow"]
    assert any(note.startswith("1 of 2 variants are shown (lr<0.9)") for note in one["notes"])
