"""`dlbench stop`: a run, or all recordings of a name that are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.messages import command, counted
from dlbench.cli.options import Json, Out, Run
from dlbench.cli.output import emit_json, say
from dlbench.errors import DlbenchError

if TYPE_CHECKING:
    from dlbench.launch.status import WorkerStatus
    from dlbench.launch.stopping import GroupStop
    from dlbench.run.folder import RunFolder
    from dlbench.run.group import RecordingGroup

Kill: TypeAlias = Annotated[bool, typer.Option("--kill", help="Kill workers that do not respond.")]
Timeout: TypeAlias = Annotated[
    float, typer.Option(min=0.0, metavar="SECONDS", help="How long to wait for the workers.")
]


def stop(
    run: Run, *, kill: Kill = False, timeout: Timeout = 30.0, out: Out = complete.RESULTS, json: Json = False
) -> None:
    """Ask a run to stop after the current step, with a checkpoint; of a name's recordings all that are under way."""
    from dlbench.launch import stopping
    from dlbench.run.group import RecordingGroup, find_shown

    folder = find_shown(out, run)
    if isinstance(folder, RecordingGroup):
        told = stopping.stop_group(folder, timeout=timeout, kill=kill)
        if json:
            emit_json(as_data(folder, told))
        tell_group(folder, told)
        return
    done = stopping.stop(folder, timeout=timeout, kill=kill)
    if json:
        emit_json({"run": folder.name, "killed": done.killed, "remaining": ids(done.remaining)})
    if done.remaining:
        raise still_running(folder, done.remaining)
    if folder.read_plan().recorded:
        say(f"{folder.name} has stopped; a recording is not continued: run its script again")
    else:
        say(f"{folder.name} has stopped; continue with `{command('run', '--resume', folder)}`")


def still_running(folder: RunFolder, workers: list[WorkerStatus], *others: str) -> DlbenchError:
    """Who of a run, or of a group, did not stop, and how to end them."""
    from dlbench.launch.status import described

    who = ", ".join([*(described(worker.token) for worker in workers), *others])
    return DlbenchError(f"{folder.name} is still running ({who}); kill it with `{command('stop', '--kill', folder)}`")


def tell_group(group: RecordingGroup, told: GroupStop) -> None:
    """Say of each recording that was under way what became of it; raises DlbenchError where any is still running."""
    from dlbench.launch.status import described

    for folder, done in told.recordings.items():
        (trial,) = folder.read_plan().trials
        who = f"{trial.variant}, seed {trial.seed}" if trial.is_seeded else trial.variant
        how = "is still running" if done.remaining else "was killed" if done.killed else "has stopped"
        say(f"{who}: {how} ({folder.name})")
    for one in told.repeats:
        if one not in told.remaining:
            say(
                f"the `dlbench repeat` with {described(one.token)} has stopped, {counted(one.waiting, 'trial')} not begun"
            )
    left = [worker for done in told.recordings.values() for worker in done.remaining]
    if left or told.remaining:
        raise still_running(group, left, *(f"dlbench repeat, {described(one.token)}" for one in told.remaining))
    again = "the same `dlbench repeat` goes on with what is missing" if told.repeats else "run the script again"
    say(f"{group.name} has stopped; a recording is not continued: {again}")


def as_data(group: RecordingGroup, told: GroupStop) -> dict[str, Any]:
    """The same for programs."""
    recordings = [
        {"run": folder.name, "killed": bool(done.killed), "remaining": ids(done.remaining)}
        for folder, done in told.recordings.items()
    ]
    remaining = [one.token.id for one in told.remaining]
    return {"run": group.name, "recordings": recordings, "repeats": len(told.repeats), "remaining": remaining}


def ids(workers: list[WorkerStatus]) -> list[int | str]:
    """What the launchers know workers by."""
    return [worker.token.id for worker in workers]
