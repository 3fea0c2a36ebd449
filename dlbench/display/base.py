"""What every display can do: look at a state that grows, and at the events that made it grow."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

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
