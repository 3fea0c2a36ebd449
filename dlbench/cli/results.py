"""`dlbench table`, `export`, `runs` and `stop`: runs, on disk or under way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.messages import command
from dlbench.cli.options import Ascii, Json, Lang, Out, OwnParts, Run
from dlbench.cli.output import columns, emit, emit_json, emit_styled, report_text, save, say
from dlbench.words.language import readers_language


def table(
    run: Run,
    *,
    out: Out = complete.RESULTS,
    ascii_only: Ascii = False,
    lang: Lang = None,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Print a run's comparison table and the verdicts on its claims."""
    from dlbench.analysis.summary import summarize
    from dlbench.run.folder import find_run

    found = summarize(find_run(out, run))
    if json:
        from dlbench.export.json_data import as_data

        emit_json(as_data(found))
    else:
        emit_styled(report_text(found, language=readers_language(lang), ascii_only=ascii_only))


def export(
    run: Run,
    *,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="csv, trials, ensembles, confusion, json or markdown.",
            autocompletion=complete.formats,
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; default: stdout.")
    ] = None,
    lang: Lang = None,
    out: Out = complete.RESULTS,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Export what `table` prints, at full precision, for other programs."""
    from dlbench.analysis.summary import summarize
    from dlbench.export import exported
    from dlbench.run.folder import find_run
    from dlbench.text.notes import damage_notes

    found = summarize(find_run(out, run))
    for note in damage_notes(found.state):
        say(f"note: {note}")
    text = exported(format_of(form, file), found, readers_language(lang))
    if file is None:
        emit(text.removesuffix("\n"))
    else:
        save(file, text.encode())


def format_of(form: str | None, file: Path | None) -> str:
    """The format asked for, or the one that the file's name ends in; raises UsageError where it says neither."""
    from dlbench.errors import UsageError, hint
    from dlbench.export import EXPORTERS

    if form is None:
        suffix = ".csv" if file is None else file.suffix
        form = next((part.name for part in EXPORTERS if part.traits["suffix"] == suffix), None)
    if form is None:
        raise UsageError(
            f"{file}: the format is not clear from the name; choose one of {', '.join(EXPORTERS.names)} with --format"
        )
    if form not in EXPORTERS:
        others = hint(form, EXPORTERS.names, f"there are {', '.join(EXPORTERS.names)}")
        raise UsageError(f"no format is called '{form}'{others}")
    return form


def runs(*, out: Out = complete.RESULTS, json: Json = False) -> None:
    """List the runs, newest first, with their status."""
    from dlbench.launch.listing import listed
    from dlbench.run.folder import find_runs

    found = [listed(folder) for folder in find_runs(out)]
    if json:
        emit_json(found)
    elif found:
        rows = [(one.run, "paused" if one.paused else one.state, str(one.trials), one.started) for one in found]
        emit(columns([("run", "state", "trials", "started"), *rows]))
    else:
        say(f"there are no runs under {out}; start one with `dlbench run RECIPE`")


def stop(
    run: Run,
    *,
    kill: Annotated[bool, typer.Option("--kill", help="Kill workers that do not respond.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.0, metavar="SECONDS", help="How long to wait for the workers.")
    ] = 30.0,
    out: Out = complete.RESULTS,
    json: Json = False,
) -> None:
    """Ask a run to stop after the current step, with a checkpoint."""
    from dlbench.errors import DlbenchError
    from dlbench.launch import stopping
    from dlbench.launch.status import described
    from dlbench.run.folder import find_run

    folder = find_run(out, run)
    done = stopping.stop(folder, timeout=timeout, kill=kill)
    if json:
        emit_json(
            {"run": folder.name, "killed": done.killed, "remaining": [worker.token.id for worker in done.remaining]}
        )
    if done.remaining:
        who = ", ".join(described(worker.token) for worker in done.remaining)
        raise DlbenchError(
            f"{folder.name} is still running ({who}); kill it with `{command('stop', '--kill', folder)}`"
        )
    say(f"{folder.name} has stopped; continue with `{command('run', '--resume', folder)}`")
