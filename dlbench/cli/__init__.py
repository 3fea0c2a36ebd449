"""The command line: parse, call, print. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

from dlbench.cli.boundary import main

__all__ = ["main"]
