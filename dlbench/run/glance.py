"""What an events file says of its worker at a glance, without being read as events.

Only `run`, `end` and `control` events and the last heartbeat are parsed; every other line is recognised by the writer's fixed beginning
(`{"v":..,"seq":..,"time":..,"kind":"..."`) and passed over, so that a log of 100 MB takes a tenth of a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from dlbench.run.events import Event, parse, refuse_newer
from dlbench.run.folder import RunFolder
from dlbench.run.tail import Tail
from dlbench.run.workers import LOCAL, Launched, Token

_BEGINNING = re.compile(rb'\{"v":\d+,"seq":\d+,"time":(\d+(?:\.\d+)?),"kind":"(\w+)"')


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
        """Take note of a `run`, `end` or `control` event."""
        stack = event.get("stack")
        if event["kind"] == "run":
            self.run = event
        elif event["kind"] == "control":
            self.answered.add(str(event.get("id")))
        elif stack is None:
            self.end = event
        elif isinstance(stack, int):
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
        return Launched(session, worker, token, stacks if isinstance(stacks, list) else [], console=0)


def glance(path: Path) -> Glance:
    """Look at an events file; raises DlbenchError where it is of a newer version."""
    found, heartbeat = Glance(), b""
    for number, line in enumerate(Tail(path).lines()):
        if not number:
            refuse_newer(line, path.name)
        beginning = _BEGINNING.match(line)
        if beginning is None:
            continue
        found.seen = float(beginning[1])
        if beginning[2] == b"heartbeat":
            heartbeat = line
        elif beginning[2] in {b"run", b"end", b"control"} and (event := parse(line)):
            found.note(event)
    # A pause begins with a heartbeat; who goes on sends one within a second.
    found.paused = bool(heartbeat) and (parse(heartbeat) or {}).get("paused") is True
    return found


def answered(folder: RunFolder, identity: str) -> list[int]:
    """The workers that told that the control of this id has taken effect."""
    return [worker for _, worker, path in folder.events_files() if identity in glance(path).answered]
