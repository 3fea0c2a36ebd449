"""The dashboard that a widget lives in, with its type."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from dlbench.tui.app import Dashboard


def dashboard(node: DOMNode) -> Dashboard:
    """The app around a widget or a screen, which knows view, inks, glyphs and the run's folder."""
    from dlbench.tui.app import Dashboard

    app = node.app
    assert isinstance(app, Dashboard)
    return app


def plain(node: DOMNode, text: str) -> str:
    """A text in the signs that the terminal has."""
    from dlbench.report.format import to_ascii

    return text if dashboard(node).glyphs.braille else to_ascii(text)


def resuming(node: DOMNode) -> str:
    """The command line that goes on with the run, to copy."""
    app = dashboard(node)
    return shlex.join(["dlbench", "run", "--resume", str(app.folder.path) if app.folder else app.view.subject.name])
