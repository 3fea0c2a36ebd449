"""Lesson: the question before anything else, the claims, and the explanation once the run has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from dlbench.analysis.claims import SIGNS, Outcome
from dlbench.plan.questions import said
from dlbench.text.data import data_line
from dlbench.tui.app_base import asking, dashboard, plain, resuming
from dlbench.tui.charts.ink import Ink
from dlbench.tui.panes.base import Pane
from dlbench.words.language import word

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.tui.model.view import View

LATER = "The explanation comes when the run has ended."
STOPPED = "The run has stopped before its end. The explanation comes when it has ended; continue with:"
INKS = {Outcome.CONFIRMED: Ink.GOOD, Outcome.REFUTED: Ink.ALARM, Outcome.UNDECIDED: Ink.MARK}
NONE = "This recipe asks no question and explains nothing."
UNASKED = "Nobody has asked anything of these recordings. Questions, with claims to be held to, come from a file:"


class LessonPane(Pane):
    """Prose at most 100 cells wide, in the language of the reader; English where the terminal has ASCII only."""

    NAME: ClassVar[str] = "lesson"
    TITLE: ClassVar[str] = "Lesson"
    HELP: ClassVar[str] = """
What the recipe asks. Think of an answer before the run gives one; the explanation appears when every trial has ended.

**Claims** are sentences of the lesson that the run's numbers will confirm (✔), refute (✖) or leave undecided (?): the pane
*Compare* has the numbers.
"""
    DEFAULT_CSS = """
    LessonPane #page { height: 1fr; padding: 1 2; scrollbar-size-vertical: 1; }
    LessonPane #page Static { height: auto; width: 100%; max-width: 100; }
    LessonPane #question { background: $panel; padding: 1 3; margin: 1 0; text-style: bold; }
    LessonPane #explain { margin-top: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._told: dict[str, Text] = {}
        self._claims: tuple[list[tuple[str, str]], list[tuple[Outcome, str] | None]] | None = None

    def compose(self) -> ComposeResult:
        """The parts of the page, in the order in which they are read."""
        with VerticalScroll(id="page"):
            for name in ("title", "question", "data", "claims", "explain"):
                yield Static(id=name)

    def on_show(self) -> None:
        """The keys scroll the page."""
        self.query_one("#page").focus(scroll_visible=False)

    def on_hide(self) -> None:
        """No marks are looked at any more."""
        dashboard(self).view.wants_report = False

    def show(self, view: View) -> None:
        """Write what has changed; the claims are marked from the end of the run on."""
        has_ended = ended(view)
        view.wants_report = has_ended and bool(view.info.questions.claims)
        language = dashboard(self).language if dashboard(self).glyphs.braille else "en"
        lesson = view.info.questions.lesson
        heading = "  ".join(
            filter(None, [said(lesson.section, language), said(lesson.title, language) or view.info.name])
        )
        self._tell("title", Text(plain(self, heading), style="bold"))
        told = [data_line(facts) for facts in view.state.data.values()]
        question, explain = said(lesson.question, language).strip(), said(lesson.explain, language).strip()
        self._tell("question", Text(plain(self, question)))
        self._tell("data", Text(plain(self, "\n".join(f"data: {line}" for line in told)), style="dim"))
        self._tell_claims(view, language, view.report if has_ended else None)
        if not explain:
            is_asked = bool(question or view.info.questions.claims)
            self._tell("explain", Text("" if is_asked else _unasked(self, view, language), style="dim"))
        elif has_ended:
            self._tell("explain", Text.assemble((word("Explanation", language), "bold"), "\n", plain(self, explain)))
        else:
            is_over = view.loading is None and view.playback is None and view.status in {"stopped", "crashed"}
            later = f"{word(STOPPED, language)}\n{resuming(self)}" if is_over else word(LATER, language)
            self._tell("explain", Text(later, style="dim"))

    def _tell_claims(self, view: View, language: str, report: Report | None) -> None:
        """The claims, with a mark each where there are verdicts."""
        verdicts = report.verdicts if report is not None else []
        outcomes = [
            (verdicts[i].outcome, verdicts[i].word) if i < len(verdicts) else None
            for i in range(len(view.info.questions.claims))
        ]
        told: list[tuple[str, str]] = [
            (plain(self, said(claim.says, language)), word(claim.source, language))
            for claim in view.info.questions.claims
        ]
        if self._claims == (told, outcomes):
            return
        self._claims = (told, outcomes)
        grid = Table.grid(padding=(0, 1, 0, 0))
        for (text, source), outcome in zip(told, outcomes, strict=True):
            style = dashboard(self).style(INKS[outcome[0]] if outcome else Ink.FAINT, Ink.NONE)
            sign = plain(self, SIGNS[outcome[0]] if outcome else "·")
            words = (f"  ({source}{f', {word(outcome[1], language)}' if outcome else ''})", "dim")
            grid.add_row(Text(sign, style=style), Text.assemble(text, words))
        part = self.query_one("#claims", Static)
        part.update(Group(Text(word("Claims", language), style="bold"), grid))
        part.display = bool(told)

    def _tell(self, name: str, text: Text) -> None:
        if self._told.get(name) == text:
            return
        self._told[name] = text
        part = self.query_one(f"#{name}", Static)
        part.update(text)
        part.display = bool(text.plain)


def _unasked(pane: Pane, view: View, language: str) -> str:
    """What stands in the place of a lesson; questions about recordings may still come."""
    if not view.info.plan.recorded:
        return word(NONE, language)
    return f"{word(UNASKED, language)}\n{asking(pane)}"


def ended(view: View) -> bool:
    """Whether every trial has come to its end."""
    return bool(view.state.trials) and all(trial.status.final for trial in view.state.trials)
