"""The verbs. Their modules import nothing heavy, so that `--help` answers at once."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Sequence
from types import CodeType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from dlbench import __version__
from dlbench.cli.options import Options
from dlbench.cli.output import believe_no_nonsense


class Verb(TyperCommand):
    """A verb whose help names its arguments, as it names its options' values, and not their Python types."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters; what Typer would write behind an argument's name is left out."""
        params = super().get_params(ctx)
        for param in params:
            if param.param_type_name == "argument":
                param.display_type_rich = _nothing  # type: ignore[attr-defined]  # of Typer's own arguments
        return params


def _nothing(ctx: Any) -> None:
    del ctx


VERBS = {
    "run": "run.run",
    "watch": "watch.watch",
    "serve": "serve.serve",
    "list": "recipe_list.list_recipes",
    "show": "recipes.show",
    "check": "recipes.check",
    "new": "new.new",
    "probe": "probe.probe",
    "lr": "lr.lr",
    "repeat": "repeat.repeat",
    "table": "results.table",
    "diagnose": "diagnose.diagnose",
    "try": "try_remedies.try_remedies",
    "diff": "diff.diff",
    "verify": "verify.verify",
    "export": "export.export",
    "plot": "plot.plot",
    "import": "import_logs.import_logs",
    "predict": "predict.predict",
    "runs": "results.runs",
    "stop": "stop.stop",
    "parts": "parts.parts",
    "schema": "recipes.schema",
    "data": "data.data",
}
"""Every verb with its module in this room and its function there, in the order of `--help`; `data` has verbs of its own."""

BEFORE_A_COMMAND = ("repeat",)
"""Verbs that take a command of the caller's: what stands behind its first word is its own, with `--` before it or without."""


def make_app(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """The command line with these verbs; only their modules are imported."""
    app = _without_verbs()
    for verb in verbs:
        _add(app, verb)
    return app


def make_page() -> typer.Typer:
    """The command line as its own `--help` tells of it: verbs with what they say of themselves, and without their options.

    To import two dozen modules, and to make something of a few hundred options, would take as long as everything else.
    """
    app = _without_verbs()
    for verb, place in VERBS.items():
        module, _, name = place.partition(".")
        doc = _doc_of(f"dlbench.cli.{module}", name)
        if doc is None:
            _add(app, verb)
        else:
            app.command(verb, help=doc)(lambda: None)
    return app


def _doc_of(module: str, function: str) -> str | None:
    """The docstring of a module's function, which stands in its code; `None` where there is none, or no such function."""
    spec = importlib.util.find_spec(module)
    find = getattr(spec and spec.loader, "get_code", None)
    code = find(module) if find else None
    found = (one for one in (code.co_consts if code else ()) if isinstance(one, CodeType) and one.co_name == function)
    return next((doc for one in found if one.co_consts and isinstance(doc := one.co_consts[0], str)), None)


def _without_verbs() -> typer.Typer:
    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,  # Rich would take a third of the time that `--help` may take
        pretty_exceptions_enable=False,  # errors become text in dlbench.cli.boundary
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(before)
    return app


def _add(app: typer.Typer, verb: str) -> None:
    module, _, name = VERBS[verb].partition(".")
    found = getattr(importlib.import_module(f"dlbench.cli.{module}"), name)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=verb)
    else:
        settings = {"allow_interspersed_args": verb not in BEFORE_A_COMMAND}
        app.command(verb, cls=Verb, context_settings=settings)(found)


def app_for(words: Sequence[str]) -> typer.Typer:
    """What a command line needs: the page of all verbs where it asks for nothing else, or the verbs that it may mean.

    A shell that completes a line asks by a variable, and has no words here.
    """
    is_page = set(words) <= {"-h", "--help"} and "_DLBENCH_COMPLETE" not in os.environ
    return make_page() if is_page else make_app(verbs_in(words))


def verbs_in(words: Sequence[str]) -> Iterable[str]:
    """The verbs that a command line may mean: the first word that is no option, if there is such a verb; else all."""
    first = next((word for word in words if not word.startswith("-")), None)
    return VERBS if first is None or first not in VERBS else (first,)


def show_version(wanted: bool) -> None:  # noqa: FBT001  # a callback's signature
    """Print the version and end."""
    if wanted:
        typer.echo(f"dlbench {__version__}")
        raise typer.Exit


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
