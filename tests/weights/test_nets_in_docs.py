"""What docs/exports.md says of trained nets can be typed, and the code there runs."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from kept_nets import module_of
from made_once import made_once
from trained_runs import learning, trained_run
from typer.testing import CliRunner
from verbs import app

import dlbench

PAGE = (Path(dlbench.__file__).parents[1] / "docs" / "exports.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Trained nets\n")[2].partition("\n## ")[0]


def blocks(language):
    """The section's blocks of code."""
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


COMMANDS = [
    words
    for block in blocks("sh")
    for line in block.splitlines()
    if (words := shlex.split(line, comments=True)[1:]) and words[0] != "run"
]


@pytest.fixture
def beside_a_run(tmp_path_factory, monkeypatch):
    """The current folder has a run with a variant `tanh`, four seeds and weights, and new data."""

    def make(folder):
        trained_run(folder / "results", {"tanh": learning("xor")}, range(4))
        (folder / "new.csv").write_text("0,0\n0,1\n")

    folder = made_once(tmp_path_factory, "documented-nets", make)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands_about_nets(words, beside_a_run):
    """Each does what it does without an error."""
    result = CliRunner().invoke(app, words)

    assert (result.exit_code, result.exception) == (0, None)


def test_the_code_of_the_page_runs(beside_a_run, monkeypatch, capsys):
    """The Python there loads an exported net and prints logits and probabilities of its four samples."""
    assert CliRunner().invoke(app, ["export", "latest", "--format", "safetensors", "-o", "shown"]).exit_code == 0
    monkeypatch.chdir(beside_a_run / "shown" / "tanh")
    monkeypatch.setitem(sys.modules, "net", module_of(Path("net.py").read_text()))
    (code,) = blocks("python")
    exec(code, {})  # it is what is tested

    assert capsys.readouterr().out.count("tensor(") == 2


def test_the_page_tells_of_every_verb_for_nets():
    """Both verbs are among the commands."""
    assert {words[0] for words in COMMANDS} == {"export", "predict"}
