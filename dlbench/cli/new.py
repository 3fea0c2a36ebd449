"""`dlbench new`: a commented recipe for data of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.output import emit, save, say
from dlbench.errors import DlbenchError, UsageError


def new(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="A table (csv), an archive (npz), a folder of pictures, a dataset or a shipped recipe; default: digits.",
            autocompletion=complete.new,
        ),
    ] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The recipe's file; default: the data's name.")
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", metavar="COLUMN", help="The column that names the class, by name or place.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="The column whose numbers are learned.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the recipe where there is one.")] = False,
) -> None:
    """Write a recipe for your own data, every line explained; look at the data first, and ask nothing."""
    from dlbench.recipe.drafts import draft

    folder = output.absolute().parent if output else Path.cwd()
    made = draft(source, folder, label=label, target=target)
    file = output or Path(f"{made.name}.toml")
    if file.exists() and not force:
        raise UsageError(f"{file} is there already; --force overwrites it, -o FILE takes another name")
    save(file, made.text.encode())
    if made.chosen:
        say(f"note: {made.chosen}")
    if problem := what_is_wrong(file):
        say(f"note: nothing can be trained from it yet: {problem}")
        emit(f"next: dlbench check {shlex.quote(str(file))}")
    else:
        emit(f"next: dlbench run {shlex.quote(str(file))} --quick")


def what_is_wrong(file: Path) -> str | None:
    """What keeps a recipe from being trained, its data read as `check` reads them; `None` where nothing does."""
    from dlbench.cli.data_lines import odd_data
    from dlbench.recipe import load

    try:
        odd_data(load(file).candidates)
    except DlbenchError as error:
        return str(error)
    return None
