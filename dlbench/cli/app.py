"""The verbs. Their modules import nothing heavy, so that `--help` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from dlbench import __version__
from dlbench.cli.options import Options
from dlbench.cli.parts import parts

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich would cost a third of the time that `--help` may take
    pretty_exceptions_enable=False,  # errors become text in dlbench.cli.boundary
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(*, wanted: bool) -> None:
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
        bool, typer.Option("--version", callback=lambda wanted: show_version(wanted=wanted), is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A bench for the classic lessons of deep learning.

    Start with `dlbench list`, then `dlbench run xor-nine-layers`.
    """
    context.ensure_object(Options).debug = debug


app.command()(parts)
