"""Workers that only pretend to train, and waiting for what they do."""

from __future__ import annotations

from pathlib import Path

from patience import PATIENCE, wait_for

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


def finish(group):
    """The exit codes of these workers, once they have ended."""
    assert group.wait(PATIENCE)
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
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
from pathlib import Path
from dlbench.launch import sessions
from dlbench.run.folder import RunFolder
from launching import fake
started = sessions.{verb}(RunFolder(Path(sys.argv[1])), launcher=fake("obey"))
print(*[worker.token.id for worker in started.workers], flush=True)
sys.stdin.read()
"""
