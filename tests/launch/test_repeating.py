"""Trials of somebody's command as processes: how many at once, what they are told, and that none is left behind."""

from __future__ import annotations

import sys
import time

import psutil
import pytest
from patience import wait_for

from dlbench.errors import SetupError
from dlbench.launch import repeating
from dlbench.launch.children import Child, end
from dlbench.launch.repeating import Crew, Repetition, TrialEnding, crew_for
from dlbench.plan.repeated import repeated_trials

TELL = "import os, sys; print({k: v for k, v in os.environ.items() if k.startswith(('DLBENCH_', 'OMP_', 'CUDA_'))})"
LIGHT = [sys.executable, "-S", "-c"]
"""A Python that begins in a moment."""


def all_ended(repetition):
    """What has become of all trials."""
    ended = []
    while not repetition.is_over:
        ended += repetition.poll()
        time.sleep(0.01)
    return ended


@pytest.mark.parametrize(
    ("threads", "gpus", "visible", "asked", "trials", "crew"),
    [
        (None, 0, None, None, 20, Crew(8, 1)),
        (None, 0, None, None, 3, Crew(3, 2)),
        (None, 0, None, 2, 20, Crew(2, 4)),
        ("4", 0, None, None, 20, Crew(2, 4)),
        ("16", 0, None, None, 20, Crew(1, 16)),
        ("no", 0, None, None, 20, Crew(8, 1)),
        (None, 2, None, None, 20, Crew(2, 4, ("0", "1"))),
        (None, 2, "3,5", 4, 20, Crew(4, 2, ("3", "5"))),
    ],
)
def test_as_many_at_once_as_the_machine_takes(monkeypatch, threads, gpus, visible, asked, trials, crew):
    """One process a GPU, else one for the threads that it has; cores that are left over are threads of those there are."""
    monkeypatch.setattr(repeating, "cores", lambda: 8)
    monkeypatch.setattr(repeating, "find_devices", lambda: [f"cuda:{index}" for index in range(gpus)] or ["cpu"])
    for name, value in (("OMP_NUM_THREADS", threads), ("CUDA_VISIBLE_DEVICES", visible)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    assert crew_for(trials, asked) == crew


def test_each_process_is_told_who_it_is(tmp_path, monkeypatch):
    """Its environment has name, variant, seed, place, settings and questions; two at once see a GPU each."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    trials = repeated_trials([*LIGHT, f"{TELL}; '{{lr}}'"], {"lr": ["0.1", "0.2"]}, [3])
    with Repetition(tmp_path, "my own", trials, Crew(2, 5, ("4", "6")), tmp_path / "q.toml") as repetition:
        ended = all_ended(repetition)
    told = {one.trial.id: eval(one.log.read_text(), {}) for one in ended}  # what the process above printed

    common = {"NAME": "my own", "OUT": str(tmp_path), "SEED": "3", "QUESTIONS": str(tmp_path / "q.toml")}
    for trial, lr, gpu in zip(trials, ("0.1", "0.2"), ("4", "6"), strict=True):
        own = {"VARIANT": f"lr={lr}", "SETTINGS": f'{{"lr":{lr}}}', "TRIAL": trial.id}
        recorded = {f"DLBENCH_RECORD_{name}": value for name, value in (common | own).items()}
        assert {key: told[trial.id][key] for key in recorded} == recorded
        assert (told[trial.id]["OMP_NUM_THREADS"], told[trial.id]["CUDA_VISIBLE_DEVICES"]) == ("5", gpu)
    assert {one.log.parent for one in ended} == {tmp_path / "my-own" / "logs"}
    assert {one.ending for one in ended} == {TrialEnding.SILENT}


def test_no_more_at_once_than_there_are_places(tmp_path):
    """A trial begins when another one has ended, in their order."""
    goes_on = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path)!r}, '{{seed}}').exists(): time.sleep(0.01)"
    trials = repeated_trials([*LIGHT, goes_on], {}, range(5))
    with Repetition(tmp_path, "mine", trials, Crew(2, 1)) as repetition:
        waiting, order = [repetition.unstarted], []
        for seed in (1, 0, 2, 4, 3):
            assert repetition.poll() == []
            waiting.append(repetition.unstarted)
            (tmp_path / str(seed)).touch()
            order += [one.trial.seed for one in wait_for(repetition.poll)]

    assert order == [1, 0, 2, 4, 3]
    assert waiting == [5, 3, 2, 1, 0, 0]
    assert repetition.is_over


def test_an_end_by_a_signal_is_a_failure(tmp_path):
    """A process that was killed has failed, and its last lines can be told."""
    trials = repeated_trials([*LIGHT, "import os; print('about to', flush=True); os.kill(os.getpid(), 9)"], {}, [0])
    with Repetition(tmp_path, "mine", trials, Crew(1, 1)) as repetition:
        (ended,) = all_ended(repetition)

    assert (ended.ending, ended.exit_code, ended.last_lines()) == (TrialEnding.FAILED, -9, ["about to"])


def test_what_cannot_be_started_is_told_and_ends_the_others(tmp_path):
    """Where a process cannot be started that is a clear error, and those before it do not go on."""
    (other,) = repeated_trials([*LIGHT, f"import time; time.sleep(60); '{tmp_path}'"], {}, [0])
    (wrong,) = repeated_trials([str(tmp_path)], {}, [1])
    with (
        pytest.raises(SetupError, match=r"seed 1 cannot be started: .*[Pp]ermission"),
        Repetition(tmp_path, "mine", [other, wrong], Crew(2, 1)) as repetition,
    ):
        repetition.poll()

    assert not any(other.words == tuple(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))


PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('child', flush=True); time.sleep(60)"
own = subprocess.Popen([sys.executable, "-S", "-c", child], start_new_session=True)
print(own.pid, flush=True)
time.sleep(60)
"""


def test_who_hears_nothing_is_killed_with_all_that_it_started(tmp_path):
    """A process that ignores signals, and its own in another session, are gone as soon as someone is in a hurry."""
    child = Child([*LIGHT, PARENT], tmp_path / "log", {})
    wait_for(lambda: "child" in (said := (tmp_path / "log").read_text()) and len(said.split()) == 2)
    said = (tmp_path / "log").read_text()
    family = child.family()
    end([child], 60.0, lambda: True)

    assert {int(word) for word in said.split() if word.isdigit()} == {process.pid for process in family[1:]}
    assert child.exit_code == -9
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)


def test_every_variant_has_a_log_of_its_own(tmp_path):
    """What no folder takes in a name is replaced, and different variants stay different."""
    names = ["lr=0.1, act=relu", "a b", "a/b", "a/B", "한글" * 60, "..", "a\nb"]
    words = [sys.executable, "-S", "-c", "import sys; print(ascii(sys.argv[1]))", "{name}"]
    trials = [trial for name in names for trial in repeated_trials(words, {"name": [name]}, [1], "{name}")]
    with Repetition(tmp_path, "mine", trials, Crew(4, 1)) as repetition:
        ended = all_ended(repetition)

    assert {one.log.read_text() for one in ended} == {f"{name!a}\n" for name in names}
    assert tmp_path / "mine" / "logs" / "lr=0.1, act=relu-seed1.log" in {one.log for one in ended}
