"""Which rows of the probes are looked at: layers, and steps of time where there are recurrent ones, or one of both alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dlbench.measures.names import TIME
from dlbench.tui.charts.heat_map import Grid
from dlbench.tui.model.series import grid

if TYPE_CHECKING:
    from dlbench.state.event_records import LayerFacts
    from dlbench.tui.model.view import View


@dataclass(frozen=True)
class ShownRows:
    """The rows of a trial that are shown, from the input up.

    `places` are where they stand among all rows, `names` as short as they are clear, `alone` the indices of those that are
    layers among steps of time. Charts count the shown rows from 0; the focus counts all.
    """

    places: list[int]
    names: list[str]
    alone: frozenset[int]

    def index(self, place: int) -> int:
        """The shown row nearest to a place."""
        return min(range(len(self.places)), key=lambda index: abs(self.places[index] - place), default=0)


def shown_rows(view: View, trial: int) -> ShownRows:
    """The rows that the focus wants to see, all where it wants what the trial has not."""
    layers = view.state.trials[trial].layers
    times = [place for place, layer in enumerate(layers) if layer.kind == TIME]
    others = [place for place, layer in enumerate(layers) if layer.kind != TIME]
    wanted = {"all": None, "time": times, "layers": others}[view.focus.rows]
    places = wanted or list(range(len(layers)))
    is_mixed = len({layers[place].kind == TIME for place in places}) > 1
    alone = frozenset(index for index, place in enumerate(places) if is_mixed and layers[place].kind != TIME)
    return ShownRows(places, _names([layers[place] for place in places], is_one=_is_one(layers)), alone)


def has_times(view: View, trial: int) -> bool:
    """Whether there are rows of time, so that there is something to choose."""
    return any(layer.kind == TIME for layer in view.state.trials[trial].layers)


def shown_grid(view: View, trial: int, measure: str) -> Grid:
    """One measure of the shown rows over the whole run so far."""
    found, places = grid(view, trial, measure), shown_rows(view, trial).places
    return replace(found, values=found.values[:, places], broken=found.broken[:, places])


def layer_of(view: View, trial: int) -> int:
    """The place among all rows that the cursor stands on: the shown one nearest to the focus's."""
    rows = shown_rows(view, trial)
    return rows.places[rows.index(view.focus.layer)] if rows.places else 0


def owner_of(view: View, trial: int, place: int) -> int:
    """The layer that a row is about: itself, or the recurrent layer whose step of time it shows."""
    layers = view.state.trials[trial].layers
    return next((own for own in range(place, len(layers)) if layers[own].kind != TIME), place)


def _is_one(layers: list[LayerFacts]) -> bool:
    """Whether all steps of time are one layer's, so that they need not name it."""
    return len({layer.name.partition(" ")[0] for layer in layers if layer.kind == TIME}) == 1


def _names(layers: list[LayerFacts], *, is_one: bool) -> list[str]:
    """`t=5` in place of `rnn1 t=5` where there is no other recurrent layer."""
    return [layer.name.partition(" ")[2] if is_one and layer.kind == TIME else layer.name for layer in layers]
