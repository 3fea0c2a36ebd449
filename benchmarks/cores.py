"""How many cores this process may use, for libraries that cannot be told so once they run."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

ALL = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def keep_to(threads: int | None) -> None:
    """Let every thread of this process run on the first `threads` of its cores, on all where that is None or not to be had."""
    if not ALL:
        return
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it has ended since
            os.sched_setaffinity(int(task.name), ALL[:threads])
