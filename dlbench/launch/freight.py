"""What a worker leaves in a folder elsewhere, carried into the run's own folder in parcels, in an order that a death cannot spoil.

On the node a `Sender` packs what has grown since the last parcel; where the run's folder is, a `Receiver` unpacks it. Lines name
arrays and files, and nobody may go on from a checkpoint before all that led to it was told. So a checkpoint is read before the
lines, which are read before what they name, and everything is written in the opposite order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlbench.errors import DlbenchError
from dlbench.files import append_to, open_file
from dlbench.run.append_only import AppendOnlyFile
from dlbench.run.atomic import replacing, writing
from dlbench.run.environment import complete
from dlbench.run.event_arrays import arrays_beside
from dlbench.run.event_line import EVENT_VERSION, Event, encode_event, is_record, parse_event
from dlbench.run.folder import RunFolder, previous, read_json

WHOLE = ("correct", "pictures", "predictions", "weights")
"""Folders of a run whose files are written whole, and told of by an event."""

Signature = tuple[int, int]


@dataclass(frozen=True)
class Parcel:
    """What a worker has left since the parcel before: bytes of growing files, and whole files by their names in the folder."""

    lines: bytes = b""
    arrays: bytes = b""
    console: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    checkpoints: Mapping[str, bytes] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = None
    """What the worker says of its surroundings, once."""
    exit_code: int | None = None
    """What it has ended with; then nothing comes after this parcel."""


class Growth:
    """What is new of a file that only grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def take(self, *, lines: bool = False) -> bytes:
        """What has come since the last call, with `lines` as far as whole lines go; nothing where there is no such file."""
        try:
            with open_file(self.path) as file:
                file.seek(self._offset)
                new = file.read()
        except OSError:
            return b""
        new = new[: new.rfind(b"\n") + 1] if lines else new
        self._offset += len(new)
        return new


class Sender:
    """Packs what one worker leaves in a folder; nobody else writes there."""

    def __init__(self, folder: RunFolder, session: int, worker: int, stacks: Sequence[int]) -> None:
        self._folder, self._stacks = folder, stacks
        path = folder.events_file(session, worker)
        self._name = path.stem
        self._lines, self._arrays = Growth(path), Growth(arrays_beside(path))
        self._console = Growth(folder.console_file(worker))
        self._seen: dict[Path, Signature] = {}
        self._has_told = False

    def take(self, exit_code: int | None) -> Parcel:
        """The next parcel; `exit_code` is what the worker has ended with by now, if it has."""
        checkpoints = self._changed(map(self._folder.checkpoint_file, self._stacks))
        lines = self._lines.take(lines=True)
        arrays = self._arrays.take()
        files = self._changed(path for name in WHOLE for path in (self._folder.path / name).rglob("[!.]*"))
        return Parcel(lines, arrays, self._console.take(), files, checkpoints, self._facts(), exit_code)

    def hold(self, path: Path) -> None:
        """Take a file that was brought here for one that need not be sent back."""
        self._seen[path] = _signature(path)

    def _changed(self, paths: Iterable[Path]) -> dict[str, bytes]:
        """Files that are new, or others than they were, by their names; files that vanish meanwhile are passed over."""
        found = {}
        for path in sorted(paths):
            with suppress(OSError):
                signature = _signature(path)
                if not path.is_file() or self._seen.get(path) == signature:
                    continue
                found[path.relative_to(self._folder.path).as_posix()] = path.read_bytes()
                self._seen[path] = signature
        return found

    def _facts(self) -> Mapping[str, Any] | None:
        if self._has_told:
            return None
        try:
            facts: Mapping[str, Any] = read_json(self._folder.env_file)["workers"][self._name]
        except (DlbenchError, KeyError, TypeError):
            return None
        self._has_told = True
        return facts


def _numbered_on(line: bytes, more: int) -> bytes:
    """A line with its number raised; what is no event stays as it is."""
    event = parse_event(line)
    return line if event is None else encode_event(event | {"seq": event["seq"] + more})


def _signature(path: Path) -> Signature:
    """Another one wherever a file was replaced."""
    state = path.stat()
    return state.st_ino, state.st_mtime_ns


class Receiver:
    """Unpacks a worker's parcels into the run's folder, where it alone writes that worker's events."""

    def __init__(self, folder: RunFolder, session: int, worker: int, stacks: Collection[int]) -> None:
        self._folder, self._place = folder, (session, worker)
        self._checkpoints = {folder.checkpoint_file(stack).name: stack for stack in stacks}
        self._lines: AppendOnlyFile | None = None
        self._arrays: AppendOnlyFile | None = None
        self.next_seq = 0
        """The number of the event that would follow."""
        self.has_ended = False
        """Whether the worker has told its end."""
        self.done: set[int] = set()
        """The stacks that it has trained to their end."""
        self.has_progressed = False
        """Whether it has left anything that another could go on from."""
        self.is_paused = False
        """Whether it waited between two steps when it was last heard of."""
        self.stack: int | None = None
        """The stack that it was at then."""
        self.steps: dict[int, int] = {}
        """How far it has come, by its last signs of life: the steps of each stack."""
        self.answered: set[tuple[int, str]] = set()
        """What was asked of its stacks and is in their checkpoints: the stack, and the control by its id."""
        self._fresh: set[tuple[int, str]] = set()
        self._told = 0
        self._tidied: set[int] = set()

    def take(self, parcel: Parcel) -> None:
        """Put everything where a local worker would have. Raises UnwritableError where the folder takes nothing any more."""
        fresh = set(self._fresh)
        for name, content in parcel.files.items():
            self._replace(name, content)
        if parcel.console:
            path = self._folder.console_file(self._place[1])
            with writing(path), append_to(path) as console:
                console.write(parcel.console)
        if parcel.arrays:
            path = arrays_beside(self._folder.events_file(*self._place))
            self._arrays = self._arrays or AppendOnlyFile(path)
            self._arrays.append(parcel.arrays)
            self._arrays.flush(sync=bool(parcel.checkpoints))
        if parcel.lines:
            self._write(parcel.lines, sync=bool(parcel.checkpoints))
        for name, content in parcel.checkpoints.items():
            if (stack := self._checkpoints.get(Path(name).name)) is not None:
                self._replace(name, content)
                self.has_progressed = True
                # It was read before the lines of its own parcel: what is sure to be in it was told in those before.
                self.answered |= {one for one in fresh if one[0] == stack}
        for stack in self.done - self._tidied:
            # As the worker itself did: nobody goes on from it, and it takes as much room.
            previous(self._folder.checkpoint_file(stack)).unlink(missing_ok=True)
            self._tidied.add(stack)
        if parcel.facts is not None:
            with suppress(
                DlbenchError
            ):  # env.json is damaged, and the worker has told that itself where it was so before
                complete(self._folder, *self._place, parcel.facts)

    def tell(self, kind: str, time: float, **fields: Any) -> None:
        """Add an event to those of a worker that cannot tell it itself: not yet, or not any more."""
        line = encode_event({"v": EVENT_VERSION, "seq": self.next_seq, "time": time, "kind": kind, **fields})
        self._append(line, sync=False)
        self._note({"kind": kind, **fields})
        self.next_seq += 1
        self._told += 1

    def close(self) -> None:
        """Nothing more comes."""
        for file in (self._arrays, self._lines):
            if file is not None:
                file.close()

    def _write(self, lines: bytes, *, sync: bool) -> None:
        """Take over lines of the worker, numbered on where something was told before them."""
        every = lines.splitlines(keepends=True)
        if self._told:
            every = [_numbered_on(line, self._told) for line in every]
        self._append(b"".join(every), sync=sync)
        *before, last = every
        # What was recorded at steps is nearly all, and nothing of it needs to be known here.
        for line in (*(line for line in before if not is_record(line)), last):
            if event := parse_event(line):
                self.next_seq = event["seq"] + 1
                self._note(event)

    def _append(self, lines: bytes, *, sync: bool) -> None:
        self._lines = self._lines or AppendOnlyFile(self._folder.events_file(*self._place))
        self._lines.append(lines)
        self._lines.flush(sync=sync)

    def _note(self, event: Event) -> None:
        kind, stack = event["kind"], event.get("stack")
        if kind == "end" and stack is None:
            self.has_ended = True
        elif kind == "end" and event.get("status") == "done":
            self.done.add(event["stack"])
        elif kind == "heartbeat":
            self.stack = event["stack"]
            self.steps[event["stack"]] = event["step"]
            self.is_paused = bool(event.get("paused"))
        elif kind == "control" and stack is not None:
            self._fresh.add((stack, event["id"]))

    def _replace(self, name: str, content: bytes) -> None:
        path = self._folder.path / name
        with writing(path):
            # Not the run's folder: where that has gone, there is to be no other in its place.
            for parent in reversed(path.relative_to(self._folder.path).parents[:-1]):
                (self._folder.path / parent).mkdir(exist_ok=True)
            with replacing(path, keeping=previous(path) if path.parent == self._folder.checkpoints else None) as file:
                file.write(content)
