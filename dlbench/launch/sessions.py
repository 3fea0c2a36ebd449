"""Sessions of a run: starting it, resuming it, and the workers that were started for that."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dlbench import plugins
from dlbench.errors import SetupError, UsageError
from dlbench.launch.launcher import Assignment, Launcher
from dlbench.launch.local import THIS_MACHINE
from dlbench.launch.status import RunStatus, described, status
from dlbench.plan import Plan
from dlbench.plan.reassignment import reassigned, redistributed
from dlbench.run import workers
from dlbench.run.folder import RunFolder
from dlbench.run.workers import Launched

POLL_SECONDS = 0.01


@dataclass(frozen=True)
class WorkerGroup:
    """The workers that were just started, for whoever started them; others ask `dlbench.launch.status`."""

    launcher: Launcher
    workers: list[Launched]

    @property
    def exit_codes(self) -> list[int | None]:
        """What each has ended with; None while it is at work."""
        return [self.launcher.exit_code(worker.token) for worker in self.workers]

    @property
    def has_ended(self) -> bool:
        """Whether all of them have."""
        return None not in self.exit_codes

    def stop(self, *, force: bool = False) -> None:
        """Have them end after their step, past the controls; with `force` at once. Comes back before they have."""
        for worker in self.workers:
            self.launcher.stop(worker.token, force=force)

    def wait(self, seconds: float) -> bool:
        """Wait for their ends so long at most; whether all of them have come."""
        deadline = time.monotonic() + seconds
        while not self.has_ended and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return self.has_ended


def start(
    folder: RunFolder,
    *,
    stacks: Collection[int] | None = None,
    attended: bool = False,
    looking: bool = False,
    launcher: Launcher = THIS_MACHINE,
) -> WorkerGroup:
    """Begin a run with one worker for each of the plan's, for all stacks or only these.

    `attended` and `looking` are as in `Assignment`. Raises UsageError where the run was started before, or with other files of
    parts, SetupError where a worker cannot be started.
    """
    plan = folder.read_plan()
    plugins.require(plan.parts, folder.name)
    shares = {
        index: [stack for stack in worker.stacks if stacks is None or stack in stacks]
        for index, worker in enumerate(plan.workers)
    }
    with folder.lock():
        if workers.current_session(folder) is not None:
            raise UsageError(
                f"{folder.name} was already started; continue it with 'dlbench run --resume {folder.path}'"
            )
        return _launch(launcher, folder, _assignments(folder, plan, 0, shares, attended=attended, looking=looking))


def resume(folder: RunFolder, *, attended: bool = False, launcher: Launcher = THIS_MACHINE) -> WorkerGroup:
    """Go on with a run in a new session: its unfinished stacks, shared anew among the plan's workers.

    `attended` is as for `start`. Raises UsageError where workers are alive, nothing is left, or it was begun with other files of
    parts, SetupError where a worker cannot be started.
    """
    plan = folder.read_plan()
    plugins.require(plan.parts, folder.name)
    with folder.lock():
        now = status(folder)
        _refuse(folder, now)
        session = 0 if now.session is None else now.session + 1
        shares = redistributed(plan, now.unfinished)
        return _launch(launcher, folder, _assignments(folder, plan, session, shares, attended=attended))


def reassign(
    folder: RunFolder, *, device: str | None = None, threads: int | None = None, workers: int | None = None
) -> None:
    """Plan who goes on with a run: other devices, other threads, or so many workers; what is left out stays as it was.

    Raises UsageError where workers are alive, nothing is left, or no such device exists.
    """
    with folder.lock():
        now = status(folder)
        _refuse(folder, now)
        plan = folder.read_plan()
        shared = reassigned(plan, now.unfinished, device=device, threads=threads, workers=workers)
        folder.write_plan(replace(plan, workers=shared))


def _refuse(folder: RunFolder, now: RunStatus) -> None:
    if now.alive:
        who = ", ".join(f"worker {worker.worker} is {described(worker.token)}" for worker in now.alive)
        raise UsageError(
            f"{folder.name} is still running ({who}); let it finish, or stop it first with 'dlbench stop {folder.path}'"
        )
    if not now.unfinished:
        raise UsageError(
            f"{folder.name} is finished, so there is nothing to resume; show it with 'dlbench table {folder.path}', "
            f"run it again with 'dlbench run {folder.recipe_file}'"
        )


def _assignments(
    folder: RunFolder,
    plan: Plan,
    session: int,
    shares: Mapping[int, Sequence[int]],
    *,
    attended: bool = False,
    looking: bool = False,
) -> list[Assignment]:
    return [
        Assignment(
            folder, session, index, list(stacks), plan.workers[index].threads, attended, looking, plugins.loaded()
        )
        for index, stacks in shares.items()
        if stacks
    ]


def _launch(launcher: Launcher, folder: RunFolder, assignments: Sequence[Assignment]) -> WorkerGroup:
    """Start and record one worker after the other; where one cannot be, none is left."""
    if not assignments:
        raise UsageError(f"{folder.name}: none of its stacks was chosen, so there is nothing to train")
    group = WorkerGroup(launcher, [])
    said = [_size(folder, assignment.worker) for assignment in assignments]
    try:
        for assignment, before, token in zip(assignments, said, launcher.start(assignments), strict=True):
            launched = Launched(assignment.session, assignment.worker, token, assignment.stacks, before)
            _record(launcher, folder, launched)
            group.workers.append(launched)
    except OSError as error:
        group.stop()
        raise SetupError(f"{folder.name}: cannot start a worker: {error.strerror}") from error
    return group


def _record(launcher: Launcher, folder: RunFolder, launched: Launched) -> None:
    try:
        workers.record(folder, launched)
    except OSError:
        launcher.stop(launched.token, force=True)  # nobody would know of it
        raise


def _size(folder: RunFolder, worker: int) -> int:
    """Bytes of a worker's console file; 0 where there is none."""
    try:
        return folder.console_file(worker).stat().st_size
    except OSError:
        return 0
