"""`dlbench data`: which datasets are on this machine, where, and how to get the others."""

from __future__ import annotations

from typing import Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.app import Verb
from dlbench.cli.options import Json
from dlbench.cli.output import columns, emit, emit_json, say

data = typer.Typer(rich_markup_mode=None, help="List the datasets on this machine, or fetch one.")


@data.callback(invoke_without_command=True)
def without_verb(context: typer.Context, *, json: Json = False) -> None:
    """List the datasets on this machine, or fetch one."""
    if context.invoked_subcommand is None:
        show(json=json)


@data.command("list", cls=Verb)
def show(*, json: Json = False) -> None:
    """List every dataset: whether it is on this machine, where, and its size."""
    from dlbench.data import listing

    found = listing()
    if json:
        emit_json(found)
        return
    rows = [(one.name, one.kind, one.state, megabytes(one.size), one.where) for one in found]
    emit(columns([("dataset", "kind", "state", "size", "where"), *rows]))


@data.command(cls=Verb)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The dataset.", autocompletion=complete.downloads)],
    folder: Annotated[
        str | None,
        typer.Option("--folder", metavar="DIR", help="Where to keep it; default: DLBENCH_DATA or the user's cache."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Download a dataset and verify its checksums; prints the data folder that holds it."""
    from dlbench.data import fetch as download

    say(f"fetching {name} ...")
    place = download(name, folder)
    if json:
        emit_json({"name": name, "folder": str(place)})
    else:
        emit(str(place))


def megabytes(size: int | None) -> str:
    """A size on disk in words, empty where there is none."""
    return "" if size is None else f"{size / 1e6:,.0f} MB"
