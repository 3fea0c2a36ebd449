"""The examples of docs/record.md do what the page says."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from recorded_loops import perceptron, recording
from recorded_runs import group
from typer.testing import CliRunner
from verbs import app

import dlbench
from dlbench.analysis.summary import folded
from dlbench.run.folder import find_runs

PAGE = Path(dlbench.__file__).parent.parent / "docs" / "record.md"


def examples(language):
    """The code blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_records_a_group(tmp_path, monkeypatch):
    """The first example records two variants with two seeds each, every one to its end, with probes and numbers."""
    monkeypatch.chdir(tmp_path)
    code = examples("python")[0]
    exec(compile(code, "docs/record.md", "exec"), {})

    runs = find_runs(tmp_path / "results")
    trials = [run.read_plan().trials[0] for run in runs]
    assert {(trial.variant, trial.seed) for trial in trials} == {(v, s) for v in ("small", "he") for s in (0, 1)}
    for run in runs:
        (trial,) = folded(run).trials
        assert trial.status == "ok"
        assert trial.curve("train_accuracy")[-1] > 0.5
        assert len(trial.probe_steps) >= 5


def test_the_readme_shows_a_part_of_the_example():
    """What the README shows of a loop that records itself stands so in the example that runs."""
    readme = (PAGE.parent.parent / "README.md").read_text(encoding="utf-8")
    (part,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)

    assert part in examples("python")[0]


@pytest.mark.extras
def test_the_page_repeats_a_script(tmp_path, monkeypatch):
    """The second example is a script, and the command below it runs it, here with one rate and one seed, and shows the table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(examples("python")[1])
    (command,) = (block for block in examples("sh") if block.startswith("dlbench repeat"))
    for whole, part in {
        "lr=1,0.1,0.01": "lr=0.1",
        "--seeds 10": "--seeds 1",
        "-- python": f"-- {sys.executable}",
    }.items():
        assert whole in command
        command = command.replace(whole, part)
    words = shlex.split(command)[1:]
    result = CliRunner().invoke(app, words)

    assert (result.exit_code, result.exception) == (0, None), result.output
    (plan,) = (run.read_plan() for run in find_runs(tmp_path / "results"))
    assert (plan.trials[0].variant, plan.candidates[0].settings) == ("lr=0.1", {"lr": 0.1})
    assert re.search(r"^lr=0.1 +1/1 ", result.stdout, re.MULTILINE)


def test_the_page_asks_questions_of_a_group(tmp_path, monkeypatch):
    """The page's commands on a group, with its file of questions, print the table with the claim and write the page of HTML."""
    monkeypatch.chdir(tmp_path)
    group(tmp_path / "results", variants=("small", "he"), name="signs")
    (asked,) = (block for block in examples("toml") if "[[claims]]" in block)
    (tmp_path / "questions.toml").write_text(asked)
    (commands,) = (block for block in examples("sh") if "--questions" in block)
    table, export = (shlex.split(line)[1:] for line in commands.splitlines())
    runner = CliRunner()
    shown, written = runner.invoke(app, table), runner.invoke(app, export)

    assert (shown.exit_code, shown.exception) == (0, None), shown.output
    assert (written.exit_code, written.exception) == (0, None), written.output
    assert "He's init reads better" in shown.stdout
    assert "He's init reads better" not in Path("signs.html").read_text(
        encoding="utf-8"
    )  # questions are the table's alone
    assert "bleu" in Path("signs.html").read_text(encoding="utf-8")


def test_the_pages_breakpoint_pauses_a_loop(tmp_path):
    """The condition that the page has under steering is one that a recording's questions take."""
    (block,) = (block for block in examples("toml") if "[[breakpoints]]" in block)
    (tmp_path / "asked.toml").write_text(block)
    with recording(tmp_path, perceptron(), None, questions=tmp_path / "asked.toml") as run:
        pass

    assert run.folder.read_plan().breakpoints == ["first_last_gradient_ratio < 1e-06"]


def test_no_block_of_the_page_is_left_out():
    """Each block of code is run by a test here or among those of the libraries, but for changes to programs of others."""
    libraries = [block for block in examples("python") if "from dlbench.callbacks." in block]

    assert len(examples("python")) == 2 + len(libraries)
    assert len(libraries) == 4
    assert len(examples("sh")) == len(examples("toml")) == 2
    assert len(examples("diff")) == 3
