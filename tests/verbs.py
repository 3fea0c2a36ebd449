"""The verbs that the command line has, once for every test that goes through them."""

from functools import cache

import typer.testing

from dlbench.cli.app import VERBS as TABLE
from dlbench.cli.app import make_app

VERBS = tuple(TABLE)
app = make_app()

typer.testing._get_command = cache(typer.testing._get_command)
"""Typer's runner makes the parsers of all verbs anew for every call, which is half of the time of most of them."""
