"""Names, notes and paths with the codes of terminals in them, through every verb and every export."""

import csv
import io
import json
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.cli import boundary
from dlbench.export import EXPORTERS
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.folder import create

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

from synthetic_run import finished

CLIPBOARD = "\x1b]52;c;QUJD\x1b\\"
NAME = f"a{CLIPBOARD}\x9b31m\u202eb"
SHOWN = r"a\x1b]52;c;QUJD\x1b\\x9b31m\u202eb"
MARKUP = "[red]b[/red] [link=http://x]:smile:|c"
RECIPE = {
    "lesson": {"title": f"title{CLIPBOARD}", "question": "why\t\x07?", "explain": "because\u2028\x85"},
    "data": {"kind": "xor"},
    "model": {"layers": [{"kind": "dense", "units": 2}]},
    "train": {"steps": 100},
    "trials": {"seeds": 2},
    "variants": {NAME: {}, MARKUP: {"train": {"optimizer": {"kind": "sgd", "lr": 0.5}}}},
    "compare": {"metric": "test_loss"},
    "claims": [
        {"says": f"says{CLIPBOARD}", "source": "theory", "variant": NAME, "metric": "test_loss", "better_than": MARKUP}
    ],
}


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A folder with a hostile recipe, and a run of it with a hostile note."""
    import tomli_w

    monkeypatch.chdir(tmp_path)
    Path("r.toml").write_text(tomli_w.dumps(RECIPE))
    recipe = load("r.toml")
    plan = make_plan(recipe, device="cpu", workers=1)
    folder = create(Path("results"), "r", datetime.now(UTC))
    folder.write_recipe(recipe.to_toml())
    folder.write_plan(plan)
    told = {"v": 1, "kind": "note", "stack": None, "text": f"note{CLIPBOARD}"}
    ends = finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_loss": -0.5, "test_accuracy": 1.0})
    lines = [orjson.dumps({"seq": seq, "time": 1e9, **event}) for seq, event in enumerate([*ends, told])]
    folder.events_file(0, 0).write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def obeyed(text):
    """The characters of an output that a terminal would act upon, but for line feeds."""
    return {one for one in text if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} or one == "\u202e"} - {"\n"}


def called(*arguments):
    """All that a verb prints."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.exception
    return result.stdout, result.stderr


VERBS = (
    ["show", "r.toml"],
    ["show", "r.toml", "--graph"],
    ["show", "r.toml", "--toml"],
    ["show", "r.toml", "--json"],
    ["check", "r.toml"],
    ["check", "r.toml", "--set", "train.optimizer={kind='sgd', lr=1}"],
    ["run", "r.toml", "--dry-run"],
    ["run", "r.toml", "--dry-run", "--display", "json"],
    ["table", "r"],
    ["table", "r", "--ascii"],
    ["table", "r", "--json"],
    ["watch", "r"],
    ["runs"],
    *(["export", "r", "--format", name] for name in EXPORTERS.names),
)


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
@pytest.mark.usefixtures("hostile")
def test_no_verb_sends_what_a_terminal_obeys(arguments):
    """Neither stdout nor stderr of a verb has a control character of a name, a note or a lesson."""
    out, err = called(*arguments)

    assert out or err
    assert obeyed(out + err) == set()


@pytest.mark.usefixtures("hostile")
def test_what_is_shown(monkeypatch):
    """An escape is shown as one in tables, whose columns stay straight, and names that look like markup stand as they are."""
    monkeypatch.setenv("COLUMNS", "200")
    table, _ = called("table", "r")

    rows = [line for line in table.splitlines() if line.startswith((SHOWN, MARKUP))]
    assert len(rows) == 2
    assert rows[0].index("2/2") == rows[1].index("2/2")


@pytest.mark.usefixtures("hostile")
def test_data_for_programs_keeps_its_names():
    """JSON says the names as they are; CSV and Markdown stay tables."""
    rows = json.loads(called("table", "r", "--json")[0])["rows"]
    cells = list(csv.DictReader(io.StringIO(called("export", "r", "--format", "csv")[0])))
    lines = called("export", "r", "--format", "markdown")[0].splitlines()

    assert {row["variant"] for row in rows} == {NAME, MARKUP}
    assert {row["variant"] for row in cells} == {SHOWN, MARKUP}
    widths = {line.replace(r"\|", "").count("|") for line in lines if line.startswith("| ") and "2/2" in line}
    assert len(widths) == 1


@pytest.mark.parametrize("word", [f"run{CLIPBOARD}", "--x\x9b", "--set"])
def test_wrong_calls(word, monkeypatch, capsys):
    """What is said of a wrong call shows the word that was wrong."""
    monkeypatch.setattr(sys, "argv", ["dlbench", word, f"y\x1b{word}"])

    with pytest.raises(SystemExit) as caught:
        boundary.main()

    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert err.count("\n") <= 5
    assert obeyed(err) == set()


@pytest.mark.usefixtures("hostile")
def test_completion_offers_no_hostile_names():
    """A file whose name a terminal would obey is not offered behind TAB; others are."""
    from dlbench.cli.complete import recipes

    Path("r\x1b]52.toml").write_text("")

    assert recipes("r.")[-1] == "r.toml"
    assert recipes("r\x1b") == []
