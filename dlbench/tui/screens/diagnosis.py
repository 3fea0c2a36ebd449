"""The diagnosis of a trial: each finding with its cause, its evidence drawn, what would refute it, and its remedies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from dlbench.analysis.diagnosis.finding import Finding
from dlbench.text.toml_text import inline
from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.charts.curves import curves
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.model.evidence import evidence_of_finding
from dlbench.tui.model.trials import name_of
from dlbench.tui.widgets.chart import Chart, entitle
from dlbench.tui.widgets.notices import Notice

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

INKS = {"alarm": Ink.ALARM, "warning": Ink.MARK, "note": Ink.STRONG}
NONE = "Nothing is found in this trial."
TRIES = " {mend} tries the remedies ·"
KEYS = " ↑ ↓ PgUp PgDn scroll · Esc goes back "


class EvidenceChart(Chart):
    """The curves that a finding was told by, with its threshold."""

    def __init__(self, found: Finding, trial: int) -> None:
        super().__init__(classes="frame evidence")
        self._found, self._trial = found, trial

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The curves from the first step to the newest."""
        drawn = evidence_of_finding(self._found, view.state.trials[self._trial])
        entitle(self, f"{drawn.title}{' (log)' if drawn.is_logarithmic else ''}", drawn.title)
        if not drawn.series:
            return self.say(Notice("nothing was measured yet"), width, height)
        return curves(
            drawn.series, width, height, self.glyphs, logarithmic=drawn.is_logarithmic, title="", cursor=None
        ).picture


class DiagnosisScreen(ModalScreen[Literal["mend"] | None]):
    """What is wrong with the trial that is looked at, to scroll through; left with `mend` where its remedies are to be tried."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    DEFAULT_CSS = """
    DiagnosisScreen { align: center middle; }
    DiagnosisScreen > #box {
        width: 104; max-width: 100%; height: 100%; padding: 0 2; scrollbar-size-vertical: 1;
        background: $surface; border: round $primary; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    DiagnosisScreen.-ascii > #box { border: ascii $primary; }
    DiagnosisScreen Static { height: auto; }
    DiagnosisScreen .evidence { height: 10; margin: 0 0 1 0; border: round $frame; border-title-color: $foreground; }
    DiagnosisScreen.-ascii .evidence { border: ascii $frame; }
    """

    def compose(self) -> ComposeResult:
        """A finding after the other, the worst first."""
        app = dashboard(self)
        self.set_class(not app.glyphs.braille, "-ascii")
        view = app.view
        with view.lock:
            trial = view.focus.trial
            found, name = view.findings(trial), name_of(view.info.plan.trials[trial])
        with VerticalScroll(id="box", can_focus=True) as box:
            box.border_title = Text(plain(self, f" {name} "))
            tries = any(own.set for one in found for own in one.remedies)
            keys = f"{TRIES.format(mend=self._face('mend')) if tries else ''}{KEYS}"
            box.border_subtitle = Text(plain(self, keys))
            if not found:
                yield Static(Text(NONE))
            for one in found:
                yield Static(self._told(one))
                yield EvidenceChart(one, trial)
                yield Static(Text("\n").join(self._remedies(one)), markup=False)

    def on_mount(self) -> None:
        """Draw the evidence once its place is known."""
        self.query_one("#box").focus()
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        for chart in self.query(EvidenceChart):
            chart.show(dashboard(self).view)

    def on_key(self, event: events.Key) -> None:
        """The key that opened it closes it; that of the remedies goes on to them."""
        if event.key in self._keys("diagnosis"):
            event.stop()
            self.dismiss(None)
        elif event.key in self._keys("mend"):
            event.stop()
            self.dismiss("mend")

    def action_move(self, count: int) -> None:
        """A line up or down."""
        self.query_one("#box").scroll_relative(y=count, animate=False)
        self.call_after_refresh(self._draw)

    def action_page(self, count: int) -> None:
        """A screen up or down."""
        box = self.query_one("#box")
        box.scroll_relative(y=count * max(box.size.height - 1, 1), animate=False)
        self.call_after_refresh(self._draw)

    def _told(self, one: Finding) -> Text:
        """How bad it is, what it is since when, why, and what would refute it."""
        style = dashboard(self).style(INKS[one.severity], Ink.NONE)
        text = Text.assemble((plain(self, f"{one.severity}: {one.kind}"), style), "\n", plain(self, f"{one.text}."))
        for label, told in (("because", one.because), ("not so if", one.refuted_by)):
            if told:
                text.append(f"\n{label}: ", "bold").append(plain(self, told))
        return text

    def _remedies(self, one: Finding) -> Iterator[Text]:
        for own in one.remedies:
            text = Text.assemble((f"try {own.name}", "bold"), plain(self, f": {own.says}"))
            for key, value in own.set.items():
                text.append(plain(self, f"\n    {key} = {inline(value)}"), "dim")
            yield text
        yield Text()

    def _keys(self, name: str) -> list[str]:
        return next(key.names for key in dashboard(self).keys.keys if key.name == name)

    def _face(self, name: str) -> str:
        return next((face for key in dashboard(self).keys.keys if key.name == name for face in key.faces), "-")
