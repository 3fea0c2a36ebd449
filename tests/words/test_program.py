"""How dlbench is called in command lines that people copy."""

import sys

import pytest

from dlbench.words.program import command, program


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A virtual environment below the current folder, by whose script dlbench was called."""
    script = tmp_path / ".venv" / "bin" / "dlbench"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script), "run"])
    return script


def test_by_its_name_where_the_shell_finds_it(installed, monkeypatch):
    """In an environment that is active its name will do."""
    monkeypatch.setenv("PATH", str(installed.parent))

    assert command("watch", "latest") == "dlbench watch latest"


def test_by_its_path_where_the_shell_does_not(installed, tmp_path, monkeypatch):
    """After `make demo` it is not on the path, or another one is: its own path is what works when it is pasted."""
    other = tmp_path / "other" / "dlbench"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    for path in (str(tmp_path / "nothing"), str(other.parent)):
        monkeypatch.setenv("PATH", path)
        assert command("watch", "my run") == ".venv/bin/dlbench watch 'my run'"

    monkeypatch.chdir(other.parent)
    assert program() == str(installed)


def test_by_its_name_as_a_module(monkeypatch):
    """`python -m dlbench`, and a test, are no script that could be named."""
    monkeypatch.setenv("PATH", "")
    for called in ("/lib/dlbench/__main__.py", "dlbench", ""):
        monkeypatch.setattr(sys, "argv", [called])
        assert program() == "dlbench"
