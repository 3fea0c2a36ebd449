"""Nothing, until the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlbench.display.base import Display

if TYPE_CHECKING:
    from dlbench.state.run_state import RunState


class Silent(Display):
    """Shows nothing."""

    def update(self, state: RunState, events: Sequence[dict[str, Any]]) -> None:
        """Look away."""
