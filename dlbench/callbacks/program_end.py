"""Recordings that are still open when the program ends: most libraries tell their callbacks of no error."""

from __future__ import annotations

import atexit
import sys
from functools import cache
from types import TracebackType
from weakref import WeakSet

from dlbench.recording.recording import Recording

_OPEN: WeakSet[Recording] = WeakSet()


def close_at_exit(run: Recording) -> None:
    """Close this recording when the program ends, if nobody has before: as failed by an error that nobody has caught."""
    _install()
    _OPEN.add(run)


def forget(run: Recording) -> None:
    """It is closed."""
    _OPEN.discard(run)


@cache
def _install() -> None:
    """Once in a program: look at its errors before whoever did until now."""
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        for run in list(_OPEN):
            run.__exit__(kind, error, trace)
            forget(run)
        previous(kind, error, trace)

    sys.excepthook = hook
    atexit.register(_close_all)


def _close_all() -> None:
    """The program has ended itself in the middle of a training."""
    for run in list(_OPEN):
        run.close("stopped", SystemExit.__name__)
        forget(run)
