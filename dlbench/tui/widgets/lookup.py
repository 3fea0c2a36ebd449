"""What widgets ask of a view again and again: names, the cursor, what someone did and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.measures.catalog import MEASURES
from dlbench.tui.model.rows import shown_rows
from dlbench.tui.model.series import probe_steps
from dlbench.tui.model.trials import name_of

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


def trial_name(view: View, index: int) -> str:
    """A trial as people say it: variant, what a search chose, seed."""
    return name_of(view.info.plan.trials[index])


def headline(measure: str) -> str:
    """A measure as it begins a title."""
    title = MEASURES[measure].title
    return title[:1].upper() + title[1:]


def is_moving(view: View) -> bool:
    """Whether numbers still come, so that scales had better have head-room and stand still."""
    return view.playback is not None or view.status == "running"


def cursor_of(view: View, index: int) -> tuple[int, int] | None:
    """Shown row and step of the cursor in a trial's pictures, the newest probe where it follows; `None` without any."""
    steps = probe_steps(view, index)
    if not steps:
        return None
    row = shown_rows(view, index).index(view.focus.layer)
    return row, steps[-1] if view.focus.step is None else view.focus.step


def marked_steps(view: View, index: int) -> list[int]:
    """The steps at which someone changed something about a trial, a breakpoint of it came true, or it stopped early."""
    trial = view.state.trials[index]
    hits = {hit.step for hit in view.state.hits if hit.trial == index}
    stops = [] if trial.stopped_at is None else [trial.stopped_at]
    return sorted(hits.union(trial.changed_at, stops))
