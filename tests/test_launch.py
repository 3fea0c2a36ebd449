from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench import launch
from dlbench.errors import SetupError, UsageError
from dlbench.plan import Plan, Stack, WorkerPlan
from dlbench.run.events import EventReader
from dlbench.run.folder import create
from dlbench.run.status import explain_crash, status
from dlbench.run.workers import current_session

FAKE = Path(__file__).parent / "run" / "fake_worker.py"
ROOT = Path(launch.__file__).parent.parent


def fake(behaviour):
    """A command that runs the fake worker in this behaviour."""

    def command(folder, session, worker, stacks):
        line = launch.worker_command(folder, session, worker, stacks)
        engine = line.index("-m")
        return [*line[:engine], str(FAKE), behaviour, *line[engine + 2 :]]

    return command


@pytest.fixture
def run(tmp_path):
    """A run of three stacks on two workers with 1 and 2 threads; whatever it started is gone afterwards."""
    folder = create(tmp_path, "xor", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    stacks = [Stack([0], 10, 5, cost) for cost in (1.0, 2.0, 3.0)]
    folder.write_plan(Plan("xor", [], [], stacks, [WorkerPlan("cpu", 1, [0, 2]), WorkerPlan("cpu", 2, [1])]))
    yield folder
    for worker in launch.alive(folder):
        os.kill(worker.pid, signal.SIGKILL)


def wait_for(condition, seconds=20.0):
    """Wait until the condition holds, and give what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def finish(workers):
    """The exit codes of these workers, once they have ended."""
    return [worker.process.wait(20) for worker in workers]


def speaking(run, count=1):
    """Wait until so many workers of the newest session have written a heartbeat."""
    session = wait_for(lambda: None if (found := current_session(run)) is None else f"s{found:03d}")
    files = run.events.glob
    wait_for(lambda: sum(b'"heartbeat"' in path.read_bytes() for path in files(f"{session}-*.jsonl")) == count)


def test_the_worker_of_the_engine_is_called_as_the_design_says(run):
    """The command line is `python -m dlbench.engine RUN --session N --worker W --stacks 0,2`."""
    line = launch.worker_command(run, 3, 1, [0, 2])

    numbers = ["--session", "3", "--worker", "1", "--stacks", "0,2"]
    assert line == [sys.executable, "-P", "-m", "dlbench.engine", str(run.path), *numbers]


def test_no_file_of_the_current_folder_shadows_a_library(tmp_path, run, monkeypatch):
    """A worker started where a `numpy.py` or `dlbench.py` lies imports the true ones."""
    for name in ("numpy.py", "dlbench.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)

    def command(folder, session, worker, stacks):
        interpreter = launch.worker_command(folder, session, worker, stacks)[:2]
        return [*interpreter, "-c", "import numpy, dlbench; print(dlbench.__file__)"]

    assert finish(launch.start(run, command=command)) == [0, 0]
    assert run.console_file(0).read_text().strip() == str(ROOT / "dlbench" / "__init__.py")


def test_each_worker_gets_its_stacks_and_threads(run):
    """One process a worker of the plan, with its stacks, its threads in the environment, its console in a file."""
    started = launch.start(run, command=fake("done"))

    assert finish(started) == [0, 0]
    assert [(worker.launched.worker, worker.launched.stacks) for worker in started] == [(0, [0, 2]), (1, [1])]
    assert [run.console_file(worker).read_text() for worker in (0, 1)] == ["threads 1 1\n", "threads 2 2\n"]
    assert status(run).state == "done"


def test_only_the_chosen_stacks_are_trained(run):
    """`stacks` leaves the others, and workers without any, for a later session."""
    started = launch.start(run, stacks=[2], command=fake("done"))
    finish(started)

    assert [worker.launched.stacks for worker in started] == [[2]]
    assert status(run).unfinished == [0, 1]


def test_no_stacks_are_no_run(run):
    """Choosing nothing is refused instead of starting nothing in silence."""
    with pytest.raises(UsageError, match="none of its stacks was chosen"):
        launch.start(run, stacks=[], command=fake("done"))


def test_a_run_starts_once(run):
    """A second start is refused and says how to go on."""
    finish(launch.start(run, command=fake("done")))

    with pytest.raises(UsageError, match=r"was started before; go on with it by 'dlbench run --resume .*153012'"):
        launch.start(run, command=fake("done"))


STARTER = """
import sys, os
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from dlbench.launch import start
from dlbench.run.folder import RunFolder
from test_launch import fake
started = start(RunFolder(Path(sys.argv[2])), command=fake("obey"))
print(*[worker.process.pid for worker in started], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_workers_outlive_their_starter(run, number):
    """Kill, Ctrl-C or hang-up of the starter and its whole process group leave the workers at work."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(FAKE.parent.parent), str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=ROOT,
    ) as starter:
        pids = list(map(int, starter.stdout.readline().split()))
        speaking(run, 2)
        os.killpg(starter.pid, number)
        starter.wait(20)
    reader = EventReader(run)
    reader.poll()
    later = wait_for(reader.poll)

    assert {event["kind"] for event in later} == {"heartbeat"}
    assert sorted(worker.pid for worker in launch.alive(run)) == sorted(pids)
    assert all(os.getsid(pid) == pid for pid in pids)
    assert launch.stop(run).remaining == []


def test_a_stop_is_obeyed_and_answered(run):
    """The workers end after their step, tell so, and the run stands as stopped."""
    started = launch.start(run, command=fake("obey"))
    speaking(run, 2)
    stop = launch.stop(run)

    assert finish(started) == [0, 0]
    assert (stop.answered, stop.killed, stop.remaining) == ([0, 1], [], [])
    assert (status(run).state, status(run).unfinished) == ("stopped", [0, 1, 2])


def test_a_stop_reaches_a_worker_that_has_not_yet_come_so_far(run):
    """What is asked while a worker is still starting up is obeyed as soon as it listens."""
    started = launch.start(run, command=fake("obey"))
    stop = launch.stop(run)

    assert finish(started) == [0, 0]
    assert stop.remaining == []


def test_a_deaf_worker_is_left_alone_unless_a_kill_is_asked(run, monkeypatch):
    """After the timeout a stop reports who is still there; with `kill`, SIGTERM and then SIGKILL end it."""
    monkeypatch.setattr(launch, "GRACE_SECONDS", 0.3)
    started = launch.start(run, stacks=[1], command=fake("deaf"))
    speaking(run)
    polite = launch.stop(run, timeout=0.2)
    firm = launch.stop(run, timeout=0.2, kill=True)

    assert [worker.pid for worker in polite.remaining] == [started[0].process.pid]
    assert (polite.answered, polite.killed) == ([], [])
    assert (firm.killed, firm.remaining) == ([1], [])
    assert finish(started) == [-signal.SIGKILL]
    assert status(run).state == "crashed"


def test_a_worker_that_hears_sigterm_is_not_killed(run):
    """SIGTERM alone ends a worker that only overhears controls; nothing harder follows."""
    started = launch.start(run, stacks=[1], command=fake("obey"))
    speaking(run)
    os.kill(started[0].process.pid, signal.SIGTERM)

    assert finish(started) == [0]
    assert status(run).state == "stopped"


def test_where_nothing_runs_nothing_is_stopped(run):
    """Stopping a run that is over, or was never started, is refused and asks nobody."""
    for _ in range(2):
        with pytest.raises(UsageError, match="is not running, there is nothing to stop"):
            launch.stop(run)
        if not run.events_files():
            finish(launch.start(run, command=fake("done")))

    assert not run.control_file.exists()


def test_a_resume_trains_what_is_left_in_a_new_session(run):
    """Only unfinished stacks are trained again, in files of their own, and old stops are not obeyed."""
    finish(launch.start(run, stacks=[0], command=fake("done")))
    second = launch.resume(run, command=fake("obey"))
    speaking(run, 2)
    launch.stop(run)
    finish(second)
    third = launch.resume(run, command=fake("done"))
    finish(third)

    assert [(worker.launched.session, worker.launched.stacks) for worker in second] == [(1, [2]), (1, [1])]
    assert [(worker.launched.session, worker.launched.stacks) for worker in third] == [(2, [2]), (2, [1])]
    assert (status(run).state, status(run).session) == ("done", 2)


def test_a_resume_after_kill_9_goes_on(run):
    """A killed worker leaves nothing that keeps the next session from starting."""
    started = launch.start(run, command=fake("obey"))
    speaking(run, 2)
    for worker in started:
        worker.process.kill()
    finish(started)
    before = status(run).state
    finish(launch.resume(run, command=fake("done")))

    assert (before, status(run).state) == ("crashed", "done")


def test_a_run_that_was_planned_but_never_started_can_be_resumed(run):
    """Death between plan and start costs nothing: the first session is begun."""
    started = launch.resume(run, command=fake("done"))
    finish(started)

    assert {worker.launched.session for worker in started} == {0}
    assert status(run).state == "done"


def test_a_resume_is_refused_while_workers_are_alive_or_nothing_is_left(run):
    """Both refusals say what to do; no second worker is started."""
    started = launch.start(run, command=fake("obey"))
    with pytest.raises(UsageError) as alive:
        launch.resume(run, command=fake("done"))
    launch.stop(run)
    finish(started)
    finish(launch.resume(run, command=fake("done")))
    with pytest.raises(UsageError) as nothing:
        launch.resume(run, command=fake("done"))

    pids = [worker.process.pid for worker in started]
    assert f"worker 0 is pid {pids[0]} on {os.uname().nodename}, worker 1 is pid {pids[1]}" in str(alive.value)
    assert f"stop it first by 'dlbench stop {run.path}'" in str(alive.value)
    assert f"{run.name} is done, there is nothing to resume; see it by 'dlbench table" in str(nothing.value)
    assert status(run).session == 1


RESUMER = STARTER.replace("import start", "import resume").replace("start(R", "resume(R")


def test_two_resumes_at_once_start_one_session(run):
    """Of two processes that resume the same run together one is refused."""
    resumers = [
        subprocess.Popen(
            [sys.executable, "-c", RESUMER, str(FAKE.parent.parent), str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    refusals = [resumer.communicate(timeout=30)[1].decode() for resumer in resumers]
    speaking(run, 2)
    launch.stop(run)

    assert sorted(resumer.returncode for resumer in resumers) == [0, 1]
    assert sum("is still running (worker 0 is pid" in refusal for refusal in refusals) == 1
    assert {session for session, _, _ in run.events_files()} == {0}


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [("crash", 139, "Segmentation fault, so to speak"), ("mute", 1, "no such device: cuda:7")],
)
def test_a_worker_that_dies_without_an_end_is_told_with_its_last_words(run, behaviour, code, words):
    """Both a death in the middle and one before the first event are found, with the console's last lines."""
    started = launch.start(run, stacks=[1], command=fake(behaviour))

    assert finish(started) == [code]
    (dead,) = status(run).crashed
    who = f"worker 1 (pid {started[0].process.pid} on {os.uname().nodename})"
    assert explain_crash(run, dead).splitlines() == [
        f"{who} died without an end; {run.console_file(1)} ends with:",
        "  threads 2 2",
        f"  {words}",
    ]


def test_a_worker_that_fails_in_order_is_told_as_failed(run):
    """An `end` with an error is no crash."""
    finish(launch.start(run, command=fake("fail")))

    assert (status(run).state, status(run).crashed) == ("failed", [])
    assert status(run).workers[0].error == "it broke"


def test_a_program_that_is_not_there_is_one_clear_error(run):
    """If a process cannot be made, those made before are ended and the error names why."""
    started = []

    def command(folder, session, worker, stacks):
        return fake("obey")(folder, session, worker, stacks) if worker == 0 else ["/nowhere/python"]

    real = subprocess.Popen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
        with pytest.raises(SetupError, match="cannot start a worker: No such file or directory"):
            launch.start(run, command=command)

    assert [process.wait(20) for process in started] == [-signal.SIGTERM]


@given(st.data())
def test_a_share_gives_every_stack_to_one_like_worker(data):
    """Each unfinished stack goes to exactly one worker, of its own kind of device and threads, and none waits idly."""
    kinds = st.sampled_from([("cpu", 1), ("cpu", 2), ("cuda:0", 1), ("cuda:1", 1)])
    workers = data.draw(st.lists(kinds, min_size=1, max_size=5))
    costs = data.draw(st.lists(st.floats(0, 1e12), max_size=12))
    homes = [data.draw(st.integers(0, len(workers) - 1)) for _ in costs]
    owned = [[stack for stack, home in enumerate(homes) if home == index] for index in range(len(workers))]
    plan = Plan(
        "x",
        [],
        [],
        [Stack([0], 1, 1, cost) for cost in costs],
        [WorkerPlan(device, threads, stacks) for (device, threads), stacks in zip(workers, owned, strict=True)],
    )
    todo = data.draw(st.sets(st.sampled_from(range(len(costs))))) if costs else set()
    shares = launch.share(plan, todo)

    like = [(device.split(":")[0], threads) for device, threads in workers]
    given_out = [(stack, worker) for worker, stacks in shares.items() for stack in stacks]
    assert sorted(stack for stack, _ in given_out) == sorted(todo)
    assert all(like[worker] == like[homes[stack]] for stack, worker in given_out)
    for worker, stacks in shares.items():
        peers = [sum(costs[s] for s in shares[peer]) for peer in shares if like[peer] == like[worker]]
        # Longest first: nobody has more than the least laden peer by more than the last stack it was given.
        last = min((costs[s] for s in stacks), default=0.0)
        assert sum(costs[s] for s in stacks) <= (min(peers) + last) * (1 + 1e-9)


def test_nothing_here_imports_torch():
    """dlbench.launch and every module of dlbench.run load without torch, numpy or textual."""
    code = "import dlbench.launch, dlbench.run, importlib, json, pkgutil, sys\n"
    code += "names = [name for _, name, _ in pkgutil.iter_modules(dlbench.run.__path__, 'dlbench.run.')]\n"
    code += "for name in names: importlib.import_module(name)\n"
    code += "print(json.dumps([names, sorted({'torch', 'numpy', 'scipy', 'textual', 'pydantic'} & set(sys.modules))]))"
    names, heavy = json.loads(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT))

    assert heavy == []
    assert {"dlbench.run.folder", "dlbench.run.events", "dlbench.run.control", "dlbench.run.status"} <= set(names)
