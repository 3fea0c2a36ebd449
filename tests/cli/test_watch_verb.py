"""`dlbench watch`, and `dlbench run` with its dashboard, as processes: what they print, how they end, what goes on."""

import json
import shutil

import psutil
import pytest
from light_cli import words_of
from small_recipe import FOREVER
from tui.terminals import Terminal

from dlbench.launch.status import alive, status
from dlbench.run.folder import RunFolder
from dlbench.run.processes import token_of
from dlbench.run.workers import Launched, record

LONG = ("run", "small.toml", "--device", "cpu", "--set", FOREVER)


@pytest.fixture
def opened():
    """Opens dlbench in terminals, and closes them when the test ends."""
    terminals = []

    def open_one(bench, *arguments, workers=None, **options):
        words = words_of(*arguments, workers=workers)
        terminals.append(Terminal(*words, cwd=bench.folder, columns=120, **options))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


def only_run(bench):
    """The bench's one run."""
    (path,) = bench.folder.glob("results/*/*")
    return RunFolder(path)


def test_run_in_a_dashboard(bench, opened):
    """On a terminal a run opens its dashboard; then table, claims, explanation and exit code are those of plain mode."""
    terminal = opened(bench, "run", "small.toml", "--device", "cpu", "--strict")
    terminal.wait_for("4 trials in 1 stack, 1 worker on cpu -> results/small/")
    terminal.wait_for("DONE")
    terminal.press("q")

    assert terminal.end() == 4
    assert terminal.is_restored
    assert "Forty steps are enough" in terminal.after
    assert "  It may." in terminal.after
    assert terminal.after.rstrip().endswith(
        "next: dlbench export latest --format html -o report.html · dlbench list"
    ), "the last line is what comes next"
    assert json.loads((only_run(bench).path / "summary.json").read_text())["recipe"] == "small"


def test_leaving_early(bench, opened):
    """Left before its end the run goes on; the way back is told, and `watch` finds it without a name."""
    terminal = opened(bench, *LONG, workers="obey")
    terminal.wait_for("LIVE")
    terminal.press("q")

    assert terminal.end() == 0
    folder = only_run(bench)
    told = "".join(terminal.after.split())
    assert f"theruncontinues;watchitwith`dlbenchwatchresults/{folder.name}`" in told
    assert f"stopitwith`dlbenchstopresults/{folder.name}`" in told
    assert len(alive(folder)) == 1
    again = opened(bench, "watch")
    again.wait_for("LIVE")
    again.press("q")
    assert again.end() == 0
    assert len(alive(folder)) == 1


@pytest.mark.extras
def test_leaving_while_paused(bench, opened):
    """A pause is acknowledged with its step; left paused, that is said, and no recipe after it is begun."""
    (bench.folder / "other.toml").write_text((bench.folder / "small.toml").read_text())
    terminal = opened(bench, LONG[0], "other.toml", *LONG[1:])
    terminal.wait_for("LIVE")
    terminal.press(" ")
    terminal.wait_for("paused at step ")
    terminal.wait_for("PAUSED at ")
    terminal.press("q")

    assert terminal.end() == 0
    assert "the run is paused" in terminal.after
    assert len(alive(only_run(bench))) == 1


@pytest.mark.extras
def test_stopping_in_the_dashboard(bench, opened):
    """Stopped from the dashboard the run ends as in plain mode: the table so far, the way to go on, and 1."""
    terminal = opened(bench, *LONG)
    terminal.wait_for("LIVE")
    terminal.press("x")
    terminal.wait_for("Stop the run?")
    terminal.press("\r")
    terminal.wait_for("STOPPED")
    terminal.press("q")

    assert terminal.end() == 1
    assert "not finished; continue with `dlbench run --resume" in terminal.after
    assert status(only_run(bench)).state == "stopped"


@pytest.mark.extras
def test_runs_in_turn(bench, opened):
    """Of several recipes each gets the dashboard, which closes by itself but for the last."""
    (bench.folder / "other.toml").write_text((bench.folder / "small.toml").read_text())
    terminal = opened(bench, "run", "small.toml", "other.toml", "--device", "cpu", workers="done")
    terminal.wait_for("results/other/")
    terminal.wait_for("other  ✔ DONE")
    terminal.press("q")

    assert terminal.end() == 0
    assert terminal.output.count("Forty steps are enough") >= 2
    assert len(list(bench.folder.glob("results/*/*"))) == 2


def test_plain_stays_plain(bench, opened):
    """--display plain has no dashboard on a terminal either."""
    terminal = opened(bench, "run", "small.toml", "--device", "cpu", "--display", "plain", workers="done")

    assert terminal.end() == 0
    assert "\x1b[?1049h" not in terminal.output


def test_watch_without_a_terminal(trained):
    """Into pipes `watch` prints how the run stands and its table, once, and ends with 0."""
    code, out, err = trained("watch")

    assert code == 0
    assert err.startswith("small/")
    assert ": done\n" in err
    assert "step 40/40, done" in err
    assert out == trained("table", "latest")[1]
    assert "\x1b" not in out + err


def test_watch_of_a_resumed_run(bench, verb, trained):
    """What a resumed run's workers will take up waits at its step, although it was stopped before: it does not say stopped."""
    shutil.copytree(only_run(trained).path.parent, bench.folder / "results" / "small")
    folder = only_run(bench)
    (file,) = folder.events.glob("*.jsonl")
    file.write_text(file.read_text().replace('"status":"done"', '"status":"stopped"'))
    with psutil.Popen(["sleep", "60"]) as worker:
        record(folder, Launched(1, 0, token_of(worker.pid), [0], 0))
        _, _, err = verb("watch", "small")
        worker.kill()

    assert f"{folder.name}: running\n" in err
    assert "step 40/40, waiting" in err
    assert "stopped" not in err


def test_watch_of_a_run_that_has_not_begun(bench, verb, trained):
    """A run without numbers has no table, only its state."""
    shutil.copytree(only_run(trained).path.parent, bench.folder / "results" / "small")
    folder = only_run(bench)
    for file in (folder.workers_file, *folder.events.iterdir()):
        file.unlink()
    code, out, err = verb("watch", "small")

    assert (code, out) == (0, "")
    assert err == f"{folder.name}: empty\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("watch",), "there are no runs under"),
        (("watch", "small"), "no run 'small'"),
        (("watch", "small", "--speed", "2"), "add --replay"),
        (("watch", "small", "--seek", "50%"), "add --replay"),
        (("watch", "small", "--speed", "0"), "--speed"),
    ],
    ids=" ".join,
)
def test_wrong_wishes(verb, arguments, text):
    """A wrong wish is one clear text and 2."""
    code, out, err = verb(*arguments)

    assert (code, out) == (2, "")
    assert text in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--theme", "neon"), "no theme is called 'neon'"),
        pytest.param(("--replay", "--seek", "soon"), "--seek: 'soon' is not a place", marks=pytest.mark.extras),
        pytest.param(("--replay", "--seek", "step=41"), "beyond the end", marks=pytest.mark.extras),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_wishes_on_a_terminal(trained, opened, arguments, text):
    """What only a dashboard reads is refused before it opens, with 2."""
    terminal = opened(trained, "watch", "small", *arguments)

    assert terminal.end() == 2
    assert text in terminal.output
    assert "\x1b[?1049h" not in terminal.output


def test_replay(trained, opened):
    """A finished run can be played back from a step on; at its end the table is printed as after watching."""
    terminal = opened(trained, "watch", "small", "--replay", "--speed", "10", "--seek", "step=20")
    terminal.wait_for("REPLAY 10x")
    terminal.press("G")
    terminal.wait_for("4/4 trials")
    terminal.press("q")

    assert terminal.end() == 0
    assert terminal.is_restored
    assert "Forty steps are enough" in terminal.after
