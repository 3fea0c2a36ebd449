"""What every prompt is: a small box over the panes, answered by Enter or a click, left by Escape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from dlbench.tui.app_base import dashboard, plain

Answer = TypeVar("Answer")
CANCEL = "cancel"


@dataclass(frozen=True)
class PromptButton:
    """One button: its id, its words, and how Textual paints it."""

    id: str
    label: str
    variant: str = "default"


class Prompt(ModalScreen[Answer | None]):
    """A question; its answer is what it `finish`es with, `None` where someone thought better of it.

    Subclasses say what stands in the box and which buttons there are, and `accept` the choice of one; `enter` says what Enter
    in a field is, the first button. A prompt that would change the run closes itself at once in a dashboard that may only look.
    """

    CHANGES_RUN: ClassVar[bool] = False
    HEADING: ClassVar[str]
    BUTTON_WIDTH: ClassVar[int] = 20
    """Cells that a button has at least; as many stand in a row as find room."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = """
    Prompt { align: center middle; }
    Prompt > #box {
        width: 72; max-width: 96%; height: auto; max-height: 96%; padding: 1 2;
        background: $surface; border: round $primary; border-title-color: $text; border-title-style: bold;
    }
    Prompt.-ascii > #box { border: ascii $primary; }
    Prompt Static { height: auto; }
    Prompt Input { margin: 1 0; background: $boost; }
    Prompt .faint { color: $text-muted; }
    Prompt #wrong { color: $text-error; text-style: bold; }
    Prompt #buttons { height: auto; margin-top: 1; grid-gutter: 0 2; }
    Prompt Button { min-width: 8; }
    """

    def __init__(self, trial: int = 0) -> None:
        super().__init__()
        self.trial = trial
        """Which trial is asked about, where it is about one."""

    def compose(self) -> ComposeResult:
        """The box: what is asked, what was wrong with the answer, the buttons."""
        self.set_class(not dashboard(self).glyphs.braille, "-ascii")
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = Text(f" {self.HEADING} ")
            yield from self.contents()
            yield Static(id="wrong")
            with ItemGrid(id="buttons", min_column_width=self.BUTTON_WIDTH):
                own = self.choices()
                for choice in (*own, PromptButton(CANCEL, "Cancel" if own else "Close")):
                    label = Text(plain(self, choice.label))
                    yield Button(label, id=choice.id, variant=choice.variant, compact=True)  # type: ignore[arg-type]  # a literal

    def contents(self) -> ComposeResult:
        """What stands above the buttons."""
        raise NotImplementedError

    def choices(self) -> list[PromptButton]:
        """The buttons before Cancel, the first of which is what Enter means."""
        raise NotImplementedError

    def accept(self, choice: str) -> None:
        """One of the choices was made: `finish` with an answer, or `tell` what is wrong."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Ask nothing where nothing may be changed."""
        self.tell("")
        if self.CHANGES_RUN and dashboard(self).read_only:
            self.finish(None)

    def tell(self, wrong: str) -> None:
        """Say what is wrong with what was typed, or that nothing is."""
        line = self.query_one("#wrong", Static)
        line.update(Text(plain(self, wrong)))
        line.display = bool(wrong)

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.finish(None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A click, or Enter on a button."""
        event.stop()
        if event.button.id == CANCEL:
            self.action_cancel()
        else:
            self.accept(event.button.id or "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self.enter()

    def enter(self) -> None:
        """What Enter in a field means: the first choice."""
        first = next(iter(self.choices()), None)
        if first is not None:
            self.accept(first.id)

    def finish(self, answer: Answer | None) -> None:
        """Close with an answer; a second Enter that comes on the heels of the first does nothing."""
        if self.is_current:
            self.dismiss(answer)


def words(node: Prompt[Answer], text: str, classes: str = "") -> Static:
    """A paragraph of a prompt."""
    return Static(Text(plain(node, text)), classes=classes)


def field(value: str = "", hint: str = "") -> Input:
    """A field to type into, with what it holds selected."""
    entry = Input(value, placeholder=hint, select_on_focus=True, compact=True)
    entry.cursor_blink = False
    return entry
