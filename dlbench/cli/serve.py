"""`dlbench serve`: the dashboard in browsers, for a class that watches."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr
from typing import Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.options import Lang, Out
from dlbench.cli.output import emit, say
from dlbench.cli.watch import KeysFile, Theme, WatchedRun, under_way
from dlbench.words.language import readers_language

NICENESS = 10
"""Of the whole server: a training on this machine goes first."""

Host: TypeAlias = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Where to listen: 127.0.0.1 is this machine alone, 0.0.0.0 its network.")
]
Port: TypeAlias = Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="The port; 0 takes a free one.")]
Names: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--name", metavar="NAME", help="Another name that browsers call this server by, as of a proxy; can be repeated."
    ),
]
MostViewers: TypeAlias = Annotated[
    int, typer.Option("--max-viewers", min=1, max=1000, metavar="COUNT", help="How many may watch at once.")
]
AllowControl: TypeAlias = Annotated[
    bool, typer.Option("--allow-control", help="Let everybody who watches pause, change and stop the run as well.")
]


def serve(
    run: WatchedRun = None,
    *,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    name: Names = None,
    max_viewers: MostViewers = 30,
    allow_control: AllowControl = False,
    theme: Theme = None,
    keys: KeysFile = None,
    lang: Lang = None,
    out: Out = complete.RESULTS,
) -> None:
    """Show a run's dashboard in browsers, read-only, behind a link with a token; Ctrl-C ends it."""
    import asyncio

    from dlbench.run.group import find_shown
    from dlbench.serve.access import Access

    folder = under_way(out) if run is None else find_shown(out, run)
    # What browsers show, whatever the terminal can that the server was started in; Textual reads it when it is imported.
    os.environ |= {"TEXTUAL_COLOR_SYSTEM": "truecolor", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_FPS": "15"}
    from dlbench.serve.server import check_libraries, serve_run
    from dlbench.tui.options import for_browsers

    check_libraries()
    options = for_browsers(theme, language=readers_language(lang), read_only=not allow_control, keys=keys)
    access = Access.on(host, name or ())
    os.nice(NICENESS)
    stderr = sys.stderr

    def ready(at: int) -> None:
        say(f"{folder.name} in browsers; whoever has this link can watch, so pass it on to them alone. Ctrl-C ends it.")
        emit(access.link(at))

    def broke(error: Exception) -> None:
        with redirect_stderr(stderr):  # dashboards capture it
            say(f"a viewer's dashboard broke: {type(error).__name__}: {error}")

    asyncio.run(serve_run(folder, options, access, port, most=max_viewers, ready=ready, broke=broke))
