"""What the processes of a distributed training that record nothing hold instead of a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self


class MutedRecording:
    """What processes of a distributed training other than the first hold: it takes everything and writes nothing."""

    steps = 0
    on_stop: Callable[[], None] | None = None
    on_rate: Callable[[float], None] | None = None

    def log(self, /, **values: Any) -> None:
        """Keep nothing."""

    def pictures(self, layer: Any = None, images: Any = None, *, shape: Any = None) -> None:
        """Keep nothing."""

    def step(self) -> None:
        """Count nothing."""

    def close(self, status: str = "done", error: str | None = None) -> None:
        """End nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None
