"""The bars of words: on top how the run stands and how far the chosen trial is, above the keys the numbers under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from dlbench.tui.app_base import plain
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.model.words import Facts, Piece, cursor_line, facts
from dlbench.tui.widgets.chart import Chart
from dlbench.tui.widgets.fitting import Item, cut, fitting, write
from dlbench.tui.widgets.replay_bar import speed
from dlbench.words.number_format import clock, memory_size, percent

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

GAP = 2
BARS = (12, 8)
SIGNS = {
    "LIVE": "●*", "PAUSED": "⏸=", "DONE": "✔+", "STOPPED": "■#", "FAILED": "✖x", "CRASHED": "✖x", "REPLAY": "▶>",
    "LOADING": "⟳~", "STARTING": "⟳~",
}  # fmt: skip
"""The sign before each badge, and the same in ASCII; told by their first word."""


class StatusBar(Chart):
    """One line, shortened by what matters least, never wrapped."""

    def draw(self, view: View, width: int, height: int) -> Picture:
        """What there is to tell now."""
        picture = Picture.blank(width, height)
        told = items(facts(view), view, self.glyphs, read_only=self.dashboard.read_only)
        write(picture, fitting(told, width - 2, GAP), gap=GAP)
        return picture


class WordsLine(Chart):
    """One line; what matters least is left out."""

    def draw(self, view: View, width: int, height: int) -> Picture:
        """Why there is nothing to tell any more; what the lesson's scene shows; else the cursor and the findings."""
        picture = Picture.blank(width, height)
        pieces = self._pieces(view, width - 2)
        column = 1
        for text, ink in pieces:
            column = picture.put(0, column, cut(plain(self, text), width - 1 - column, self.glyphs), ink)
        return picture

    def _pieces(self, view: View, room: int) -> list[Piece]:
        if view.problem:
            return [(view.problem, Ink.ALARM)]
        if not view.focus.on_scene or view.scene is None:
            return cursor_line(view, room)
        from dlbench.text.scene import scene_sentence

        forms = scene_sentence(view.scene, view.state, self.dashboard.language if self.glyphs.braille else "en")
        return [(next((form for form in forms if cell_len(form) <= room), forms[-1]), Ink.STRONG)]


def items(now: Facts, view: View, glyphs: Glyphs, *, read_only: bool) -> list[Item]:
    """Everything that the bar may tell, in its order; a low rank is told first."""
    over = sum(count for status, count in now.trials.items() if status.final)
    total = sum(now.trials.values())
    return [
        Item(1, (now.recipe, cut(now.recipe, 20, glyphs), cut(now.recipe, 12, glyphs)), Ink.STRONG),
        Item(0, (badge(now, view, glyphs),), now.badge[1]),
        Item(4, ("read-only",) if read_only else (), Ink.MARK),
        Item(2, (now.trial, cut(now.trial, 18, glyphs), cut(now.trial, 10, glyphs))),
        Item(3, steps(now)),
        Item(7, () if now.share is None else tuple(bar(now.share, room, glyphs) for room in BARS), Ink.GOOD),
        Item(6, () if now.share is None else (f"{now.share:.0%}",)),
        Item(8, (f"{pace(now.rate)} steps/s", f"{pace(now.rate)}/s") if now.rate else ()),
        Item(5, (f"{clock(now.eta)} left",) if now.eta is not None else ()),
        Item(9, (f"{over}/{total} trials",), Ink.FAINT),
        Item(5, (f"{now.to_come} to come",) if now.to_come else (), Ink.STRONG),
        Item(13, (f"trained {clock(now.seconds)}",) if now.seconds is not None and now.eta is None else (), Ink.FAINT),
        Item(10, (now.device,) if now.device else (), Ink.FAINT),
        Item(11, (memory_size(now.memory),) if now.memory else (), Ink.FAINT),
        Item(12, (f"probes {percent(now.probe_cost)}",) if now.probe_cost is not None else (), Ink.FAINT),
    ]


def steps(now: Facts) -> tuple[str, ...]:
    """How far it is, from the longest form to the shortest: in its training, or in the layer that is pre-trained before."""
    if now.pretrains is None and now.steps is None:
        return f"step {now.step:,}", f"{now.step:,}"
    if now.pretrains is None:
        return f"step {now.step:,}/{now.steps:,}", f"{now.step:,}/{now.steps:,}", f"{now.step:,}"
    done = now.pretrains
    layer, place = f"{done.layer} {done.step:,}/{done.steps:,}", f"{done.place} of {done.layers}"
    return f"pre-training {place}: {layer}", f"pre-training {layer}", layer


def badge(now: Facts, view: View, glyphs: Glyphs) -> str:
    """How the run stands, with its sign: `⏸ PAUSED at 1,840`, `▶ REPLAY 10x`."""
    text = now.badge[0]
    signs = SIGNS.get(text.split()[0], "")
    sign = (signs[0] if glyphs.braille else signs[1]) + " " if signs else ""
    if text == "PAUSED":
        text = f"PAUSED at {now.step:,}"
    if text == "REPLAY" and view.playback is not None:
        text = f"REPLAY {speed(view.playback)}"
    return sign + text


def bar(share: float, room: int, glyphs: Glyphs) -> str:
    """A share as a bar of so many cells."""
    full = round(room * min(max(share, 0.0), 1.0))
    return ("━" * full + "╌" * (room - full)) if glyphs.braille else ("=" * full + "." * (room - full))


def pace(rate: float) -> str:
    """Steps a second: `8,210`, or `2.4` where they are few."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
