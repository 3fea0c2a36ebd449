"""The sidebar: every trial in one line, grouped by candidate; what is drawn is what is on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.cells import cell_len, set_cell_size
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dlbench.metrics.catalog import METRICS
from dlbench.metrics.format import NOTHING, number, value_format
from dlbench.metrics.metric import is_known
from dlbench.metrics.trial_view import Status
from dlbench.state.trial_columns import statuses_of
from dlbench.state.trial_state import loss_of, score_of
from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.legend import squeezed
from dlbench.tui.charts.picture import Picture
from dlbench.tui.model.follow import look_at
from dlbench.tui.model.trials import TrialGroup, groups, mark
from dlbench.tui.widgets.chart import changed_rows, strip

if TYPE_CHECKING:
    from dlbench.plan import Plan
    from dlbench.state.run_state import RunState
    from dlbench.state.trial_state import TrialState
    from dlbench.tui.model.view import View

SEED, LOSS, SCORE = 5, 10, 7
"""Cells of the columns."""
TROUBLE = (Status.DIVERGED, Status.FAILED, Status.CRASHED)


@dataclass(frozen=True)
class TrialLine:
    """One line: the name of a variant with a search, the heading of a candidate, or one of its trials."""

    group: TrialGroup
    trial: int | None = None
    is_variant: bool = False


class TrialList(ScrollView):
    """The trials that pass the filter. A click on one chooses it, a click on a heading folds or unfolds its seeds.

    Where not all fit, only the candidate of the chosen trial is unfolded. It takes no focus: keys choose by `focus.trial`.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    TrialList { width: 26; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Chosen(Message):
        """A trial was clicked; the focus is on it."""

        trial: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self.can_focus = False
        self._view: View | None = None
        self._plan: Plan | None = None
        self._groups: list[TrialGroup] = []
        self._filter: str | None = None
        self._lines: list[TrialLine] = []
        self._all_fit = False
        self._folds: dict[int, bool] = {}
        self._shown: int | None = None
        self._picture = Picture.blank(0, 0)

    def show(self, view: View) -> None:
        """Draw what is new; a trial chosen since the last time comes into view."""
        if self._filter != view.focus.filter or self._plan is not view.info.plan:
            self._plan, self._filter = view.info.plan, view.focus.filter
            self._groups = groups(self._plan, self._filter)
        self._view = view
        is_new = self._shown != view.focus.trial
        self._shown = view.focus.trial
        if is_new:
            self._folds.pop(view.info.plan.trials[view.focus.trial].candidate if view.info.plan.trials else -1, None)
        self._arrange()
        if is_new:
            # How far it scrolls is known once the lines are laid out.
            self.call_after_refresh(self._reveal, view.focus.trial)
        self._repaint()

    def _arrange(self) -> None:
        """Put the lines together; only a fold, a filter, a size or another trial changes them."""
        everything = sum(1 + len(group.trials) + bool(group.choice) for group in self._groups)
        self._all_fit = everything <= self.size.height - self._head or len(self._groups) == 1
        lines: list[TrialLine] = []
        variant = None
        for group in self._groups:
            if group.choice and group.variant != variant:
                lines.append(TrialLine(group, is_variant=True))
            variant = group.variant
            lines.append(TrialLine(group))
            if self._is_open(group):
                lines += [TrialLine(group, trial) for trial in group.trials]
        self._lines = lines
        size = Size(self.scrollable_content_region.width, len(lines) + self._head)
        if self.virtual_size != size:
            self.virtual_size = size
            # A bar beside them leaves less room.
            self.call_after_refresh(self._repaint)

    def _is_open(self, group: TrialGroup) -> bool:
        return self._folds.get(group.candidate, self._all_fit or self._shown in group.trials)

    @property
    def _head(self) -> int:
        """Lines above the list that do not scroll."""
        return 3 if self._filter else 2

    def _reveal(self, trial: int) -> None:
        row = next((row for row, line in enumerate(self._lines) if line.trial == trial), None)
        room = self.size.height - self._head
        if row is None or room <= 0:
            return
        top = round(self.scroll_y)
        wanted = min(max(top, row - room + 1), row)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True)

    def on_resize(self) -> None:
        """A new size is a new arrangement."""
        if self._view is not None:
            self._arrange()
            self._repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other lines, another picture."""
        super().watch_scroll_y(old_value, new_value)
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        """Choose a trial, or fold a candidate."""
        at = event.get_content_offset(self)
        line = None if at is None else self.line_at(at.y)
        if line is None or self._view is None or line.is_variant:
            return
        if line.trial is None:
            self._folds[line.group.candidate] = not self._is_open(line.group)
            self._arrange()
            self._repaint()
            return
        look_at(self._view, line.trial)
        self._view.focus.follow = False
        self.post_message(self.Chosen(line.trial))
        dashboard(self).redraw()

    def line_at(self, y: int) -> TrialLine | None:
        """The line in a row of the widget."""
        row = y - self._head + round(self.scroll_y)
        return self._lines[row] if y >= self._head and 0 <= row < len(self._lines) else None

    def render_line(self, y: int) -> Strip:
        """One row of what was drawn."""
        if y >= self._picture.height:
            return Strip.blank(self.size.width, self.rich_style)
        return strip(self._picture, y, dashboard(self)).apply_style(self.rich_style)

    def _repaint(self) -> None:
        width, height = self.scrollable_content_region.size
        if self._view is None or not width or not height:
            return
        with self._view.lock:
            picture = self._draw(self._view, width, height)
        before, self._picture = self._picture, picture
        if before.text.shape != picture.text.shape:
            self.refresh()
        elif rows := changed_rows(before, picture):
            self.refresh(*(Region(0, row, width, 1) for row in rows))

    def _draw(self, view: View, width: int, height: int) -> Picture:
        picture = Picture.blank(width, height)
        self._draw_head(picture, view)
        names = curve_names(view.state)
        for row in range(self._head, height):
            line = self.line_at(row)
            if line is None:
                break
            if line.trial is not None:
                self._draw_trial(picture, row, view.state.trials[line.trial], names)
            else:
                self._draw_heading(picture, row, line, view.state)
        return picture

    def _draw_head(self, picture: Picture, view: View) -> None:
        statuses = statuses_of(view.state.trials)
        picture.put(0, 0, f"Trials {sum(one.final for one in statuses)}/{len(statuses)}", Ink.STRONG)
        word = "follows" if view.focus.follow else "held"
        picture.put(0, picture.width - len(word), word, Ink.FAINT)
        if self._filter:
            count = sum(len(group.trials) for group in self._groups)
            picture.put(1, 0, self._fitted(f"/{self._filter}", picture.width - 7), Ink.MARK)
            picture.put(1, picture.width - 6, f"{count:>6,}", Ink.MARK if count else Ink.ALARM)
        loss, score = curve_names(view.state)
        first = _short(loss, LOSS)
        second = f" {_short(score, SCORE - 1 if len(first) < LOSS else SCORE - 2)}".rjust(SCORE - 1)
        titles = f"{'seed':>{SEED + 2}}{first:>{LOSS + SCORE - len(second)}}{second}"
        picture.put(self._head - 1, 0, plain(self, titles), Ink.FAINT)

    def _draw_heading(self, picture: Picture, row: int, line: TrialLine, state: RunState) -> None:
        if line.is_variant:
            picture.put(row, 0, self._fitted(line.group.variant, picture.width), Ink.STRONG)
            return
        statuses = statuses_of([state.trials[trial] for trial in line.group.trials])
        bad = sum(status in TROUBLE for status in statuses)
        counts = f" {sum(status is Status.OK for status in statuses)}/{len(statuses)}"
        trouble = f" !{bad}" if bad else ""
        name = f"{'-' if self._is_open(line.group) else '+'} {line.group.choice or line.group.variant}"
        room = picture.width - len(counts) - len(trouble)
        name = squeezed(plain(self, name), room, dashboard(self).glyphs.ellipsis)
        picture.put(row, 0, name, Ink.PLAIN if line.group.choice else Ink.STRONG)
        column = picture.put(row, room, counts, Ink.FAINT)
        picture.put(row, column, trouble, Ink.ALARM)

    def _draw_trial(self, picture: Picture, row: int, trial: TrialState, names: tuple[str, str]) -> None:
        is_chosen, sign = trial.index == self._shown, mark(trial)
        glyphs = dashboard(self).glyphs
        text, ink = numbers_of(trial, names)
        cells = plain(self, f"{trial.plan.seed_mark:>{SEED}}{text:>{LOSS + SCORE}}")
        if is_chosen:
            picture.put(row, 0, " " * picture.width, Ink.CURSOR)
            picture.put(row, 0, glyphs.pointer, Ink.CURSOR)
        picture.put(row, 1, sign.sign if glyphs.braille else sign.ascii, Ink.CURSOR if is_chosen else sign.ink)
        picture.put(row, 2, cells, Ink.CURSOR if is_chosen else ink)

    def _fitted(self, text: str, room: int) -> str:
        """A text cut to its room, with a sign that it is."""
        text = plain(self, text)
        if cell_len(text) <= room:
            return text
        return set_cell_size(text, max(room - 1, 0)) + dashboard(self).glyphs.ellipsis


def curve_names(state: RunState) -> tuple[str, str]:
    """The loss and the score to show: each on test data, where any stack has been evaluated on some, else on training data.

    A recorded loop may log either on validation data alone, or under a name of its own.
    """
    there = {name for stack in state.stacks for name in stack.metrics.fields}
    found = [
        next((field for split in ("test", "train", "validation") if (field := f"{split}_{metric}") in there), metric)
        for metric in (loss_of(state.trials), score_of(state.trials))
    ]
    return found[0], found[1]


def _short(name: str, room: int) -> str:
    """A name over a column: all of it, or its last words, as many as there is room for."""
    texts = [name, name.rpartition("_")[2]]
    if name in METRICS:
        words = name.replace("accuracy", "acc").split("_")
        texts = [" ".join(words[first:]) for first in range(len(words))]
    return next((text for text in texts if len(text) <= room), texts[-1][:room])


def numbers_of(trial: TrialState, names: tuple[str, str]) -> tuple[str, Ink]:
    """The last numbers of a trial, or in a word why it has none, with the ink to write them in."""
    status = trial.status
    if status is Status.DIVERGED:
        return f"NaN @ {trial.diverged_at:,}", Ink.ALARM
    if status is Status.DROPPED:
        return f"dropped @ {trial.dropped_at:,}", Ink.FAINT
    if status is Status.WAITING or (status in TROUBLE and not len(trial.steps)):
        return str(status), Ink.ALARM if status in TROUBLE else Ink.FAINT
    loss, score = (_last(trial, name, width) for name, width in zip(names, (LOSS, SCORE), strict=True))
    return f"{loss:>{LOSS}}{score:>{SCORE}}", Ink.ALARM if status in TROUBLE else Ink.PLAIN


def _last(trial: TrialState, name: str, width: int) -> str:
    """The last number of a curve, with a blank before it in a column of so many cells.

    A recorded loop logs some numbers at every step and others once an epoch: of each the last that is known.
    """
    series = trial.stack.metrics.series(name)
    value = math.nan if series is None or not len(series) else float(series[-1, trial.position])
    if series is not None and math.isnan(value) and not trial.stack.plan.has_known_steps:
        known = np.flatnonzero(~np.isnan(series[:, trial.position]))
        value = float(series[known[-1], trial.position]) if len(known) else value
    if not math.isfinite(value):
        return NOTHING
    forms = (
        number(value, value_format(METRICS[name], value) if is_known(name) else ".4g"),
        number(value, ".4g"),
        number(value, ".1e").replace("e+0", "e"),
    )
    return next((text for text in forms if len(text) < width), forms[-1])
