"""A process of this machine as a worker's token: what it introduces itself by, and whether that very process is there.

Workers look for one another by it, and the local launcher for its workers; everybody else asks `dlbench.launch`.
"""

from __future__ import annotations

import socket
import time

import psutil

from dlbench.run.workers import LOCAL, Token

SILENT_SECONDS = 60.0
"""A worker that nobody here can look for counts as gone when it wrote nothing for so long; it writes about once a second."""

_SAME_START_SECONDS = 2.0  # the system tells the time of its boot in whole seconds


def token_of(pid: int) -> Token:
    """The token of a process that was just started, or of one's own."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:  # it is gone already
        started = time.time()
    return Token(LOCAL, pid, socket.gethostname(), started)


def is_there(token: Token, seen: float) -> bool:
    """Whether a process is there: on this host by pid and creation time, on another by when it was `seen` last.

    A pid alone proves nothing, for the system gives it to others again; a zombie is gone.
    """
    if token.host != socket.gethostname() or not isinstance(token.id, int):
        return is_heard(seen)
    try:
        found = psutil.Process(token.id)
        same = abs(found.create_time() - token.started) < _SAME_START_SECONDS
        return same and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def is_heard(seen: float) -> bool:
    """Whether someone who was heard of at `seen`, in unix seconds, may still be there."""
    # A time far in the future is damage, not life.
    return abs(time.time() - seen) < SILENT_SECONDS
