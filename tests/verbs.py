"""The verbs that the command line has, once for every test that goes through them."""

from dlbench.cli.app import VERBS as TABLE
from dlbench.cli.app import make_app

VERBS = tuple(TABLE)
app = make_app()
