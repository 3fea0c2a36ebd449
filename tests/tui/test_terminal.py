"""The dashboard in a real terminal: exit codes, what is left behind, signals, sizes, a run that goes on."""

import re
import shutil
import signal
import sys

import psutil
import pytest
from patience import PATIENCE
from terminals import Terminal, Tmux, finished_run, running_run

from dlbench.launch.status import alive, status

AGAIN = "Ctrl-C again leaves"
SHOWN = "[1] Gradients"
COLOURS = re.compile(r"\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9]+)*m")


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A folder of results with one run that has ended."""
    base = tmp_path_factory.mktemp("ended")
    return finished_run(base / "results")


@pytest.fixture
def running(tmp_path):
    """A run under way, stopped when the test ends."""
    folder, group = running_run(tmp_path / "results")
    yield folder
    group.stop(force=True)
    assert group.wait(PATIENCE)


@pytest.fixture
def opened():
    """Opens terminals, and closes them when the test ends."""
    terminals = []

    def open_one(*arguments, cwd, **options):
        terminals.append(Terminal(*arguments, cwd=cwd, **options))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def tmux():
    """Opens windows of tmux, and closes them when the test ends."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    windows = []

    def open_one(command, *, cwd, **options):
        windows.append(Tmux(command, cwd=cwd, **options))
        return windows[-1]

    yield open_one
    for window in windows:
        window.close()


def watch(opened, folder, *arguments, **options):
    """`dlbench watch` of a run, once its first frame is there."""
    base = folder.path.parent.parent
    terminal = opened("-m", "dlbench", "watch", str(folder.path), *arguments, cwd=base.parent, **options)
    terminal.wait_for(SHOWN)
    return terminal


def test_quit_restores_and_prints_the_table(ended, opened):
    """`q` ends with 0, no process left and a terminal as it was, in which the table of the finished run stands."""
    terminal = watch(opened, ended)
    terminal.wait_for("DONE")
    children = psutil.Process(terminal.pid).children(recursive=True)
    terminal.press("q")

    assert terminal.end() == 0
    assert children == []
    assert terminal.is_restored
    assert re.search(r"slow +2/2", terminal.after)
    assert "Forty steps are enough" in terminal.after


def test_interrupt_takes_two(running, opened):
    """The first Ctrl-C says what the second does, the second leaves with 130, and the run goes on."""
    terminal = watch(opened, running)
    terminal.wait_for("LIVE")
    terminal.press("\x03")
    terminal.wait_for(f"{AGAIN}; the run goes on (x stops it)")
    terminal.press("\x03")

    assert terminal.end() == 130
    assert terminal.is_restored
    assert alive(running)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=str,
)
def test_signals(ended, opened, number, code):
    """A signal ends it at once with its code and a terminal as it was."""
    terminal = watch(opened, ended)
    terminal.signal(number)

    assert terminal.end() == code
    assert terminal.is_restored
    assert "Traceback" not in terminal.after


def test_terminal_that_goes(running, opened):
    """When its terminal is closed it ends by itself with 129, and the run goes on."""
    terminal = watch(opened, running)
    terminal.hang_up()

    assert terminal.end() == 129
    assert alive(running)


@pytest.mark.extras
def test_terminal_that_goes_without_a_word(ended, opened):
    """Where nobody sends SIGHUP it finds out by itself that its terminal is gone."""
    terminal = watch(opened, ended, before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    terminal.hang_up()

    assert terminal.end() == 129


@pytest.mark.extras
def test_crash_is_one_line_and_a_file(ended, opened, tmp_path):
    """An error that nobody foresaw ends with 1, a terminal as it was, one line, and the traceback in a file."""
    broken = "from dlbench.tui.app import Dashboard; Dashboard.action_help = lambda self: 1 / 0\n"
    code = f"import sys; sys.argv[1:] = ['watch', {str(ended.path)!r}]\n{broken}from dlbench.cli import main; main()"
    state = {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    terminal = opened("-c", code, cwd=tmp_path, columns=200, **state)
    terminal.wait_for(SHOWN)
    terminal.press("?")

    assert terminal.end() == 1
    assert terminal.is_restored
    assert "this is a bug in dlbench (ZeroDivisionError: division by zero)" in terminal.after
    assert "Traceback" not in terminal.after
    (file,) = tmp_path.rglob("crash-*.log")
    assert "action_help" in file.read_text() or "ZeroDivisionError" in file.read_text()


@pytest.mark.extras
def test_killed_viewer_leaves_the_run_alone(running, opened):
    """A viewer that is killed takes nothing with it: the run writes on, and another viewer can watch it."""
    first = watch(opened, running)
    first.signal(signal.SIGKILL)
    assert first.end() == -signal.SIGKILL

    before = running.events_file(0, 0).stat().st_size
    second = watch(opened, running)
    second.wait_for("LIVE")
    second.press("q")
    assert second.end() == 0
    assert running.events_file(0, 0).stat().st_size > before
    assert status(running).state == "running"


def test_stopping_from_the_dashboard(running, opened):
    """`x` and a yes stop the run; the answer of its worker is told, and the bar says so."""
    terminal = watch(opened, running)
    terminal.wait_for("LIVE")
    terminal.press("x")
    terminal.wait_for("Stop the run?")
    terminal.press("\r")
    terminal.wait_for("stopping at step 1")
    terminal.wait_for("STOPPED")
    terminal.press("q")

    assert terminal.end() == 0
    assert status(running).state == "stopped"


@pytest.mark.extras
def test_read_only(running, opened):
    """With --read-only the keys that change the run are refused with a word."""
    terminal = watch(opened, running, "--read-only")
    terminal.wait_for("read-only")
    terminal.press("x")
    terminal.wait_for("it was opened with")
    terminal.press("q")

    assert terminal.end() == 0
    assert not running.control_file.exists()


@pytest.mark.extras
def test_resize(ended, opened):
    """Below 60x16 one message stands there with the size; in a larger window everything is back."""
    terminal = watch(opened, ended)
    terminal.resize(52, 14)
    place = terminal.wait_for("dlbench needs 60x16 (now 52x14)")
    terminal.resize(80, 24)
    terminal.wait_for("[1] Gradients", after=place)
    terminal.press("q")

    assert terminal.end() == 0


@pytest.mark.extras
def test_no_color(ended, opened):
    """NO_COLOR draws the whole dashboard without one code of a colour."""
    terminal = watch(opened, ended, NO_COLOR="1")
    terminal.wait_for("DONE")
    terminal.press("?")
    place = terminal.wait_for("Esc goes back")
    terminal.press("\x1b")
    terminal.wait_for("Gradient norm", after=place)
    terminal.press("q")

    assert terminal.end() == 0
    assert COLOURS.search("\x1b[1;38;2;1;2;3m")
    assert not COLOURS.search(terminal.output)


@pytest.mark.extras
@pytest.mark.parametrize("how", [{"LC_ALL": "C"}, {"DLBENCH_ASCII": "1"}], ids=["locale", "wish"])
def test_ascii(ended, opened, how):
    """In a locale without UTF-8, or where it is wished, nothing but ASCII goes to the terminal."""
    terminal = watch(opened, ended, **how)
    terminal.wait_for("DONE")
    for key, text in (("4", "o Sort"), ("?", "Esc goes back"), ("\x1b", "o Sort"), ("7", "shown here")):
        place = len(terminal.output)
        terminal.press(key)
        terminal.wait_for(text, after=place)
    terminal.press("q")

    assert terminal.end() == 0
    assert terminal.output.isascii()


@pytest.mark.extras
def test_mouse_may_stay_with_the_terminal(ended, opened):
    """--no-mouse never asks for the mouse."""
    terminal = watch(opened, ended, "--no-mouse")
    terminal.press("q")

    assert terminal.end() == 0
    assert "\x1b[?1003h" not in terminal.output


@pytest.mark.extras
def test_dumb_terminal(ended, opened):
    """A terminal that cannot move its cursor gets the table once, without any escape code."""
    terminal = opened("-m", "dlbench", "watch", str(ended.path), cwd=ended.path, TERM="dumb")

    assert terminal.end() == 0
    assert "\x1b" not in terminal.output
    assert "small/" in terminal.output
    assert re.search(r"slow +2/2", terminal.output)


def test_tmux_leaves_nothing_on(ended, tmux):
    """After quitting tmux finds neither alternate screen nor mouse on, and a visible cursor."""
    window = tmux(f"{sys.executable} -m dlbench watch {ended.path}; echo rc=$?; sleep 60", cwd=ended.path)
    window.wait_for("DONE")
    assert window.state()[:2] == ["1", "1"]
    window.press("q")
    screen = window.wait_for("rc=0")

    assert window.state() == ["0", "0", "1"]
    assert re.search(r"slow +2/2", screen)


@pytest.mark.extras
def test_background_and_back(ended, tmux):
    """Ctrl-Z gives the terminal back to the shell, `fg` brings the dashboard back."""
    command = (
        f"set -m; {sys.executable} -m dlbench watch {ended.path}; echo stopped; read answer; fg; echo rc=$?; sleep 60"
    )
    window = tmux(command, cwd=ended.path)
    window.wait_for("DONE")
    window.press("C-z")
    window.wait_for("stopped")
    assert window.state() == ["0", "0", "1"]
    window.press("Enter")
    window.wait_for("DONE")
    assert window.state()[0] == "1"
    window.press("q")
    window.wait_for("rc=0")
