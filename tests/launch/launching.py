"""Workers that only pretend to train, and waiting for what they do."""

from __future__ import annotations

import time
from pathlib import Path

import dlbench
from dlbench.launch.local import Local, worker_command
from dlbench.run.workers import current_session

HERE = Path(__file__).parent
FAKE = HERE.parent / "run" / "fake_worker.py"
ROOT = Path(dlbench.__file__).parent.parent


def fake(behaviour):
    """A launcher of fake workers in this behaviour."""

    def command(assignment):
        line = worker_command(assignment)
        engine = line.index("-m")
        return [*line[:engine], str(FAKE), behaviour, *line[engine + 2 :]]

    return Local(command)


def wait_for(condition, seconds=20.0):
    """Wait until the condition holds, and give what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def finish(group):
    """The exit codes of these workers, once they have ended."""
    assert group.wait(20)
    return group.exit_codes


def speaking(run, count=1):
    """Wait until so many workers of the newest session have written a heartbeat."""
    session = wait_for(lambda: None if (found := current_session(run)) is None else f"s{found:03d}")
    files = run.events.glob
    wait_for(lambda: sum(b'"heartbeat"' in path.read_bytes() for path in files(f"{session}-*.jsonl")) == count)


def starter(verb):
    """A program that starts or resumes the run of its first argument with obedient workers, and then waits."""
    return f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from pathlib import Path
from dlbench.launch import sessions
from dlbench.run.folder import RunFolder
from launching import fake
started = sessions.{verb}(RunFolder(Path(sys.argv[1])), launcher=fake("obey"))
print(*[worker.token.id for worker in started.workers], flush=True)
sys.stdin.read()
"""
