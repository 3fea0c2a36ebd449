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
from dlbench.cli.streams import believe_no_nonsense
from dlbench.cli.verb import Verb
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
    believe_no_nonsense()


app.command(cls=Verb)(run)
app.command(cls=Verb)(watch)
app.command("list", cls=Verb)(list_recipes)
app.command(cls=Verb)(show)
app.command(cls=Verb)(check)
app.command(cls=Verb)(probe)
app.command(cls=Verb)(table)
app.command(cls=Verb)(export)
app.command(cls=Verb)(plot)
app.command(cls=Verb)(runs)
app.command(cls=Verb)(stop)
app.command(cls=Verb)(parts)
app.command(cls=Verb)(schema)
app.add_typer(data, name="data")
