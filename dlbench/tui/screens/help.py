"""The help: what the picture means and every key; what is typed finds keys and commands, and Enter runs one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.help_commands import HelpCommand, commands, matching

if TYPE_CHECKING:
    from dlbench.tui.keys import Key
    from dlbench.tui.panes.base import Pane

FACES_WIDTH = 18
READING, FINDING = " ↑ ↓ PgUp PgDn scroll · Esc goes back ", " ↑ ↓ choose · Enter runs it · Esc goes back "
NONE = "Nothing here has these words."


class HelpScreen(ModalScreen[HelpCommand]):
    """Everything that there is to say about a pane, to scroll through; with a text in its field the commands that have it.

    It is left with the command that was chosen, by Escape with none; so it is by the key that opened it, typed into the empty
    field.
    """

    AUTO_FOCUS = "#asked"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > #box {
        width: 96; max-width: 100%; height: 100%; padding: 0 2; scrollbar-size-vertical: 1;
        background: $surface; border: round $primary; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    HelpScreen.-ascii > #box { border: ascii $primary; }
    HelpScreen #asked { height: 1; margin: 0 0 1 0; background: $boost; }
    HelpScreen #told { height: 1fr; scrollbar-size-vertical: 1; }
    HelpScreen #found { height: 1fr; border: none; padding: 0; background: $surface; scrollbar-size-vertical: 1; display: none; }
    HelpScreen #none { height: 1fr; color: $text-muted; display: none; }
    HelpScreen.-asked #told { display: none; }
    HelpScreen.-asked.-any #found, HelpScreen.-asked.-none #none { display: block; }
    HelpScreen Markdown { padding: 0 1 0 0; margin: 0; background: $surface; }
    HelpScreen .keys { height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, pane: Pane | None) -> None:
        super().__init__()
        self._pane = pane
        self._matching: list[HelpCommand] = []

    @property
    def _own(self) -> Key:
        """What opens the help."""
        return next(key for key in dashboard(self).keys.keys if key.name == "help")

    def compose(self) -> ComposeResult:
        """The field; the pane's own words and the keys by group, or what was found."""
        app = dashboard(self)
        self.set_class(not app.glyphs.braille, "-ascii")
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = Text(f" {self._pane.TITLE if self._pane else 'Keys'} ")
            entry = Input(placeholder="type to find a key or a command", id="asked", compact=True)
            entry.cursor_blink = False
            yield entry
            with VerticalScroll(id="told", can_focus=False):
                if self._pane is not None:
                    yield Markdown(plain(self, app.keys.told(self._pane.HELP)))
                for group, keys in app.keys.grouped():
                    table = _columns()
                    table.add_row(Text(group, style="bold underline"), "")
                    for key in keys:
                        table.add_row(*self._row(key.faces, key.help))
                    yield Static(table, classes="keys")
            # The field keeps the focus: its list takes none.
            found = OptionList(id="found", compact=True)
            found.can_focus = False
            yield found
            yield Static(NONE, id="none")

    def on_mount(self) -> None:
        """Say which keys there are here."""
        self._tell(READING)

    def on_key(self, event: events.Key) -> None:
        """The key that opened it closes it, where it is none that is typed."""
        if event.key in self._own.names:
            event.stop()
            self.dismiss(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find what has the words."""
        event.stop()
        app, text = dashboard(self), event.value
        if text in self._own.faces:
            self.dismiss(None)
            return
        is_asked = bool(text.strip())
        self._matching = matching(commands(app), text) if is_asked else []
        found = self.query_one(OptionList)
        found.clear_options()
        found.add_options(Option(self._option(command), disabled=not command.can) for command in self._matching)
        found.action_first()
        self.set_class(is_asked, "-asked")
        self.set_class(bool(self._matching), "-any")
        self.set_class(not self._matching, "-none")
        self._tell(FINDING if self._matching else READING)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter runs the one that is marked."""
        event.stop()
        chosen = self.query_one(OptionList).highlighted
        if chosen is not None and self._matching:
            self._run(chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """So does a click."""
        event.stop()
        self._run(event.option_index)

    def action_move(self, count: int) -> None:
        """The mark up or down; without one the text."""
        found = self.query_one(OptionList)
        if not self._matching:
            self.query_one("#told").scroll_relative(y=count, animate=False)
        elif count > 0:
            found.action_cursor_down()
        else:
            found.action_cursor_up()

    def action_page(self, count: int) -> None:
        """A screen up or down."""
        found, told = self.query_one(OptionList), self.query_one("#told")
        if not self._matching:
            told.scroll_relative(y=count * max(told.size.height - 1, 1), animate=False)
        elif count > 0:
            found.action_page_down()  # type: ignore[no-untyped-call]  # Textual's
        else:
            found.action_page_up()  # type: ignore[no-untyped-call]

    def _run(self, index: int) -> None:
        """Leave with a command; a second Enter on the heels of the first does nothing."""
        if self.is_current and self._matching[index].can:
            self.dismiss(self._matching[index])

    def _option(self, command: HelpCommand) -> Table:
        table = _columns()
        title = command.title if command.can else f"{command.title} (not now)"
        table.add_row(*self._row(command.faces, title))
        return table

    def _row(self, faces: tuple[str, ...] | list[str], said: str) -> tuple[Text, Text]:
        return Text(plain(self, ", ".join(faces)), style="bold"), Text(plain(self, said))

    def _tell(self, keys: str) -> None:
        self.query_one("#box").border_subtitle = Text(plain(self, keys))


def _columns() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=FACES_WIDTH)
    table.add_column(ratio=1)
    return table
