"""Keys that change what is looked at, in whatever pane: which trial, how its curves are drawn, which trials are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from dlbench.tui.model.focus import Spread
from dlbench.tui.model.follow import look_at
from dlbench.tui.model.trials import listed

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.model.view import View

SPREADS: tuple[Spread, ...] = get_args(Spread)


class FocusActions:
    """The actions on the focus that no pane needs to do otherwise."""

    def __init__(self, app: AppBase) -> None:
        self._app = app

    def action_trial(self, count: int) -> None:
        """Another trial of the list; from now on it is held."""
        view = self._app.view
        chosen = neighbour(view, count)
        if chosen is not None:
            look_at(view, chosen)
            view.focus.follow = False
            self._app.redraw()

    def action_follow(self) -> None:
        """Follow what trains, or hold the trial on the screen."""
        focus = self._app.view.focus
        focus.follow = not focus.follow
        self._app.notify("following what trains" if focus.follow else "staying with this trial")
        self._app.redraw()

    def action_filter(self) -> None:
        """Ask which trials are listed."""
        from dlbench.tui.screens.prompts import FilterPrompt

        self._app.push_screen(FilterPrompt())

    def action_log(self) -> None:
        """Logarithmic, or linear."""
        focus = self._app.view.focus
        focus.log = not focus.log
        self._app.redraw()

    def action_curves(self) -> None:
        """The loss, or the score."""
        focus = self._app.view.focus
        focus.curves = "score" if focus.curves == "loss" else "loss"
        self._app.redraw()

    def action_spread(self) -> None:
        """The trial alone, its seeds, or every variant."""
        focus = self._app.view.focus
        focus.spread = SPREADS[(SPREADS.index(focus.spread) + 1) % len(SPREADS)]
        self._app.redraw()


def neighbour(view: View, count: int) -> int | None:
    """The trial so many places further in the list, around its ends; `None` where it is empty."""
    order = listed(view)
    if not order:
        return None
    if view.focus.trial not in order:
        return order[0] if count > 0 else order[-1]
    return order[(order.index(view.focus.trial) + count) % len(order)]
