"""What one test process makes for all of a session, because making it takes a training."""

import fcntl
import os


def made_once(tmp_path_factory, name, make):
    """A folder of the session's own that `make(folder)` fills, whichever process wants it first; all others read it.

    Whoever would change something in it works on a copy.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, is_made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when the file is closed
        if not is_made.exists():
            folder.mkdir()
            make(folder)
            is_made.touch()
    return folder
