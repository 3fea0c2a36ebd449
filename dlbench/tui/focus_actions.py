"""Keys that change what is looked at, in whatever pane: which trial, how its curves are drawn, which trials are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from dlbench.tui.model.focus import Spread
from dlbench.tui.model.trials import listed
from dlbench.tui.steering.steering import Steering

if TYPE_CHECKING:
    from dlbench.tui.model.view import View

SPREADS: tuple[Spread, ...] = get_args(Spread)


class FocusActions(Steering):
    """The actions on the focus that no pane needs to do otherwise."""

    def action_trial(self, count: int) -> None:
        """Another trial of the list; from now on it is held."""
        chosen = neighbour(self.view, count)
        if chosen is not None:
            self.view.focus.trial, self.view.focus.follow = chosen, False
            self.redraw()

    def action_follow(self) -> None:
        """Follow the running trial, or hold the chosen one."""
        self.view.focus.follow = not self.view.focus.follow
        self.notify("follows the running trial" if self.view.focus.follow else "holds this trial")
        self.redraw()

    def action_filter(self) -> None:
        """Ask which trials are listed."""
        from dlbench.tui.screens.prompts import FilterPrompt

        self.push_screen(FilterPrompt())

    def action_log(self) -> None:
        """Logarithmic, or linear."""
        self.view.focus.log = not self.view.focus.log
        self.redraw()

    def action_curves(self) -> None:
        """Loss, or accuracy."""
        self.view.focus.curves = "accuracy" if self.view.focus.curves == "loss" else "loss"
        self.redraw()

    def action_spread(self) -> None:
        """The trial alone, its seeds, or every variant."""
        focus = self.view.focus
        focus.spread = SPREADS[(SPREADS.index(focus.spread) + 1) % len(SPREADS)]
        self.redraw()


def neighbour(view: View, count: int) -> int | None:
    """The trial so many places further in the list, around its ends; `None` where it is empty."""
    order = listed(view)
    if not order:
        return None
    if view.focus.trial not in order:
        return order[0] if count > 0 else order[-1]
    return order[(order.index(view.focus.trial) + count) % len(order)]
