"""The events themselves, one line of JSON each, for another program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from dlbench.display.base import Display
from dlbench.words.printable import json_text

if TYPE_CHECKING:
    from dlbench.state.run_state import RunState


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
