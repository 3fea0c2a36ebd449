"""Following a run from its first event to its last, and handing on what the user asks of it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dlbench.cli.interrupts import Interrupts
from dlbench.cli.output import say
from dlbench.errors import UnwritableError
from dlbench.launch.status import explain_crash, status
from dlbench.run.control import ask
from dlbench.run.events import EventReader

if TYPE_CHECKING:
    from dlbench.display import Display
    from dlbench.launch.sessions import WorkerGroup
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState

POLL_SECONDS = 0.1


def follow(
    folder: RunFolder,
    group: WorkerGroup,
    state: RunState,
    display: Display,
    interrupts: Interrupts,
    more: Callable[[RunState], WorkerGroup | None] = lambda _: None,
) -> WorkerGroup:
    """Fold events into `state` and show them until all workers have ended, or the terminal is gone; the last workers.

    The first SIGINT or SIGTERM asks the workers to stop after their step with a checkpoint, the second kills them. `more` is asked
    when all have ended and nobody wanted to stop: it may start others, whose stacks it has added to the state.
    """
    reader = EventReader(folder)
    state.unreadable = reader.problems
    expect(state, group)
    stops = 0
    while not interrupts.hangup:
        # Asked before the poll: what they wrote last is read after they were seen to be gone.
        over = group.has_ended
        events = reader.poll(max_seconds=POLL_SECONDS)
        state.apply(events)
        display.update(state, events)
        if interrupts.stops > stops:
            stops = interrupts.stops
            react(folder, group, stops)
        if over and not events:
            state.lost()
            further = None if interrupts.stops else more(state)
            if further is None:
                return group
            group = further
            expect(state, group)
        elif not events:
            time.sleep(POLL_SECONDS)
    return group


def expect(state: RunState, group: WorkerGroup) -> None:
    """Tell the state what the workers have on their lists: they say nothing of it while they import torch."""
    for worker in group.workers:
        state.expect(worker.session, worker.stacks)


def react(folder: RunFolder, group: WorkerGroup, stops: int) -> None:
    """Hand on the first request to stop; do not hand on the second, but act."""
    if stops == 1:
        try:
            ask(folder, "stop")
        except UnwritableError as error:
            say(f"note: {error}; the workers get a signal instead")
            group.stop()
        say("stopping after this step, with a checkpoint; interrupt again to kill the workers")
        return
    group.stop(force=True)


def troubles(folder: RunFolder) -> list[str]:
    """What went wrong with the workers of the newest session, one text each."""
    if not folder.plan_file.is_file():
        return [f"{folder.path}: the run's folder was deleted or moved during the run, and its contents with it"]
    now = status(folder)
    errors = list(dict.fromkeys(worker.error for worker in now.latest if worker.error))
    return [*errors, *(explain_crash(folder, worker) for worker in now.crashed)]
