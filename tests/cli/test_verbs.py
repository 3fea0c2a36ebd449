"""The verbs that only look, called in this process."""

import csv
import json
import os
import re
import subprocess
import tomllib

import pytest
from each import each
from patience import PATIENCE
from small_recipe import RECIPE
from typer.testing import CliRunner
from verbs import VERBS, app

from dlbench.cli.output import columns
from dlbench.errors import RecipeError, SetupError, UsageError
from dlbench.export import EXPORTERS
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.names import ENSEMBLE
from dlbench.parts import CATALOGS
from dlbench.parts.datasets import DATASETS
from dlbench.recipe import shipped_recipes
from dlbench.recipe.changes import PATCHES
from dlbench.recipe.sections import FRAME
from dlbench.recipe.training import TRAINING

PARTS = [(catalog.name, part.name) for catalog in CATALOGS.values() for part in catalog]


def call(*arguments):
    """The stdout of a verb; raises what it raises."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def inside(trained, monkeypatch):
    """The current folder is one where a run has ended."""
    monkeypatch.chdir(trained.folder)
    return trained


def test_help_names_every_verb():
    """`--help` has a line for each verb."""
    found = re.findall(r"^  ([a-z]+)  ", call("--help").partition("Commands:")[2], re.MULTILINE)

    assert sorted(found) == sorted(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb(verb):
    """Every verb and every option of it says what it is for."""
    text = call(verb, "--help")

    lines = text.splitlines()
    assert len(lines[2].strip()) > 20
    assert re.findall("<(?:str|int|float|list|path).*?>", text) == []
    for index, line in enumerate(lines):
        if line.startswith("  --"):
            words = re.split(r"  +", line.strip())
            assert len(words) > 1 or lines[index + 1].startswith("      "), line


def test_version():
    """`--version` prints the package's version."""
    import dlbench

    assert call("--version") == f"dlbench {dlbench.__version__}\n"


def test_list_has_every_shipped_recipe():
    """Each shipped recipe is listed with its own title, in the order of its section."""
    found, told = json.loads(call("list", "--json")), call("list")

    titles = {path.stem: tomllib.loads(path.read_text())["lesson"]["title"] for path in shipped_recipes()}
    assert {one["name"] for one in found} == titles.keys()
    assert [one["section"] for one in found] == sorted(one["section"] for one in found)
    for one in found:
        title = titles[one["name"]]
        assert one["title"] in (title.values() if isinstance(title, dict) else [title])
        assert one["name"] in told


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
def test_show_every_shipped_recipe(path, monkeypatch):
    """Each shipped recipe can be shown, with a net for each variant whose parameters add up."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = call("show", path.stem)
    data = json.loads(call("show", path.stem, "--json"))

    assert {one["variant"] for one in data["candidates"]} <= set(re.findall(r"^(\S.*)$", text, re.MULTILINE))
    for total in {sum(block["parameters"] for block in one["net"]) for one in data["candidates"]}:
        assert f"{total:,}" in text


def test_show_counts_parameters(inside):
    """A net of 2-4-1 with biases trains 17 numbers."""
    text = call("show", "small.toml")

    assert re.search(r"^  dense1 +tanh +4 +12$", text, re.MULTILINE)
    assert re.search(r"^  output +identity +1 +5$", text, re.MULTILINE)
    assert re.search(r"^  all +17$", text, re.MULTILINE)
    assert "  train.optimizer.lr = 1.0\n" in text


def test_show_toml_is_the_recipe(inside):
    """`show --toml` prints a recipe that says the same as the file."""
    shown = tomllib.loads(call("show", "small.toml", "--toml"))

    assert {key: value for key, value in shown.items() if key != "name"} == tomllib.loads(RECIPE)


def test_check_finds_the_problems_of_all_files(tmp_path):
    """Every problem of every file is told with its place."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(
            RECIPE.replace("units = 4", "unit = 4").replace("steps = 40", "stops = 40")
        )

    with pytest.raises(RecipeError) as caught:
        call("check", str(tmp_path / "a.toml"), str(tmp_path / "b.toml"))

    assert {problem.file for problem in caught.value.problems} == {str(tmp_path / "a.toml"), str(tmp_path / "b.toml")}
    assert "did you mean 'units'?" in str(caught.value)
    assert len(caught.value.problems) >= 4


@pytest.mark.parametrize("verb", ["check", "run"])
def test_a_missing_file_hides_no_problem(tmp_path, verb):
    """Where one recipe's data is not there and another one is wrong, the wrong one is told, whatever their order."""
    lacking, wrong = tmp_path / "lacking.toml", tmp_path / "wrong.toml"
    net = '[model]\nlayers = [{ kind = "dense", units = 2 }]\n[train]\nsteps = 1\n'
    lacking.write_text(f'[data]\nkind = "csv"\npath = "nowhere.csv"\n{net}')
    wrong.write_text(f'[data]\nkind = "xro"\n{net}')

    with pytest.raises(RecipeError, match="no dataset is called 'xro'"):
        call(verb, str(lacking), str(wrong))
    with pytest.raises(SetupError, match=r"no file 'nowhere\.csv'"):
        call(verb, str(lacking))


def test_check_of_a_good_recipe(inside):
    """A good recipe is fine, with the number of its trials, and with its data and the memory that it takes in a line each."""
    *lines, memory = call("check", "small.toml").splitlines()
    assert memory == "  memory: some 0.6 GiB (process 0.6)"
    assert lines == [
        "small.toml: fine (2 variants, 2 seeds, 4 trials)",
        "  data: xor, 4 samples of 2 features; 2 classes (0: 2, 1: 2), the largest 50 %; 4 to train, 4 to test, of the same samples",
    ]


def test_table_is_what_run_printed(inside):
    """`table` prints again what the run printed at its end."""
    _, printed, _ = inside.result

    assert call("table", "small") == printed.removeprefix("\n")


def test_table_in_ascii(inside):
    """`--ascii` leaves no other character."""
    assert call("table", "small", "--ascii").isascii()


@pytest.mark.parametrize("columns_", ["40", "200"])
def test_table_keeps_to_the_width(inside, monkeypatch, columns_):
    """COLUMNS is respected, narrow or wide."""
    monkeypatch.setenv("COLUMNS", columns_)

    assert max(map(len, call("table", "small").splitlines())) <= int(columns_)


def test_table_as_json(inside):
    """The JSON of a table has a row a variant and a verdict a claim."""
    data = json.loads(call("table", "small", "--json"))

    assert [row["variant"] for row in data["rows"]] == ["slow", "fast"]
    assert [claim["outcome"] for claim in data["claims"]] == ["refuted"]


@pytest.mark.parametrize("name", EXPORTERS.names)
def test_export_by_format_and_by_suffix(inside, name, tmp_path):
    """Each format is what its exporter writes, on stdout or in a file whose name ends as it should."""
    file = tmp_path / f"table{EXPORTERS[name].traits['suffix']}"

    printed = call("export", "small", "--format", name)
    call("export", "small", "--format", name, "-o", str(file))

    assert printed
    assert file.read_text() == printed


def test_export_says_the_same_as_the_table(inside):
    """The numbers of the CSV are those of the JSON table."""
    rows = list(csv.DictReader(call("export", "small").splitlines()))
    data = json.loads(call("table", "small", "--json"))

    assert [float(row["train_loss_mean"]) for row in rows] == [
        row["cells"]["train_loss"]["mean"] for row in data["rows"]
    ]


def test_export_takes_the_format_from_the_suffix(inside, tmp_path):
    """A file called `.md` becomes Markdown without being told."""
    call("export", "small", "-o", str(tmp_path / "table.md"))

    assert (tmp_path / "table.md").read_text() == call("export", "small", "--format", "markdown")


@pytest.mark.parametrize("arguments", [("--format", "cvs"), ("-o", "table.xlsx")])
def test_export_of_an_unknown_format(inside, arguments):
    """An unknown format names those there are, or the one that was meant."""
    with pytest.raises(UsageError, match="csv"):
        call("export", "small", *arguments)


def test_export_writes_into_a_pipe_and_leaves_it_one(inside, tmp_path):
    """A named pipe, as any device, is written to; no file takes its place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        call("export", "small", "--format", "csv", "-o", str(pipe))
        read, _ = reader.communicate(timeout=PATIENCE)

    assert read == call("export", "small", "--format", "csv")
    assert pipe.is_fifo()


def test_export_into_no_folder(inside):
    """A file that cannot be written is the machine's fault, in one text."""
    with pytest.raises(SetupError, match=r"no/such/table\.csv"):
        call("export", "small", "-o", "no/such/table.csv")


def test_runs(inside):
    """Runs are listed with their state and their number of trials."""
    (one,) = json.loads(call("runs", "--json"))

    assert (one["state"], one["trials"]) == ("done", 4)
    assert one["run"] in call("runs")


def test_runs_survives_a_damaged_one(tmp_path, monkeypatch):
    """One damaged folder does not hide the others."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("a", "{"), ("b", "[]")):
        folder = tmp_path / "results" / name / "20260101-000000"
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text(text)

    assert [one["state"] for one in json.loads(call("runs", "--json"))] == ["damaged", "damaged"]


def test_no_runs(tmp_path):
    """Without runs stdout is empty, and JSON is an empty list."""
    assert call("runs", "--out", str(tmp_path)) == ""
    assert json.loads(call("runs", "--out", str(tmp_path), "--json")) == []


def test_nothing_to_stop_or_resume(inside):
    """A finished run can neither be stopped nor resumed, and the text says what can be done."""
    with pytest.raises(UsageError, match="not running"):
        call("stop", "small")
    with pytest.raises(UsageError, match="dlbench table results/small"):
        call("run", "--resume", "small")


def test_parts_lists_everything():
    """Every part and every metric has a line under its catalogue."""
    text = call("parts")
    data = json.loads(call("parts", "--json"))

    assert {(one["catalog"], one["name"]) for one in data if one["catalog"] != "sections"} == {
        *PARTS,
        *(("metrics", name) for name in (*METRICS, "recall@NAME", *ENSEMBLE)),
    }
    for catalog in (*CATALOGS, "metrics"):
        assert re.search(rf"^{catalog}$", text, re.MULTILINE)
    for _, name in PARTS:
        assert re.search(rf"^  {name} ", text, re.MULTILINE)


@each(("catalog", "name"), PARTS)
def test_parts_explains_each(catalog, name):
    """A part is explained by its docstring and all its arguments, with what each means."""
    text = call("parts", name)

    assert f"{name} ({catalog})" in text
    part = CATALOGS[catalog][name]
    assert part.prose in text
    for argument in part.arguments:
        below = text.split(f"\n  {argument} ", 1)[1].split("\n", 1)[1]
        assert " ".join(below.split()).startswith(part.meanings[argument][:40].rpartition(" ")[0])


def test_parts_of_a_catalogue():
    """A catalogue's name lists that catalogue only."""
    assert {one["catalog"] for one in json.loads(call("parts", "schedules", "--json"))} == {"schedules"}


@each("name", [*FRAME, *TRAINING, *PATCHES, "early_stopping", "output"])
def test_parts_explains_each_section(name):
    """A section is explained by its key, each of its keys with type, default, meaning and a line to paste."""
    text = call("parts", name)
    data = json.loads(call("parts", name, "--json"))
    (section,) = [one for one in data if one["catalog"] == "sections"]

    assert f"{section['written']} (sections)" in text
    assert section["arguments"] or name in PATCHES
    for key in section["arguments"]:
        assert key["type"]
        assert key["meaning"] in " ".join(text.split())
        assert key["example"] in text
        assert key["example"] or name == "data"


def test_a_header_names_its_section():
    """A section may be asked for as its header is written."""
    assert call("parts", "[[claims]]") == call("parts", "claims")


def test_a_key_leads_to_its_section():
    """Who asks for a key is told whose it is."""
    with pytest.raises(UsageError, match=r"it is a key of 'train', .*`dlbench parts train`"):
        call("parts", "batch_size")


@pytest.mark.parametrize("word", ["insert", "remove"])
def test_words_of_patches_are_found_where_they_are_told_of(word):
    """What is no part and no key, but explained with a section, leads there."""
    with pytest.raises(UsageError, match=r"`dlbench parts variants` tells of it"):
        call("parts", word)


def test_unknown_part():
    """A mistyped part is met with the one that was meant."""
    with pytest.raises(UsageError, match="did you mean 'dropout'"):
        call("parts", "dropuot")
    with pytest.raises(UsageError, match="did you mean 'train'"):
        call("parts", "tran")


def test_data_lists_every_dataset():
    """`data` and `data list` are the same, a line a dataset."""
    found = json.loads(call("data", "--json"))

    assert {one["name"] for one in found} == set(DATASETS.names)
    assert json.loads(call("data", "list", "--json")) == found
    assert call("data").splitlines()[1:] == call("data", "list").splitlines()[1:]
    assert len(call("data").splitlines()) == len(DATASETS) + 1


def test_fetch_of_what_needs_no_fetching():
    """What comes with dlbench cannot be fetched, and the text says what can."""
    with pytest.raises(UsageError, match="mnist"):
        call("data", "fetch", "xor")


def test_columns_of_nothing_but_a_head():
    """A table with a head alone is one line."""
    assert columns([("a", "b")]) == "a  b"
