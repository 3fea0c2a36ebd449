"""Recordings at the command line: a name is their group in every verb that shows runs, and mistakes are one sentence."""

import json
import os
import re

import pytest
from recorded_runs import Recorded, group, record
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import DlbenchError, RecipeError, UsageError
from dlbench.run.processes import token_of
from dlbench.run.repeats import RepeatFile
from dlbench.run.workers import Launched
from dlbench.run.workers import record as record_worker

QUESTIONS = """
[compare]
metric = "bleu"
better = { bleu = "higher" }

[[claims]]
says = "he reads better"
source = "measured"
variant = "he"
metric = "bleu"
better_than = "xavier"
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with a group of six recordings of `mine`, in which one stands."""
    group(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(verb, *words):
    """What a verb prints."""
    found = CliRunner().invoke(app, [verb, *words], catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


def test_runs_lists_the_group_once(there):
    """Six recordings are one line, in text and as JSON with how many there are and how many are at work."""
    assert re.findall(r"^mine +done +6 ", said("runs"), re.MULTILINE)
    (entry,) = json.loads(said("runs", "--json"))
    assert (entry["run"], entry["recordings"], entry["at_work"]) == ("mine", 6, 0)


@pytest.fixture
def live(there):
    """Two further recordings of `mine` that this process is writing, as far as anybody can tell."""
    folders = [record(there / "results", Recorded("lecun", seed, minute=60 + seed, status=None)) for seed in range(2)]
    for folder in folders:
        record_worker(folder, Launched(0, 0, token_of(os.getpid()), [0], 0))
    return folders


def test_stop_reaches_every_recording_of_a_name(live):
    """All that are under way are asked, and told with a line each; those that do not stop make it an error that names them."""
    done = CliRunner().invoke(app, ["stop", "mine", "--timeout", "0", "--json"])
    asked = [json.loads(folder.control_file.read_text())["action"] for folder in live]

    assert asked == ["stop", "stop"]
    assert [f"lecun, seed {seed}: is still running ({live[seed].name})" in done.stderr for seed in range(2)] == [
        True
    ] * 2
    told = json.loads(done.stdout)
    assert [one["run"] for one in told["recordings"]] == [folder.name for folder in live]
    assert isinstance(done.exception, DlbenchError)
    assert str(done.exception).startswith(f"mine is still running (pid {os.getpid()} on ")


def test_stop_of_a_name_that_has_ended_is_a_mistake(there):
    """Nothing is under way, and nothing is asked."""
    with pytest.raises(UsageError, match="mine is not running, so there is nothing to stop"):
        said("stop", "mine")


def test_table_shows_the_group_or_one_recording(there):
    """The name has a row a variant with three seeds each; the name with a time has one recording alone."""
    stamp = next((there / "results" / "mine").iterdir()).name
    rows = json.loads(said("table", "mine", "--json"))["rows"]
    (alone,) = json.loads(said("table", f"mine/{stamp}", "--json"))["rows"]

    assert [(row["variant"], row["trials"]["run"]) for row in rows] == [("xavier", 3), ("he", 3)]
    assert alone["trials"]["run"] == 1


def test_questions_of_a_file_are_asked(there):
    """The file's metric decides, and its claim is judged; in `export` as in `table`."""
    (there / "q.toml").write_text(QUESTIONS)
    assert "confirmed he reads better" in said("table", "mine", "--questions", "q.toml")
    assert "he reads better" in said("export", "mine", "--format", "markdown", "--questions", "q.toml")
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read"):
        said("table", "mine", "--questions", "none.toml")


@pytest.mark.parametrize("verb", ["table", "export"])
def test_a_slip_in_a_file_of_questions_is_an_error_once_all_have_ended(there, verb):
    """It is told with its line and what was meant; while a recording is at work, and in a name like no other, as a note."""
    (there / "q.toml").write_text(QUESTIONS.replace('better_than = "xavier"', 'better_than = "xaver"'))
    with pytest.raises(RecipeError, match=r"q\.toml:11: claims\[0\]\.better_than: .*'xaver'; did you mean 'xavier'\?"):
        said(verb, "mine", "--questions", "q.toml")
    record(there / "results", Recorded("he", 9, minute=50, status=None))
    with RepeatFile(there / "results" / "mine", 9) as file:
        file.tell(1)
        shown = said("table", "mine", "--questions", "q.toml")
    (there / "q.toml").write_text(QUESTIONS.replace('better_than = "xavier"', 'better_than = "lecun"'))

    assert "no variant is called 'xaver' so far" in " ".join(shown.split())
    assert "no variant is called 'lecun' so far" in " ".join(said("table", "mine", "--questions", "q.toml").split())


def test_a_recipes_run_takes_no_questions(tmp_path, monkeypatch):
    """What is asked of it stands in its recipe."""
    from datetime import UTC, datetime

    from synthetic_run import make_plan

    from dlbench.run.folder import create

    create(tmp_path / "results", "xor", datetime(2026, 1, 1, tzinfo=UTC)).write_plan(make_plan(["a"]))
    (tmp_path / "q.toml").write_text(QUESTIONS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="--questions is for recordings"):
        said("table", "xor", "--questions", "q.toml")


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "latex", "html", "parquet"])
def test_the_group_is_exported(there, form):
    """Every format of a table holds both variants and what the loop has logged."""
    said("export", "mine", "--format", form, "-o", "file")
    written = (there / "file").read_bytes()
    assert all(word in written for word in (b"xavier", b"bleu"))


@pytest.mark.parametrize("what", ["trials", "curves", "layers"])
def test_numbers_of_each_recording_are_exported(there, what):
    """Each has its variant and its seed; a recording without a seed has an empty one."""
    record(there / "results", Recorded("he", None, minute=50))
    head, *rows = said("export", "mine", "--what", what).splitlines()
    seed = head.split(",").index("seed")
    assert {tuple(row.split(",")[i] for i in (1, seed)) for row in rows} == {
        *((variant, str(number)) for variant in ("xavier", "he") for number in range(3)), ("he", ""),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "what"), [("tensorboard", "name one: mine/"), ("safetensors", "recordings keep no weights")]
)
def test_formats_of_one_run_refuse_a_group(there, form, what):
    """One sentence says why, and what to do."""
    with pytest.raises(UsageError, match=what):
        said("export", "mine", "--format", form, "-o", "out")


def test_what_is_logged_can_be_plotted(there):
    """`--metric bleu` draws it; a name that nobody logged is refused with those that there are."""
    said("plot", "mine", "--metric", "bleu", "-o", "bleu.svg")
    assert b"bleu" in (there / "bleu.svg").read_bytes()
    with pytest.raises(UsageError, match="no curve of 'rouge'; there are loss, accuracy, bleu"):
        said("plot", "mine", "--metric", "rouge", "-o", "rouge.svg")


def test_watch_tells_steps_without_an_end(there, capsys):
    """Without a terminal each recording is a line with its seed and its step, and no share or time left."""
    from dlbench.cli.watch import print_once
    from dlbench.run.group import find_shown

    record(there / "results", Recorded("lecun", 0, minute=50, status=None))
    print_once(find_shown(there / "results", "mine"), language="en", ascii_only=False)
    told = capsys.readouterr()

    assert "  he, seed 2: step 200, done" in told.err
    assert "  lecun, seed 0: step 200, " in told.err
    assert not re.search(r"200/|%|left", told.err)
