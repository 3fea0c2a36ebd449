"""`dlbench run` as a process: streams, exit codes, signals."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from light_cli import words_of
from patience import PATIENCE
from small_recipe import FOREVER

from dlbench.analysis.summary import summarize
from dlbench.export import EXPORTERS
from dlbench.launch.status import status
from dlbench.recipe import load
from dlbench.run.folder import RunFolder, find_run

LONG = ("run", "small.toml", "--device", "cpu", "--set", FOREVER)


def workers_of(path):
    """The processes of a run."""
    return [psutil.Process(worker.token.id) for worker in status(RunFolder(path)).alive]


def test_run_ends_with_the_table(trained):
    """A run without trouble ends with 0, data on stdout and narration on stderr."""
    code, out, err = trained.result

    assert code == 0
    assert "slow" in out
    assert "Forty steps are enough" in out
    assert "Does it learn?" not in out
    assert err.startswith(
        "0.1  A small one\n  Does it learn?\n\n4 trials in 1 stack, 1 worker on cpu -> results/small/"
    )
    assert err.endswith(
        "\n  It may.\n\nnext: dlbench watch latest · dlbench export latest --format html -o report.html\n"
    )


def test_piped_output_has_no_escape_codes(trained):
    """Neither stream has an escape code where it is no terminal."""
    _, out, err = trained.result

    assert "\x1b" not in out + err


def test_run_writes_its_folder(trained):
    """The run's folder has the recipe, the plan and the environment with the command."""
    (folder,) = trained.folder.glob("results/small/*")

    assert {"recipe.toml", "plan.json", "env.json"} <= {path.name for path in folder.iterdir()}
    assert json.loads((folder / "env.json").read_text())["command"][1:] == ["run", "small.toml", "--device", "cpu"]


def test_two_recipes_in_turn_with_changes(bench):
    """Each recipe makes its run with the changes of the command line, and asked for silence says nothing but the tables."""
    (bench.folder / "other.toml").write_text((bench.folder / "small.toml").read_text())
    changes = ("--quick", "--seeds", "3", "--set", "evaluate.train_samples=3")

    silent = ("--device", "cpu", "--display", "none", "--ascii")
    process = bench.start("run", "small.toml", "other.toml", *changes, *silent, workers="done")
    out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (0, "")
    assert out.isascii()
    assert out.index("small\n") < out.index("other\n")
    for name in ("small", "other"):
        (recipe,) = bench.folder.glob(f"results/{name}/*/recipe.toml")
        again = load(recipe)
        assert (again.name, again.seeds) == (name, [0, 1, 2])
        assert {one.settings["train"]["steps"] for one in again.candidates} == {20}
        assert {one.settings["evaluate"]["train_samples"] for one in again.candidates} == {3}


def test_json_display_and_strict(bench):
    """Events alone are on stdout; a claim that is refuted ends a strict run with 4."""
    code, out, err = bench("run", "small.toml", "--device", "cpu", "--display", "json", "--strict")

    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert code == 4
    assert kinds[0] == "run"
    assert kinds[-1] == "end"
    assert "refuted" in err


def test_bars_on_a_terminal(bench):
    """On a terminal the bars are drawn on stderr, and stdout stays clean when it is a pipe."""
    ours, theirs = pty.openpty()
    process = bench.start("run", "small.toml", "--device", "cpu", stderr=theirs, env={"COLUMNS": "80"})
    os.close(theirs)
    drawn = read_terminal(ours)
    out = process.stdout.read()

    assert process.wait(timeout=PATIENCE) == 0
    assert "\x1b" not in out
    assert "\x1b" in drawn
    assert "40/40" in drawn


def read_terminal(descriptor):
    """Everything that is written to a terminal until its last writer closes it."""
    chunks = []
    try:
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(descriptor)
    return b"".join(chunks).decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stop_and_resume(bench, number, code):
    """The first Ctrl-C or SIGTERM stops with a checkpoint, the partial table and the way on; resumed it can stop again."""
    process = bench.start(*LONG)
    path = bench.wait_for("metrics")
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == code
    assert "slow" in out
    assert f"dlbench run --resume results/small/{path.name}" in err
    assert "Traceback" not in err
    assert status(RunFolder(path)).state == "stopped"
    assert (path / "checkpoints" / "stack-0.pt").is_file()


@pytest.mark.extras
def test_resume_ends_with_the_undisturbed_table(bench):
    """A run whose worker is killed and that is then resumed ends with the numbers of a run left alone."""
    changes = ("--device", "cpu", "--set", "train.steps=3000", "--display", "none")
    process = bench.start("run", "small.toml", *changes)
    path = bench.wait_for("heartbeat")
    for worker in workers_of(path):
        worker.kill()
    _, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert "died without reporting an end" in err
    assert bench("run", "--resume", "small", "--display", "none", "--workers", "2", "--device", "cpu")[0] == 0
    assert bench("run", "small.toml", *changes, "--out", "alone")[0] == 0
    assert numbers(bench.folder / "alone") == numbers(bench.folder / "results")


def numbers(folder):
    """Every number of every trial of the newest run, but how long it took."""
    rows = list(csv.DictReader(EXPORTERS["trials"].make(summarize(find_run(folder, "latest"))).splitlines()))
    assert len(rows) == 4
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_second_interrupt_kills(bench):
    """The second Ctrl-C kills the workers at once."""
    process = bench.start(*LONG, workers="deaf")
    bench.read_until(process, "->")
    path = next(bench.folder.glob("results/small/*"))
    process.send_signal(signal.SIGINT)
    bench.read_until(process, "stopping")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert workers_of(path) == []


def test_hangup_leaves_the_run_alone(bench, verb):
    """When the terminal goes the command ends with 129 and the run goes on; `stop` then ends it."""
    process = bench.start(*LONG, workers="obey")
    path = bench.wait_for("heartbeat")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=PATIENCE)

    assert process.returncode == 129
    assert len(workers_of(path)) == 1
    code, _, err = verb("stop", "small")
    assert code == 0
    assert f"small/{path.name} has stopped" in err
    assert workers_of(path) == []


def test_detach(bench, verb):
    """`--detach` prints the run's folder and leaves; `runs` shows it under way."""
    process = bench.start(*LONG, "--detach", workers="obey")
    out, err = process.communicate(timeout=PATIENCE)
    path = bench.folder / out.strip()

    assert process.returncode == 0
    assert (path / "plan.json").is_file()
    assert "dlbench watch results/small/" in err
    assert json.loads(verb("runs", "--json")[1])[0]["state"] == "running"
    assert verb("stop", path.name, "--kill", "--timeout", "5", "--json")[0] == 0


def test_reader_of_events_that_goes_away(bench):
    """When the reader of a display goes away the command ends quietly and the run goes on."""
    process = bench.start(*LONG, "--display", "json", workers="obey")
    path = bench.wait_for("heartbeat")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 141
    assert "Traceback" not in err
    assert len(workers_of(path)) == 1


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has the device")
def test_missing_device(bench, verb):
    """A device that is not there is one clear line and 3, and leaves no folder that could be gone on with."""
    code, out, err = verb("run", "small.toml", "--device", "cuda")

    assert (code, out) == (3, "")
    assert err.splitlines() == ["error: device 'cuda:0' cannot be used: no driver of a GPU is loaded; try --device cpu"]
    assert not (bench.folder / "results").exists()


def test_missing_data(bench):
    """Data that is not there is told before anything starts, with 3."""
    text = (
        (bench.folder / "small.toml").read_text().replace("xor", "mnist").replace("layers = [", 'layers = ["flatten", ')
    )
    (bench.folder / "big.toml").write_text(text)
    empty = {"DLBENCH_DATA": str(bench.folder), "XDG_CACHE_HOME": str(bench.folder), "HOME": str(bench.folder)}

    code, out, err = bench("run", "big.toml", env=empty)

    assert (code, out) == (3, "")
    assert "dlbench data fetch mnist" in err
    assert not (bench.folder / "results").exists()


def test_results_that_cannot_be_written(bench, verb):
    """Where no run can be kept the command says so, with 3."""
    (bench.folder / "results").write_text("a file")

    code, _, err = verb("run", "small.toml")

    assert code == 3
    assert "--out" in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "no recipe given"),
        (("no-such",), "no recipe is called 'no-such'"),
        (("small.toml", "--display", "tui"), "the dashboard needs a terminal"),
        (("small.toml", "--device", "tpu"), "tpu"),
        (("small.toml", "--seeds", "some"), "--seeds some"),
        (("small.toml", "--set", "train.lr=1"), "--set train.lr=1"),
        (("--resume", "small"), "there are no runs"),
        (("small.toml", "--resume", "small"), "remove recipes and their options"),
    ],
)
def test_wrong_wishes(bench, verb, arguments, text):
    """A wrong wish is one clear text and 2, and nothing is left behind."""
    code, out, err = verb("run", *arguments)

    assert (code, out) == (2, "")
    assert text in err
    assert "Traceback" not in err
    assert not (bench.folder / "results").exists()


def test_dry_run(bench, verb):
    """A dry run prints the plan and writes nothing."""
    code, out, err = verb("run", "small.toml", "--dry-run", "--device", "cpu")
    plan = json.loads(verb("run", "small.toml", "--dry-run", "--display", "json")[1])

    assert (code, err) == (0, "")
    assert out.startswith("small: 4 trials in 1 stack, 1 worker on cpu\n")
    assert re.search(r"\n  memory: some 0\.6 GiB \(process 0\.6\), of [\d,]+\.\d GiB free here\n$", out)
    assert len(plan[0]["trials"]) == 4
    assert not (bench.folder / "results").exists()


def test_nohup_is_respected(bench):
    """A signal that was ignored when dlbench began stays ignored."""
    script = 'trap "" HUP; exec "$@"'
    command = ["sh", "-c", script, "sh", sys.executable, *words_of(*LONG, workers="obey")]
    process = subprocess.Popen(command, cwd=bench.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bench.started.append(process)
    bench.wait_for("heartbeat")
    process.send_signal(signal.SIGHUP)

    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
