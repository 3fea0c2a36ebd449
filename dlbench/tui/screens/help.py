"""The help: what the picture means and how to read it, then every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.keys import grouped

if TYPE_CHECKING:
    from dlbench.tui.panes.base import Pane


class HelpScreen(ModalScreen[None]):
    """Everything that there is to say about a pane, to scroll through; Escape, `?` or `q` goes back."""

    AUTO_FOCUS = "#help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > #help {
        width: 96; max-width: 100%; height: 100%; padding: 0 2; scrollbar-size-vertical: 1;
        background: $surface; border: round $primary; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    HelpScreen.-ascii > #help { border: ascii $primary; }
    HelpScreen Markdown { padding: 0 1 0 0; margin: 0; background: $surface; }
    HelpScreen .keys { height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, pane: Pane | None) -> None:
        super().__init__()
        self._pane = pane

    def compose(self) -> ComposeResult:
        """The pane's own words, then the keys by group."""
        self.set_class(not dashboard(self).glyphs.braille, "-ascii")
        with VerticalScroll(id="help") as box:
            box.border_title = Text(f" {self._pane.TITLE if self._pane else 'Keys'} ")
            box.border_subtitle = Text(" Esc goes back ")
            if self._pane is not None:
                yield Markdown(plain(self, self._pane.HELP))
            for group, keys in grouped():
                table = Table.grid(padding=(0, 2, 0, 0), expand=True)
                table.add_column(width=20)
                table.add_column(ratio=1)
                table.add_row(Text(group, style="bold underline"), "")
                for key in keys:
                    table.add_row(Text(plain(self, ", ".join(key.faces)), style="bold"), Text(plain(self, key.help)))
                yield Static(table, classes="keys")

    def action_scroll(self, lines: int) -> None:
        """Line by line, as pagers do it."""
        self.query_one("#help").scroll_relative(y=lines, animate=False)
