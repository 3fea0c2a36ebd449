"""What an events file says of its worker at a glance: only its lines are read, none of their arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dlbench.run.event_line import Event, is_record, parse_event, refuse_newer
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail
from dlbench.run.workers import LOCAL, Launched, Token


@dataclass
class Glance:
    """What one events file says of its worker and its stacks."""

    run: Event | None = None
    end: Event | None = None
    """Of the worker itself."""
    stack_ends: dict[int, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    """The ids of the controls that it answered."""
    paused: bool = False
    """Whether it last said that it waits."""
    seen: float = 0.0
    """Its last sign of life in unix seconds."""

    def note(self, event: Event) -> None:
        """Take note of an event."""
        kind, stack, time = event["kind"], event.get("stack"), event.get("time")
        if isinstance(time, int | float):
            self.seen = float(time)
        if kind == "run":
            self.run = event
        elif kind == "control":
            self.answered.add(str(event.get("id")))
        elif kind == "heartbeat":
            # A pause begins with one; who goes on sends one within a second.
            self.paused = event.get("paused") is True
        elif kind == "end" and stack is None:
            self.end = event
        elif kind == "end" and isinstance(stack, int):
            self.stack_ends[stack] = str(event.get("status"))

    def introduced(self, session: int, worker: int) -> Launched:
        """A worker that nobody recorded, because it was started by hand: a process, as its `run` event introduces it."""
        run = self.run or {}
        pid, started, stacks = run.get("pid"), run.get("started"), run.get("stacks")
        token = Token(
            launcher=LOCAL,
            id=pid if isinstance(pid, int) else -1,
            host=str(run.get("host", "")),
            started=float(started) if isinstance(started, int | float) else 0.0,
        )
        named = [stack for stack in stacks if isinstance(stack, int)] if isinstance(stacks, list) else []
        return Launched(session, worker, token, named, console=0)


def glance(path: Path) -> Glance:
    """Look at an events file; raises DlbenchError where it is of a newer version."""
    found, passed = Glance(), b""
    for number, line in enumerate(Tail(path).lines()):
        if not number:
            refuse_newer(line, path.name)
        if is_record(line):
            passed = line  # of these, which are nearly all, only the last one's time is of interest
        elif event := parse_event(line):
            found.note(event)
            passed = b""
    if passed and (event := parse_event(passed)):
        found.note(event)
    return found


def answered(folder: RunFolder, identity: str) -> list[int]:
    """The workers that told that the control of this id has taken effect."""
    return [worker for _, worker, path in folder.events_files() if identity in glance(path).answered]
