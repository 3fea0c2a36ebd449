"""Who adds seeds to a run that gets them until its claims are decided: one process, for as long as it lives.

It holds a lock on a file of the run's folder, which its death frees, so that between two batches, when no worker is there,
everybody can see that more will come.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from dlbench.errors import UsageError
from dlbench.files import append_to, open_file
from dlbench.run.atomic import writing
from dlbench.run.folder import RunFolder


@contextmanager
def adding(folder: RunFolder) -> Iterator[None]:
    """Be the one who adds seeds; raises UsageError where somebody else is, UnwritableError where the folder takes no file."""
    with writing(folder.adding_file):
        lock = append_to(folder.adding_file)
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another process is adding seeds to {folder.name}; watch it with 'dlbench watch {folder.path}', "
                f"or stop it first with 'dlbench stop {folder.path}'"
            ) from None
        yield


def is_adding(folder: RunFolder) -> bool:
    """Whether somebody is there who may add seeds."""
    try:
        with open_file(folder.adding_file) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
