"""What every display can do: look at a state that grows, and at the events that made it grow."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from dlbench.words.printable import json_text

if TYPE_CHECKING:
    from dlbench.state.run_state import RunState


class Display:
    """Shows a run in progress; to be used in a `with` block, which leaves the terminal as it was."""

    def update(self, state: RunState, events: Sequence[dict[str, Any]]) -> None:
        """Show `state`, in which the new `events` are folded in already."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""


class Silent(Display):
    """Shows nothing."""

    def update(self, state: RunState, events: Sequence[dict[str, Any]]) -> None:
        """Look away."""


class JsonLines(Display):
    """Writes every event as it was written by its worker, with the `session` and `worker` it came from."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def update(self, state: RunState, events: Sequence[dict[str, Any]]) -> None:
        """Write the new events."""
        for event in events:
            self._stream.write(f"{json_text(event, indented=False)}\n")
        if events:
            self._stream.flush()
