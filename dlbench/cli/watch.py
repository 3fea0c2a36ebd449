"""`dlbench watch`: the dashboard of a run under way, or of one that has ended."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.options import Ascii, Lang, Out, OwnParts
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.run.folder import RunFolder
    from dlbench.tui.open import Closed


WatchedRun: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run: its folder, RECIPE/TIME, RECIPE (its newest run) or latest; default: the run in progress.",
        autocompletion=complete.runs,
    ),
]
Replayed: TypeAlias = Annotated[bool, typer.Option("--replay", help="Play the run back from the start.")]
Speed: TypeAlias = Annotated[float, typer.Option(min=0.015625, max=4096, metavar="FACTOR", help="Speed of the replay.")]
Seek: TypeAlias = Annotated[
    str | None, typer.Option(metavar="PLACE", help="Where the replay starts: step=500, 50% or end.")
]
ReadOnly: TypeAlias = Annotated[bool, typer.Option("--read-only", help="View only: no key changes the run.")]
Theme: TypeAlias = Annotated[
    str | None, typer.Option(metavar="THEME", envvar="DLBENCH_THEME", help="dark, light, high-contrast or ansi.")
]
KeysFile: TypeAlias = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", envvar="DLBENCH_KEYS", help="A TOML file of other keys.")
]
PrintKeys: TypeAlias = Annotated[
    bool, typer.Option("--print-keys", help="Print the keys in force as such a file, and nothing else.")
]
NoMouse: TypeAlias = Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")]


def watch(
    run: WatchedRun = None,
    *,
    replay: Replayed = False,
    speed: Speed = 1.0,
    seek: Seek = None,
    read_only: ReadOnly = False,
    theme: Theme = None,
    ascii_only: Ascii = False,
    lang: Lang = None,
    no_mouse: NoMouse = False,
    keys: KeysFile = None,
    print_keys: PrintKeys = False,
    out: Out = complete.RESULTS,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Watch a run: its gradients, curves, layers and table; without a terminal, print its status."""
    from dlbench.run.group import find_shown
    from dlbench.tui.terminal import is_interactive

    if print_keys:
        print_keys_in_force(keys)
        return
    check_replay(speed, seek, replay=replay)
    language = readers_language(lang)
    folder = under_way(out) if run is None else find_shown(out, run)
    if replay:
        require_replayable(folder)
    if not is_interactive():
        print_once(folder, language=language, ascii_only=ascii_only)
        return
    gc.disable()  # Opening makes many objects and no garbage; the dashboard turns it on again after its first frame.
    from dlbench.tui.open import Start, look
    from dlbench.tui.options import chosen

    options = chosen(
        theme, language=language, ascii_only=ascii_only, read_only=read_only, mouse=not no_mouse, keys=keys
    )
    closed = look(folder, options, start=Start(speed, seek) if replay else None)
    print_closed(closed, language=language, ascii_only=options.ascii)
    raise typer.Exit(closed.code)


def check_replay(speed: float, seek: str | None, *, replay: bool) -> None:
    """Raise UsageError where a replay's speed or place is given without a replay."""
    from dlbench.errors import UsageError

    if not replay and (seek is not None or speed != 1.0):
        raise UsageError("--speed and --seek are for a replay; add --replay")


def require_replayable(folder: RunFolder) -> None:
    """Raise UsageError where several recordings would be replayed as one."""
    from dlbench.errors import UsageError
    from dlbench.run.group import RecordingGroup

    if isinstance(folder, RecordingGroup):
        raise UsageError(
            f"{folder.name} is {len(folder.recordings)} recordings, which have no time in common; replay one of them: "
            f"{folder.members[-1].folder.name}"
        )


def print_closed(closed: Closed, *, language: str, ascii_only: bool) -> None:
    """The table of a run that was watched to its end, unless the terminal went away."""
    from dlbench.errors import ExitCode

    if closed.is_complete and closed.code != ExitCode.HANGUP:
        print_table(closed.view.info.report(closed.view.state), language=language, ascii_only=ascii_only)


def print_keys_in_force(file: Path | None) -> None:
    """The keys as a file that makes them; what a file asks for in vain goes to stderr."""
    from dlbench.cli.output import emit, say
    from dlbench.tui.key_file import as_toml, read_keys

    read = read_keys(file)
    if read.problem:
        say(f"warning: {read.problem}")
    emit(as_toml(read.table))


def under_way(out: Path) -> RunFolder:
    """The newest run that somebody works on, else the newest; raises UsageError where there is none."""
    from dlbench.launch.status import is_under_way
    from dlbench.run.group import find_shown, shown_runs

    return next(filter(is_under_way, shown_runs(out)), None) or find_shown(out, "latest")


def print_once(folder: RunFolder, *, language: str, ascii_only: bool) -> None:
    """How a run stands, in lines and as its table, for pipes and terminals that cannot move their cursor."""
    from dlbench.analysis.summary import summarize
    from dlbench.cli.output import say
    from dlbench.display.words import label, pace, steps
    from dlbench.launch.status import status
    from dlbench.metrics.trial_view import Status
    from dlbench.state.stack_state import NO_SESSION
    from dlbench.tui.model.trials import name_of

    found = summarize(folder)
    state = found.state
    now = status(folder)
    say(f"{folder.name}: {now.state}{f', {now.to_come} trials to come' if now.to_come else ''}")
    for stack in state.stacks:
        # One that a resumed run has not taken up yet waits at the step that it had come to.
        if stack.status is not Status.WAITING or stack.session != NO_SESSION:
            who = (
                name_of(state.trials[stack.plan.trials[0]].plan)
                if state.plan.recorded
                else label(state.plan, stack.plan)
            )
            say(f"  {who}: step {steps(stack)}, {pace(stack)}")
    print_table(found, language=language, ascii_only=ascii_only)


def print_table(found: Report, *, language: str, ascii_only: bool) -> None:
    """The table and the verdicts, where anything was trained."""
    from dlbench.cli.output import emit_styled, report_text
    from dlbench.metrics.trial_view import Status

    if any(trial.status is not Status.WAITING for trial in found.state.trials):
        emit_styled(report_text(found, language=language, ascii_only=ascii_only))
