"""A run that was just started, in a dashboard until someone closes it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlbench.cli.follow import troubles
from dlbench.cli.messages import command
from dlbench.cli.output import say
from dlbench.errors import ExitCode, SetupError

if TYPE_CHECKING:
    from dlbench.launch import Worker
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState
    from dlbench.tui.open import Closed

ENDING_SECONDS = 10.0
"""How long a worker whose last event has been read may take to end."""


@dataclass(frozen=True)
class Left:
    """How a dashboard was left, and all that the run came to; `None` where it goes on."""

    code: ExitCode
    state: RunState | None


def show(
    folder: RunFolder,
    workers: Sequence[Worker],
    *,
    language: str,
    ascii_only: bool,
    closes: bool,
) -> Left:
    """Show a run; where it is left before its end, say how to come back. A dashboard that breaks leaves the run alone.

    Raises SetupError where the workers could not go on, and not all that they did can be read: their folder has gone.
    """
    from dlbench.tui.open import look
    from dlbench.tui.options import chosen

    options = chosen(os.environ.get("DLBENCH_THEME"), language=language, ascii_only=ascii_only, closes=closes)
    try:
        closed = look(folder, options)
    except Exception:
        say(way_back(folder))
        raise
    state = final_state(closed, folder, workers)
    if state is None and any(worker.process.poll() == ExitCode.ENVIRONMENT for worker in workers):
        raise SetupError("\n".join(troubles(folder)))
    if state is None and closed.code != ExitCode.HANGUP:
        say(way_back(folder, is_paused=closed.is_paused))
    return Left(closed.code, state)


def final_state(closed: Closed, folder: RunFolder, workers: Sequence[Worker]) -> RunState | None:
    """What the run came to, if it has come to its end."""
    if closed.folder.path != folder.path:  # another run was chosen meanwhile
        from dlbench.analysis.summary import summarize

        has_ended = all(worker.process.poll() is not None for worker in workers)
        return summarize(folder).state if has_ended else None
    if not closed.is_complete:
        return None
    for worker in workers:
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(ENDING_SECONDS)
    return closed.view.state


def way_back(folder: RunFolder, *, is_paused: bool = False) -> str:
    """What to type to see the run again, or to end it."""
    how = "it is paused, and waits for someone to let it go on" if is_paused else "it goes on"
    return f"{how}; see it by `{command('watch', folder)}`, stop it by `{command('stop', folder)}`"
