"""All that can be done from the dashboard, to be found by typing: every key, and what has no key of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from dlbench.measures.catalog import MEASURES
from dlbench.tui.themes import PALETTES

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase

Run: TypeAlias = Callable[[], Awaitable[Any] | Any]


@dataclass(frozen=True)
class HelpCommand:
    """One thing that can be done: in words, by which keys, where it belongs, how, and whether it does anything now."""

    title: str
    faces: tuple[str, ...]
    about: str
    """Other words by which it is found."""
    run: Run
    can: bool = True


def commands(app: AppBase) -> list[HelpCommand]:
    """Every key but that of the help itself, each measure, each theme."""
    keys = [key for key in app.keys.keys if key.name != "help"]
    found = [
        HelpCommand(
            key.help,
            tuple(key.faces),
            f"{key.label} {key.group} {key.id.replace('_', ' ')}",
            partial(app.run_action, key.action),
            app.can(key),
        )
        for key in keys
    ]
    found += [
        HelpCommand(f"Measure: {measure.title}.", (), name.replace("_", " "), partial(_measure, app, name))
        for name, measure in MEASURES.items()
    ]
    if not app.options.no_color:
        found += [
            HelpCommand(f"Theme: {palette.title}.", (), "colours", partial(app.run_action, f"wear('{palette.title}')"))
            for palette in PALETTES
        ]
    return found


def matching(all_of_them: Iterable[HelpCommand], text: str) -> list[HelpCommand]:
    """The commands that have every word of a text in them: first one whose key it is, then those with a word that begins so."""
    words = text.lower().split()
    found = [command for command in all_of_them if all(word in _searched(command) for word in words)]

    def rank(command: HelpCommand) -> tuple[bool, bool, int, bool]:
        faces = [face.lower() for face in command.faces]
        parts = _searched(command).replace("/", " ").replace(":", " ").split()
        begun = sum(any(part.startswith(word) for part in parts) for word in words)
        return text.strip() not in command.faces, text.strip().lower() not in faces, -begun, not command.can

    return sorted(found, key=rank)


def _searched(command: HelpCommand) -> str:
    return f"{' '.join(command.faces)} {command.title} {command.about}".lower()


def _measure(app: AppBase, name: str) -> None:
    app.view.focus.measure = name
    app.redraw()
