"""dlbench: a bench for the classic lessons of deep learning, driven from a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlbench.notebook import table as table
    from dlbench.recording.door import record as record

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`dlbench.record` is loaded when it is asked for, and torch with it; `dlbench.table` without torch."""
    if name == "record":
        from dlbench.recording.door import record as door

        return door
    if name == "table":
        from dlbench.notebook import table

        return table
    raise AttributeError(f"module 'dlbench' has no attribute '{name}'")
