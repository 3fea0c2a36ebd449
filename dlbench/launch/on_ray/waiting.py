"""Workers that wait for room: people are told what for, and one that fits on no node is given up after a while."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from dlbench.launch.on_ray.packing import Needs
from dlbench.launch.on_ray.room import NodeRoom, fits_nowhere, waits
from dlbench.launch.on_ray.unit import Unit

UNNOTICED_SECONDS = 20.0
"""How long a worker may wait before a word is said: a node that is free takes some seconds to begin one, and Ray does not tell."""


class Waiting:
    """Looks at workers without room; `give_up` is called for one that fits on no node, with the reason."""

    def __init__(self, patience: float, give_up: Callable[[Unit, str], None]) -> None:
        """`patience` are the seconds in which a node may join that a worker fits on."""
        self._patience, self._give_up = patience, give_up
        self._blocked: set[Needs] = set()

    def look(self, units: Sequence[Unit], nodes: Sequence[NodeRoom], now: float) -> None:
        """Tell of those that wait, once each need; workers that wait for others of the same run alone are as planned."""
        kinds: dict[Needs, list[Unit]] = defaultdict(list)
        for unit in units:
            if unit.place is None and now - unit.asked >= UNNOTICED_SECONDS:
                kinds[unit.needs].append(unit)
        later = [
            node.with_back(one.needs for one in units if one.place and one.place.node == node.id) for node in nodes
        ]
        for needs, waiting in kinds.items():
            if not any(node.could_hold(needs) for node in nodes):
                self._despair(waiting, fits_nowhere(_named(waiting), needs, nodes), now)
                continue
            for unit in waiting:
                unit.hopeless = None
            if any(node.holds_now(needs) for node in later):
                self._blocked.discard(needs)
            elif needs not in self._blocked:  # what has just ended may still count as taken
                self._blocked.add(needs)
            elif not any(one.is_told_to_wait for one in waiting):
                _tell(waiting, waits(_named(waiting), needs, nodes))

    def _despair(self, waiting: Sequence[Unit], text: str, now: float) -> None:
        if all(unit.hopeless is None for unit in waiting):
            _tell(waiting, f"{text}; it is given up in {self._patience:.0f} s if none joins that is large enough")
        for unit in waiting:
            unit.hopeless = now if unit.hopeless is None else unit.hopeless
            if now - unit.hopeless >= self._patience:
                self._give_up(unit, text)


def found(unit: Unit, now: float) -> None:
    """Say that a worker of which people know that it waits has found room."""
    if unit.is_told_to_wait:
        text = f"{unit.name} has found room after {now - unit.asked:.0f} s"
        unit.receiver.tell("note", time.time(), stack=None, text=text)


def _named(waiting: Sequence[Unit]) -> str:
    first, *others = (unit.name for unit in waiting)
    return f"{first} (as {len(others)} more)" if others else first


def _tell(waiting: Sequence[Unit], text: str) -> None:
    for unit in waiting:
        unit.is_told_to_wait = True
    waiting[0].receiver.tell("note", time.time(), stack=None, text=text)
