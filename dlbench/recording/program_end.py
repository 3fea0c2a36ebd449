"""Recordings that are still open when the program ends: nobody has closed them, or could, as where a library has failed."""

from __future__ import annotations

import atexit
import sys
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from dlbench.recording.recording import Recording

_OPEN: WeakSet[Recording] = WeakSet()


def close_at_exit(run: Recording) -> None:
    """Close this recording when the program ends, if nobody has before: as failed by an error that nobody has caught."""
    _install()
    _OPEN.add(run)


@cache
def _install() -> None:
    """Once in a program: look at its errors before whoever did until now."""
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        for run in list(_OPEN):
            run.__exit__(kind, error, trace)
            _OPEN.discard(run)
        previous(kind, error, trace)

    sys.excepthook = hook
    atexit.register(_close_all)


def _close_all() -> None:
    """The program has ended itself in the middle of a training."""
    for run in list(_OPEN):
        run.close("stopped", SystemExit.__name__)
        _OPEN.discard(run)
