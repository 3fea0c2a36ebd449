"""`dlbench import`: other people's logs as recordings, which `table`, `watch`, `plot` and `export` show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.messages import command, counted
from dlbench.cli.options import Json, Out
from dlbench.cli.output import columns, emit, emit_json, say
from dlbench.errors import UsageError, hint, shortened

if TYPE_CHECKING:
    from dlbench.imports.collect import ImportOptions
    from dlbench.imports.importing import ImportResult

MOST_NOTES = 20
"""Remarks that are printed; all of them are kept with the recordings."""


LogFormat: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="FORMAT", help="csv, jsonl, tensorboard, trackio or wandb.", autocompletion=complete.log_formats
    ),
]
Logs: TypeAlias = Annotated[list[Path], typer.Argument(metavar="PATH", help="Logs, or folders of them.")]
Name: TypeAlias = Annotated[
    str, typer.Option("--name", metavar="NAME", help="What the recordings are called together.")
]
VariantTemplate: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="TEXT",
        help="Names each variant, with fields: 'lr {lr}'; default: the field variant, if there is one.",
    ),
]
SeedTemplate: TypeAlias = Annotated[
    str | None,
    typer.Option("--seed", metavar="TEXT", help="The seed, with fields; default: the field seed, if there is one."),
]
Pattern: TypeAlias = Annotated[
    str | None,
    typer.Option("--from", metavar="PATTERN", help="Fields in the path: '{variant}/seed-{seed}/metrics.csv'."),
]
StepColumn: TypeAlias = Annotated[
    str | None,
    typer.Option("--step", metavar="COLUMN", help="The column of steps; default: step, epoch and alike."),
]
Renamed: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="OLD=NEW", help="Call a number otherwise; can be repeated."),
]
Skipped: TypeAlias = Annotated[
    list[str] | None, typer.Option("--skip", metavar="COLUMN", help="Leave a column out; can be repeated.")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Import again what was imported before.")]


def import_logs(
    form: LogFormat,
    paths: Logs,
    *,
    name: Name,
    variant: VariantTemplate = None,
    seed: SeedTemplate = None,
    pattern: Pattern = None,
    step: StepColumn = None,
    rename: Renamed = None,
    skip: Skipped = None,
    force: Force = False,
    out: Out = complete.RESULTS,
    json: Json = False,
) -> None:
    """Take over logs that others wrote (CSV, JSON lines, TensorBoard, trackio, W&B) for the table, the claims and the dashboard.

    Fields come from paths, hyperparameters beside or in a log, and columns. What a log does not have is missing, never guessed.
    """
    from dlbench.imports.collect import ImportOptions
    from dlbench.imports.importing import check_name, import_logs
    from dlbench.imports.path_fields import PathPattern
    from dlbench.imports.sources import FORMATS, find_logs
    from dlbench.imports.templates import template

    if form not in FORMATS:
        there = f"there are {', '.join(FORMATS)}"
        raise UsageError(f"no format is called '{shortened(form)}'{hint(form, FORMATS, there)}")
    check_name(name)
    options = ImportOptions(
        name,
        None if variant is None else template("--variant", variant),
        None if seed is None else template("--seed", seed),
        None if pattern is None else PathPattern(pattern),
        step,
        renamings(rename or []),
        frozenset(skip or ()),
    )
    result = import_logs(form, find_logs(form, paths, options.path_pattern), options, out, force=force)
    if json:
        emit_json(result)
    else:
        tell(result, options, out)


def renamings(told: list[str]) -> dict[str, str]:
    """Old names with new ones; raises UsageError where one is no renaming."""
    pairs = [one.rpartition("=") for one in told]
    for text, (old, _, new) in zip(told, pairs, strict=True):
        if not old or not new:
            raise UsageError(f"--rename: '{shortened(text)}' is no renaming; write OLD=NEW")
    return {old: new for old, _, new in pairs}


def tell(result: ImportResult, options: ImportOptions, out: Path) -> None:
    """Print what was imported, how numbers are called now, and what must be said of it."""
    rows = [
        (one.run, one.variant, "-" if one.seed is None else str(one.seed), f"{one.steps:,}", one.source)
        for one in result.recordings
    ]
    emit(columns([("recording", "variant", "seed", "steps", "from"), *rows]))
    names = {old: new for one in result.recordings for old, new in one.names.items() if old != new}
    if names:
        say(f"renamed: {', '.join(f'{old} -> {new}' for old, new in names.items())}")
    if all(one.seed is None for one in result.recordings):
        say("note: no seed is told, so variants are compared unpaired; --seed '{field}' names one")
    notes = [f"{source}: was imported before, as {run}, and is left out" for source, run in result.known]
    notes += dict.fromkeys(f"{one.source}: {text}" for one in result.recordings for text in one.remarks)
    for note in notes[:MOST_NOTES]:
        say(f"note: {note}")
    if len(notes) > MOST_NOTES:
        say(f"note: {counted(len(notes) - MOST_NOTES, 'further note')}")
    place = () if out == complete.RESULTS else ("--out", str(out))
    say(f"next: {command('table', options.name, *place)}")
