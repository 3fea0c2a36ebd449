"""What one of Slurm's jobs runs: a worker of a run, which goes on from its checkpoints whenever the job is begun again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlbench.files import append_to
from dlbench.launch.launcher import Assignment
from dlbench.launch.on_slurm.options import HERE
from dlbench.launch.standing import standing
from dlbench.launch.tethered import TetheredWorker
from dlbench.plugins import PartsFile
from dlbench.run import workers
from dlbench.run.control import ControlReader
from dlbench.run.folder import RunFolder
from dlbench.run.glance import glance
from dlbench.run.workers import Launched, Token

SLURM = "slurm"
LOCAL_JOB = "pid"
"""How the ids of jobs begin that are processes of this machine."""
ENDING_SECONDS = 75.0
"""How long a worker may take to its checkpoint: Slurm's warning comes so much, and a little more, before the end."""
WARNING_SECONDS = 90


@dataclass(frozen=True)
class SlurmJob:
    """One worker's job, which submitit calls on a node; it outlives the time that a node gives it."""

    run: str
    session: int
    worker: int
    stacks: Sequence[int]
    threads: int
    attended: bool = False
    looking: bool = False
    parts: Sequence[PartsFile] = ()

    def __call__(self) -> int:
        """Run the worker to its end; its exit code."""
        folder = RunFolder(Path(self.run))
        has_begun = folder.events_file(self.session, self.worker).exists()
        share = self._following(folder, job_id()) if has_begun else self._still_wanted(folder)
        if not share.stacks:
            return 0
        assignment = Assignment(
            folder,
            share.session,
            share.worker,
            list(share.stacks),
            share.threads,
            share.attended,
            share.looking,
            share.parts,
        )
        _RUNNING.append(TetheredWorker(assignment))
        return _RUNNING[-1].wait() or 0

    def checkpoint(self) -> Any:
        """Slurm takes the node: end the worker after its step, with a checkpoint; what submitit begins when there is another."""
        from submitit.helpers import DelayedSubmission

        for worker in _RUNNING:
            worker.stop()
            worker.wait(ENDING_SECONDS)
        return DelayedSubmission(self.next_turn())

    def next_turn(self) -> SlurmJob:
        """What this job does when it is begun again, recorded now: the run counts as running while the job waits for that."""
        folder = RunFolder(Path(self.run))
        has_begun = folder.events_file(self.session, self.worker).exists()
        return self._following(folder, job_id()) if has_begun else self

    def _still_wanted(self, folder: RunFolder) -> SlurmJob:
        """What of its share nobody has begun since it was recorded."""
        later = {stack for one in workers.read(folder) if one.session > self.session for stack in one.stacks}
        return replace(self, stacks=[stack for stack in self.stacks if stack not in later])

    def _following(self, folder: RunFolder, job: str) -> SlurmJob:
        """What is left, in a session of its own, told to whoever looks at the run; nothing where others go on with it."""
        with folder.lock():
            told = workers.read(folder)
            mine = [one for one in told if one.token.launcher == SLURM and base_of(one.token) == job]
            began = max([self.session, *(one.session for one in mine)])
            others = {stack for one in told if one.session > began and one not in mine for stack in one.stacks}
            left = [stack for stack in self.stacks if stack not in done_stacks(folder) | others]
            if any(
                one["action"] == "stop" and one.get("stack") is None
                for one in ControlReader(folder.control_file, began).poll()
            ):
                left = []  # it was asked while the job waited for its next turn
            session = (workers.current_session(folder) or 0) + 1
            if left:
                first = next((one.token for one in mine), None)
                started = time.time() if first is None else first.started
                token = Token(SLURM, f"{job}.{session}", "" if first is None else first.host, started)
                workers.record(
                    folder, Launched(session, self.worker, token, left, _size(folder.console_file(self.worker)))
                )
                with append_to(folder.control_file) as file:
                    sessions = range(self.session, session)
                    file.write(standing(folder, sessions, folder.read_plan(), left, None, paused=False))
        return replace(self, session=session, stacks=left)


_RUNNING: list[TetheredWorker] = []
"""The worker of this process's job: what submitit keeps of a job must not hold a process."""


def job_id() -> str:
    """This job as its tokens name it: `123_4` of an array of Slurm's, `pid4711` of a process of this machine."""
    from submitit import JobEnvironment

    found = JobEnvironment()
    return f"{LOCAL_JOB if found.cluster == HERE else ''}{found.job_id}"


def base_of(token: Token) -> str:
    """The job of a token, without the session in which it was begun again."""
    return str(token.id).partition(".")[0]


def job_log(folder: RunFolder, token: Token) -> Path:
    """What a job, Slurm and submitit have complained of, in the run's folder."""
    return folder.path / "slurm" / f"{base_of(token)}_0_log.err"


def done_stacks(folder: RunFolder) -> set[int]:
    """The stacks that somebody has trained to their end."""
    ends: dict[int, str] = {}
    for _, _, path in folder.events_files():
        ends |= glance(path).stack_ends
    return {stack for stack, status in ends.items() if status == "done"}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
