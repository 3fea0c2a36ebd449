"""What every pane is: one answer to one question about the run, with the words that explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class Pane(Vertical):
    """One tab of the dashboard.

    `show` is called on the UI's thread whenever something has changed and the pane is the one on the screen, with the
    view's lock held. Keys of `dlbench.tui.keys` reach it as `action_*` methods of its own, where it has them, else the app's.
    """

    NAME: ClassVar[str]
    """One lower-case word: the id of the tab, `gradients`."""
    TITLE: ClassVar[str]
    """The word on the tab."""
    HELP: ClassVar[str]
    """What the picture means and how to read it, in Markdown; shown by `?`."""

    def show(self, view: View) -> None:
        """Draw what is new."""
        raise NotImplementedError
