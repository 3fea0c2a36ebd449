"""The one place where errors become text and exit codes."""

import errno
import os
import signal
import subprocess
import sys

import pytest
from patience import PATIENCE
from typer.testing import CliRunner

from dlbench.cli import app as cli_app
from dlbench.cli import boundary
from dlbench.cli import recipes as schema_room
from dlbench.cli.app import app_for, make_app, make_page
from dlbench.errors import DlbenchError, Problem, RecipeError, SetupError, UsageError


def leave_with(monkeypatch, tmp_path, error, *arguments):
    """Run `main` on a verb that raises; returns the exit code."""

    def boom():
        """Raise."""
        raise error

    monkeypatch.setattr(schema_room, "schema", boom)
    monkeypatch.setattr(sys, "argv", ["dlbench", *arguments, "schema"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as caught:
        boundary.main()
    return caught.value.code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DlbenchError("it broke"), 1),
        (UsageError("no such run"), 2),
        (RecipeError([Problem("a.toml", 3, "model", "is wrong")]), 2),
        (SetupError("no GPU"), 3),
    ],
)
def test_known_errors(monkeypatch, tmp_path, capsys, error, code):
    """An error that the user can act on is its own text on stderr and its own exit code."""
    assert leave_with(monkeypatch, tmp_path, error) == code
    assert capsys.readouterr() == ("", f"error: {error}\n")


def test_a_full_disk_is_no_bug(monkeypatch, tmp_path, capsys):
    """A disk without room is told as what it is, with the exit code of the machine."""
    code = leave_with(monkeypatch, tmp_path, OSError(errno.ENOSPC, "No space left on device", "results/x"))

    told = "error: results/x: No space left on device; free some space and try again\n"
    assert (code, capsys.readouterr()) == (3, ("", told))


@pytest.fixture
def interruptible():
    """Ctrl-C raises, as where a shell starts a command in its foreground."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_is_no_traceback(monkeypatch, tmp_path, capsys):
    """Ctrl-C before a verb begins, while its libraries are imported, leaves with its code and without a word."""
    monkeypatch.setattr(boundary, "call", lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit) as caught:
        boundary.main()

    assert (caught.value.code, capsys.readouterr()) == (130, ("", ""))
    assert leave_with(monkeypatch, tmp_path, KeyboardInterrupt()) == 130


def test_unknown_error(monkeypatch, tmp_path, capsys):
    """A bug is one line, and its traceback is in the file that the line names."""
    code = leave_with(monkeypatch, tmp_path, ZeroDivisionError("by zero\nand more"))

    out, err = capsys.readouterr()
    (log,) = tmp_path.rglob("crash-*.log")
    assert (code, out) == (1, "")
    assert err == f"error: this is a bug in dlbench (ZeroDivisionError: by zero); traceback in {log}\n"
    assert "raise error" in log.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unknown_error_without_a_place_to_log(monkeypatch, tmp_path, capsys):
    """Where no log can be written, the line says how to see the traceback."""
    tmp_path.chmod(0o500)

    code = leave_with(monkeypatch, tmp_path, ZeroDivisionError("by zero"))

    assert code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_debug_shows_the_traceback(monkeypatch, tmp_path, capsys):
    """With `--debug` the traceback itself is on stderr."""
    code = leave_with(monkeypatch, tmp_path, ZeroDivisionError("by zero"), "--debug")

    err = capsys.readouterr().err
    assert code == 1
    assert err.startswith("Traceback")
    assert err.endswith("ZeroDivisionError: by zero\n")
    assert list(tmp_path.rglob("*.log")) == []


def test_interrupt(monkeypatch, tmp_path, capsys):
    """Ctrl-C in any verb ends with 130 and no traceback."""
    assert leave_with(monkeypatch, tmp_path, KeyboardInterrupt()) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["frobnicate"], ["parts", "--frob"], ["run", "xor", "--display", "loud"]])
def test_wrong_calls(arguments):
    """A wrong call is told on stderr and ends with 2."""
    done = subprocess.run(
        [sys.executable, "-m", "dlbench", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_reader_that_goes_away():
    """`dlbench parts | head -1` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "dlbench", "parts"], stdout=write, stderr=subprocess.PIPE, check=False, timeout=PATIENCE
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (141, b"")


def test_the_page_of_all_verbs_is_that_of_the_whole_command_line():
    """`--help` alone prints what it would with every verb and its options there, though it loads none of them but one."""
    whole, page = (
        CliRunner().invoke(made, ["--help"], prog_name="dlbench").output for made in (make_app(), make_page())
    )

    assert "Train every variant with every seed" in page
    assert page == whole


@pytest.mark.parametrize(
    ("words", "is_page"),
    [([], True), (["-h"], True), (["--help", "--help"], True), (["--help", "run"], False), (["rnu"], False)],
)
def test_only_a_call_for_help_alone_gets_that_page(words, is_page, monkeypatch):
    """Whatever else stands on the command line, and a shell that completes one, gets verbs with their options."""
    monkeypatch.setattr(cli_app, "make_page", lambda: "page")
    assert (app_for(words) == "page") is is_page

    monkeypatch.setenv("_DLBENCH_COMPLETE", "complete_bash")
    assert app_for(words) != "page"
