"""The verbs. Their modules import nothing heavy, so that `--help` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from dlbench import __version__
from dlbench.cli.data import data
from dlbench.cli.options import Options
from dlbench.cli.parts import parts
from dlbench.cli.plot import plot
from dlbench.cli.probe import probe
from dlbench.cli.recipes import check, list_recipes, schema, show
from dlbench.cli.results import export, runs, stop, table
from dlbench.cli.run import run
from dlbench.cli.watch import watch

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich would take a third of the time that `--help` may take
    pretty_exceptions_enable=False,  # errors become text in dlbench.cli.boundary
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:  # noqa: FBT001  # a callback's signature
    """Print the version and end."""
    if wanted:
        typer.echo(f"dlbench {__version__}")
        raise typer.Exit


@app.callback()
def before(
    context: typer.Context,
    *,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="DLBENCH_DEBUG", help="Show the traceback of an unexpected error.")
    ] = False,
    version: Annotated[  # noqa: ARG001  # its callback does it all
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A bench for the classic lessons of deep learning.

    Start with `dlbench list`, then `dlbench run xor-nine-layers`.
    """
    context.ensure_object(Options).debug = debug


app.command()(run)
app.command()(watch)
app.command("list")(list_recipes)
app.command()(show)
app.command()(check)
app.command()(probe)
app.command()(table)
app.command()(export)
app.command()(plot)
app.command()(runs)
app.command()(stop)
app.command()(parts)
app.command()(schema)
app.add_typer(data, name="data")
