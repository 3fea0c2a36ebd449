"""A run that was just started, in a dashboard until someone closes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.cli.follow import troubles
from dlbench.cli.messages import command
from dlbench.cli.output import say
from dlbench.errors import ExitCode, SetupError

if TYPE_CHECKING:
    from dlbench.launch.sessions import WorkerGroup
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
    group: WorkerGroup,
    *,
    language: str,
    ascii_only: bool,
    closes: bool,
) -> Left:
    """Show a run; where it is left before its end, say how to come back. A dashboard that breaks leaves the run alone.

    Raises UsageError where the environment names no theme, or no file of keys, that there is; SetupError where the workers
    could not go on, and not all that they did can be read: their folder has gone.
    """
    from dlbench.tui.open import look
    from dlbench.tui.options import chosen

    theme, keys = os.environ.get("DLBENCH_THEME"), os.environ.get("DLBENCH_KEYS")
    try:
        options = chosen(
            theme, language=language, ascii_only=ascii_only, closes=closes, keys=Path(keys) if keys else None
        )
        closed = look(folder, options)
    except Exception:
        say(way_back(folder))
        raise
    state = final_state(closed, folder, group)
    if state is None and ExitCode.ENVIRONMENT in group.exit_codes:
        raise SetupError("\n".join(troubles(folder)))
    if state is None and closed.code != ExitCode.HANGUP:
        say(way_back(folder, is_paused=closed.is_paused))
    return Left(closed.code, state)


def final_state(closed: Closed, folder: RunFolder, group: WorkerGroup) -> RunState | None:
    """What the run came to, if it has come to its end."""
    if closed.folder.path != folder.path:  # another run was chosen meanwhile
        from dlbench.analysis.summary import summarize

        return summarize(folder).state if group.has_ended else None
    if not closed.is_complete:
        return None
    group.wait(ENDING_SECONDS)
    return closed.view.state


def way_back(folder: RunFolder, *, is_paused: bool = False) -> str:
    """What to type to see the run again, or to end it."""
    how = "the run is paused until someone resumes it" if is_paused else "the run continues"
    return f"{how}; watch it with `{command('watch', folder)}`, stop it with `{command('stop', folder)}`"
