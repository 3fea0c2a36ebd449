"""How a test waits for what another process or thread does: until it is there, and never for so many seconds that must do."""

import time

PATIENCE = 120.0
"""After so many seconds a test has failed. A busy machine takes a minute for what is done in one second: only failures pay."""
PAUSE = 0.01


def wait_for(condition, what="it", seconds=PATIENCE):
    """Wait until the condition holds, and give what it gave; `what` may be a function that tells how things stand."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"never came: {what() if callable(what) else what}"
        time.sleep(PAUSE)
    return found
