"""`dlbench repeat`: a script that records itself, with every value and seed, as processes; then the table of all."""

import json
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from endings import end_all_that_name
from patience import PATIENCE, wait_for
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import ExitCode, RecipeError, SetupError, UsageError

SCRIPT = Path(__file__).parents[1] / "recording_script.py"
TRAIN = [sys.executable, "train.py", "--lr", "{lr}", "--seed", "{seed}"]
SLOW_FIRST = """
import runpy, sys, time
lr, seed = sys.argv[1:]
time.sleep(0.5 if lr == '0.3' else 0)
sys.argv[1:] = ['--lr', lr, '--seed', seed]
runpy.run_path('train.py', run_name='__main__')
"""
QUESTIONS = """
[[claims]]
says = "A small rate has a small loss"
source = "measured"
variant = "lr=0.01"
metric = "train_loss"
at_most = 0.02
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current folder, which holds the script `train.py`; nothing of it runs on afterwards."""
    shutil.copy(SCRIPT, tmp_path / "train.py")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    end_all_that_name(tmp_path)


def repeat(*words):
    """Exit code, stdout and stderr of `dlbench repeat`; raises what it raises."""
    result = CliRunner().invoke(app, ["repeat", "--name", "mine", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def recordings(place):
    """How many recordings there are."""
    return len(list(place.glob("results/mine/*/plan.json")))


def test_a_second_call_runs_what_is_missing(place):
    """Every variant and seed is run once, and shown in one table; the next call adds what it asks for and leaves out the rest."""
    values = ["--set", "lr=0.1,0.01", "--workers", "2"]
    code, table, said = repeat("--seeds", "2", *values, "--", *TRAIN)
    assert (code, recordings(place)) == (0, 4)
    assert "4 trials (2 variants x 2 seeds), 2 at once" in said
    lines = re.findall(
        r"\[(\d)/4\] lr=0[.]0?1, seed [01]: done after [\d.:]+ s(, about 0:\d\d left)?$", said, re.MULTILINE
    )
    assert [(place, bool(left)) for place, left in lines] == [("1", True), ("2", True), ("3", True), ("4", False)]
    assert re.search(r"^lr=0.1 +2/2 +0\.100", table, re.MULTILINE)
    assert re.search(r"^lr=0.01 +2/2 +0\.010", table, re.MULTILINE)
    assert len(list(place.glob("results/mine/logs/lr=0.*-seed?.log"))) == 4

    code, _, said = repeat("--seeds", "0-2", "--set", "lr=0.1", *TRAIN)
    assert (code, recordings(place)) == (0, 5)
    assert "2 of 3 finished before" in said
    assert "[1/1] lr=0.1, seed 2: done" in said

    os.utime(place / "train.py", (time.time() + 9, time.time() + 9))
    code, table, said = repeat("--seeds", "3", "--set", "lr=0.1", "--json", "--", *TRAIN)
    assert (code, recordings(place)) == (0, 5)
    assert "3 of 3 finished before" in said
    assert "note: train.py was changed after they were recorded; --again" in said
    assert '"lr=0.01"' in table

    code, _, _ = repeat("--seeds", "1", "--set", "lr=0.1", "--again", "--", *TRAIN)
    assert (code, recordings(place)) == (0, 6)


def test_another_command_is_another_trial(place):
    """Of the same variant and seed by another command nothing has finished: the newest counts, and would be run again."""
    one, other = [*TRAIN, "done"], TRAIN
    asked = ("--seeds", "1", "--set", "lr=0.1")
    repeat(*asked, "--", *one)
    repeat(*asked, "--", *other)
    assert recordings(place) == 2
    assert "1 of 1 finished before" in repeat(*asked, "--", *other)[2]
    assert "finished" in repeat(*asked, "--dry-run", "--", *other)[1]
    assert "finished" not in repeat(*asked, "--dry-run", "--", *one)[1]
    repeat(*asked, "--", *one)
    assert recordings(place) == 3


def test_a_failed_trial_is_told_and_run_again(place):
    """A failure is told with its last lines and its log, and makes the exit code 1; the next call runs it and no other."""
    words = ["--seeds", "1", "--set", "lr=0.1", "--set", "how=done,fail,caught", "--", *TRAIN, "{how}"]
    code, table, said = repeat(*words)
    log = Path("results/mine/logs/lr=0.1, how=fail-seed0.log")
    assert code == ExitCode.TRIAL_FAILED
    assert "how=fail, seed 0: failed after" in said
    assert f"with exit code 1; {log} ends with:\n" in said
    assert "\n  ValueError: no such rate: 0.1\n" in said
    assert "ValueError: no such rate: 0.1" in log.read_text()
    assert re.search(r"how=caught, seed 0: its recording failed after .* s: it did not learn", said)
    assert re.search(r"^lr=0.1, how=done +1/1", table, re.MULTILINE)

    assert "1 of 3 trials finished; the same command runs the others again" in said

    code, _, said = repeat(*words)
    assert code == ExitCode.TRIAL_FAILED
    assert "1 of 3 finished before" in said
    assert "[2/2]" in said


def test_who_records_nothing_is_told_how(place):
    """Where the first trials end well and record nothing, others are not begun, and it is said how to record."""
    code, table, said = repeat("--seeds", "9", "--workers", "1", "--", sys.executable, "-S", "-c", "'{seed}'")

    assert (code, table) == (ExitCode.TRIAL_FAILED, "")
    assert "base, seed 0: ended after" in said
    assert said.count("with dlbench.record(model, optimizer) as run:") == 1
    assert re.search(r"so would the others; [78] trials not begun", said)


def test_trials_that_fail_alike_at_once_are_enough(place):
    """Where the first three fail with the same words and record nothing, as at a wrong path, no others are begun."""
    code, _, said = repeat("--seeds", "9", "--workers", "1", "--", sys.executable, "-S", "nowhere.py", "{seed}")

    assert code == ExitCode.TRIAL_FAILED
    assert 3 <= said.count("failed after") <= 4  # one more may have begun before the third had ended
    assert re.search(r"so would the others; [56] trials not begun", said)


def test_variants_stand_in_the_order_in_which_they_were_asked_for(place):
    """Whichever of the first trials is the first to record: the first value of --set is the baseline, later calls' come behind."""
    slow = [sys.executable, "-c", SLOW_FIRST, "{lr}", "{seed}"]
    _, table, _ = repeat("--seeds", "1", "--set", "lr=0.3,0.2", "--workers", "2", "--", *slow)
    assert [line.split()[0] for line in table.splitlines() if line.startswith("lr=")][:2] == ["lr=0.3", "lr=0.2"]
    _, table, _ = repeat("--seeds", "1", "--set", "lr=0.1,0.3,0.2", "--workers", "2", "--json", "--", *slow)

    assert [row["variant"] for row in json.loads(table)["rows"]] == ["lr=0.3", "lr=0.2", "lr=0.1"]
    assert json.loads(table)["baseline"] == "lr=0.3"


def test_questions_are_asked_of_the_group(place):
    """Claims are told after the table; a mistake in their file is told before anything is started."""
    file = place / "asked.toml"
    words = ["--seeds", "1", "--set", "lr=0.01", "--questions", "asked.toml", "--", *TRAIN]
    file.write_text(QUESTIONS.replace("metric =", "metrik ="))
    with pytest.raises(RecipeError, match="metrik"):
        repeat(*words)
    assert not (place / "results").exists()
    file.write_text(QUESTIONS)

    assert "A small rate has a small loss" in repeat(*words)[1]


def test_a_dry_run_shows_the_commands(place):
    """The command of each trial can be copied, and nothing is started."""
    code, shown, _ = repeat("--seeds", "3,5", "--set", "text=a b", "--dry-run", "--", "train", "{text}", "{seed}")

    assert code == 0
    assert [line.split("  ")[-1] for line in shown.splitlines()[1:]] == ["train 'a b' 3", "train 'a b' 5"]
    assert not (place / "results").exists()


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (["pithon", "train.py"], SetupError, "'pithon' is no program that can be found here"),
        (["train.py", "--seed", "{seed}"], SetupError, "run it by Python: `python train.py"),
        (["python train.py --seed {seed}"], SetupError, "write the words of the command one by one"),
        (["--set", "lr='0.1,0.2'", "ls", "{lr}"], UsageError, "'0.1 has half a pair of quotes"),
        (["--name", " ", "ls"], UsageError, "--name: is empty"),
        (["--variant", "", "ls"], UsageError, "--variant: is empty"),
        (["--seeds", "0", "ls"], UsageError, "at least one seed"),
        (["--seeds", "x", "ls"], UsageError, "takes a count"),
        (["--seeds", "99999", "ls"], UsageError, "asks for 99,999 trials; the limit is 10,000"),
        (["--set", "lr", "ls"], UsageError, "takes a name and its values"),
        (["--questions", "no.toml", "ls"], UsageError, r"no.toml: cannot be read"),
    ],
)
def test_mistakes_are_told_before_anything_starts(place, words, error, says):
    """What cannot be run is one clear error, and leaves nothing behind."""
    with pytest.raises(error, match=says):
        repeat(*words)

    assert not (place / "results").exists()


@pytest.mark.parametrize(
    ("behaviour", "number", "times", "code", "state"),
    [
        ("wait", signal.SIGINT, 1, ExitCode.INTERRUPTED, "stopped"),
        ("deaf", signal.SIGTERM, 2, ExitCode.TERMINATED, None),
    ],
)
def test_a_signal_leaves_nothing_behind(place, bench, behaviour, number, times, code, state):
    """Ctrl-C ends the trials as it would each of them, so that recordings know; twice kills who does not hear."""
    words = [*TRAIN[:2], "--seed", "{seed}", behaviour]
    process = bench.start("repeat", "--name", "mine", "--seeds", "4", "--workers", "1", "--", *words)
    recording = bench.wait_for("stack")
    if behaviour == "deaf":
        bench.wait_for("heartbeat")
    process.send_signal(number)
    if times == 2:
        bench.read_until(process, "stopping")
        process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == code
    assert "0 of 4 trials finished" in said
    assert end_all_that_name(place) == []
    events = (recording / "events" / "s000-w0.jsonl").read_text()
    assert ('"status":"stopped"' in events) == (state == "stopped")


def test_what_others_record_now_is_left_out(place, bench):
    """A second call beside the first one begins nothing that is being recorded already; who is stopped has failed."""
    words = ["--seeds", "1", "--", *TRAIN[:2], "--seed", "{seed}", "wait"]
    process = bench.start("repeat", "--name", "mine", *words)
    bench.wait_for("stack")
    code, _, said = repeat(*words)
    stopped = CliRunner().invoke(app, ["stop", "mine", "--timeout", "0", "--kill"])
    process.communicate(timeout=PATIENCE)

    assert (code, recordings(place)) == (0, 1)
    assert "note: 1 trial left out: others are recording now what these would" in said
    assert re.search(r"^base, seed 0: (was killed|has stopped) \(mine/", stopped.stderr, re.MULTILINE)
    assert "mine has stopped; a recording is not continued: the same `dlbench repeat` goes on" in stopped.stderr
    assert process.returncode == ExitCode.TERMINATED


def test_a_repeat_between_two_trials_is_running(place, bench):
    """While one is at work the group is running with what is still to come, and a stop ends the trial and begins no other."""
    words = ["--seeds", "3", "--workers", "1", "--", *TRAIN[:2], "--seed", "{seed}"]
    repeat("--seeds", "5-5", "--workers", "1", "--", *words[5:])
    process = bench.start("repeat", "--name", "mine", *words, "wait")
    wait_for(lambda: recordings(place) == 2)
    invoke = CliRunner().invoke
    listed, watched = invoke(app, ["runs"]).stdout, invoke(app, ["watch", "mine"])
    table = invoke(app, ["table", "mine"]).stdout
    stopped = invoke(app, ["stop", "mine", "--json"])
    _, said = process.communicate(timeout=PATIENCE)

    assert re.search(r"^mine +running \(1 of 2 recordings, 2 to come\)", listed, re.MULTILINE)
    assert "mine: running, 2 trials to come" in watched.stderr
    assert "`dlbench repeat` is at work on this: 2 more trials are to come" in " ".join(table.split())
    assert stopped.exit_code == 0
    assert json.loads(stopped.stdout)["repeats"] == 1
    assert re.search(r"^base, seed 0: has stopped \(mine/", stopped.stderr, re.MULTILINE)
    assert re.search(r"^the `dlbench repeat` with pid .* has stopped, 2 trials not begun", stopped.stderr, re.MULTILINE)
    assert process.returncode == ExitCode.TERMINATED
    assert "0 of 3 trials finished" in said
    assert recordings(place) == 2
    assert re.search(r"^mine +(stopped|done) ", invoke(app, ["runs"]).stdout, re.MULTILINE)
    assert not list(place.glob("results/mine/repeats/*"))
