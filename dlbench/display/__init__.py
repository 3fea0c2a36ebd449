"""What is shown of a run while it goes on: bars, lines, JSON or nothing. Imports no torch."""

from __future__ import annotations

import os
import sys

from dlbench.display.base import Display, JsonLines, Silent

__all__ = ["Display", "make"]


def make(kind: str, *, ascii_only: bool) -> Display:
    """The display of a kind: `plain` (bars where stderr is a terminal that can move its cursor, else lines), `json`, `none`."""
    if kind == "json":
        return JsonLines(sys.stdout)
    if kind == "none":
        return Silent()
    if sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}:
        from dlbench.display.bars import ProgressBars

        return ProgressBars(ascii_only=ascii_only)
    from dlbench.display.lines import Lines

    return Lines(sys.stderr)
