"""Every key of the dashboard in one table: bindings, footer, help and the documentation are made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

Group: TypeAlias = Literal["Everywhere", "Cursor", "Charts", "Run", "Replay", "Tables"]


@dataclass(frozen=True)
class Key:
    """One key: what Textual calls it, the action behind it, a word for the footer, a sentence for the help.

    `shown` says where the footer shows it: everywhere (`"*"`), in the panes of these names, or nowhere (empty).
    """

    key: str
    action: str
    label: str
    help: str
    group: Group
    shown: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """A name that stays when the key is another one: `pane.curves`, `trial.-1`."""
        return ".".join(filter(None, re.split(r"[^\w-]+", self.action)))

    @property
    def name(self) -> str:
        """The action without its argument."""
        return self.action.partition("(")[0]

    @property
    def faces(self) -> list[str]:
        """Each of its keys as people read it."""
        return [FACES.get(key, key) for key in self.key.split(",")]

    @property
    def changes_run(self) -> bool:
        """Whether it asks something of the workers; `--read-only` refuses it."""
        return self.group == "Run"


FACES = {
    "question_mark": "?", "slash": "/", "left_square_bracket": "[", "space": "space", "full_stop": ".", "comma": ",",
    "greater_than_sign": ">", "left": "←", "right": "→", "up": "↑", "down": "↓", "shift+left": "shift+←",
    "shift+right": "shift+→", "left_curly_bracket": "{", "right_curly_bracket": "}", "f1": "F1", "home": "Home",
    "end": "End", "ctrl+c": "Ctrl-C", "ctrl+z": "Ctrl-Z", "shift+tab": "shift+Tab", "tab": "Tab", "enter": "Enter",
    "escape": "Esc", "ctrl+p": "Ctrl-P", "ctrl+q": "Ctrl-Q",
}  # fmt: skip

CHARTS = ("gradients", "curves", "layers", "pictures")

KEYS = (
    Key("1", "pane('gradients')", "", "Gradients: layers by steps, the whole run in one picture.", "Everywhere"),
    Key("2", "pane('curves')", "", "Curves: loss and accuracy, train against test.", "Everywhere"),
    Key("3", "pane('layers')", "", "Layers: one step, every layer, and its histogram of gradients.", "Everywhere"),
    Key("4", "pane('compare')", "", "Compare: the table and the claims.", "Everywhere"),
    Key("5", "pane('lesson')", "", "Lesson: the question, and after the run its explanation.", "Everywhere"),
    Key("6", "pane('log')", "", "Log: notes, and what the workers print.", "Everywhere"),
    Key("7", "pane('runs')", "", "Runs: open another, or overlay its curves on these.", "Everywhere"),
    Key("8", "pane('pictures')", "", "Pictures: filters of units, samples with their reconstructions.", "Everywhere"),
    Key("tab", "next_pane(1)", "", "The next pane.", "Everywhere"),
    Key("shift+tab", "next_pane(-1)", "", "The previous pane.", "Everywhere"),
    Key("question_mark,f1", "help", "Help", "What the picture means, and every key.", "Everywhere", ("*",)),
    Key("left_square_bracket", "sidebar", "Trials", "Show or hide the list of trials.", "Everywhere", ("*",)),
    Key("slash", "filter", "Filter", "List only trials whose variant or seed contains a text.", "Everywhere"),
    Key("n", "trial(1)", "Next", "The next trial of the list.", "Everywhere", CHARTS),
    Key("p", "trial(-1)", "", "The previous trial of the list.", "Everywhere"),
    Key("F", "follow", "", "Follow the running trial, or stay with the chosen one.", "Everywhere"),
    Key("e", "export", "Export", "Write the table to a file.", "Everywhere", ("compare",)),
    Key("s", "screenshot", "", "Save the screen as SVG.", "Everywhere"),
    Key("Y", "copy", "", "Copy the numbers under the cursor, or the table, to the clipboard of your terminal.", "Everywhere"),
    Key("T", "theme", "", "The next theme: dark, light, high contrast, your terminal's own colours.", "Everywhere"),
    Key("ctrl+p", "command_palette", "", "Find a key by what it does.", "Everywhere"),
    Key("escape", "close", "", "Close the list of trials where it lies over the picture.", "Everywhere"),
    Key("q,ctrl+q", "quit", "Quit", "Leave; a run under way goes on.", "Everywhere", ("*",)),
    Key("ctrl+c", "interrupt", "", "Press twice to leave; a run under way goes on.", "Everywhere"),
    Key("ctrl+z", "suspend_process", "", "Suspend the dashboard; `fg` brings it back.", "Everywhere"),
    Key("left", "step(-1)", "", "The cursor one column back in time.", "Cursor"),
    Key("right", "step(1)", "", "One column forward.", "Cursor"),
    Key("shift+left", "step(-10)", "", "Ten columns back.", "Cursor"),
    Key("shift+right", "step(10)", "", "Ten columns forward.", "Cursor"),
    Key("home", "first_step", "", "To the first step.", "Cursor"),
    Key("end", "newest_step", "", "To the newest step, and stay with it.", "Cursor"),
    Key("up", "layer(1)", "", "One layer towards the output.", "Cursor"),
    Key("down", "layer(-1)", "", "One layer towards the input.", "Cursor"),
    Key("m", "measure(1)", "Measure", "The next measure.", "Charts", ("gradients", "layers", "pictures")),
    Key("M", "measure(-1)", "", "The previous measure.", "Charts"),
    Key("c", "range", "", "Colours over the whole measured range, or without its extremes.", "Charts"),
    Key("v", "beside", "Beside", "Another variant beside this one, on one scale; again for the next, at last none.",
        "Charts", ("gradients",)),
    Key("r", "rows", "Rows", "Of recurrent nets: layers and time steps, time steps alone, layers alone.",
        "Charts", ("gradients", "layers")),
    Key("y", "log", "Log", "Logarithmic axis, or linear.", "Charts", ("curves",)),
    Key("z", "log_steps", "Steps", "Linear steps, or logarithmic ones, which give the first steps more room.",
        "Charts", ("gradients", "curves")),
    Key("t", "curves", "Loss/acc", "Loss, or accuracy.", "Charts", ("curves",)),
    Key("b", "spread", "Spread", "The trial alone, all its seeds, or every variant's mean with a band.", "Charts", ("curves",)),
    Key("space", "pause", "Pause", "Pause or resume the training; in a replay, the replay.", "Run", CHARTS),
    Key("full_stop", "advance", "Step", "One step, then pause again; in a replay, to the next event.", "Run"),
    Key("greater_than_sign", "epoch", "", "One epoch, then pause again.", "Run"),
    Key("l", "set_lr", "", "Set the learning rate; the change is recorded, and marked in the table and the curves.", "Run"),
    Key("k", "breakpoint", "", "Set a breakpoint: pause when a condition holds, such as first_last_gradient_ratio < 1e-6.", "Run"),
    Key("X", "end_trial", "", "End the chosen trial for good; the others go on.", "Run"),
    Key("x", "stop", "Stop", "Stop the run after its current step, with a checkpoint.", "Run", CHARTS),
    Key("comma", "event_before", "", "To the previous event.", "Replay"),
    Key("left_curly_bracket", "speed(-1)", "", "Half as fast.", "Replay"),
    Key("right_curly_bracket", "speed(1)", "", "Twice as fast.", "Replay"),
    Key("g", "seek", "", "To a step, 500, or a share of the run, 50 %.", "Replay"),
    Key("G", "seek_end", "", "To the end.", "Replay"),
    Key("o", "sort", "Sort", "Sort by the next column; again for the reverse order.", "Tables", ("compare", "runs")),
    Key("enter", "choose", "Open", "Open the selected row.", "Tables", ("runs",)),
    Key("i", "overlay", "Overlay", "Overlay the run's curves on these, or remove them.", "Tables", ("runs",)),
    Key("w", "worker", "Worker", "Show the output of the next worker.", "Tables", ("log",)),
)  # fmt: skip
"""In the order of the help."""

COMMON = ("sidebar", "help", "quit")
"""Actions that the footer shows last, and leaves out last."""


def footer(pane: str) -> list[Key]:
    """The keys that the footer shows in a pane, from left to right."""
    own = [key for key in KEYS if pane in key.shown and key.group not in {"Everywhere", "Run"}]
    rest = [key for key in KEYS if pane in key.shown and key not in own]
    return [*own, *rest, *sorted((key for key in KEYS if "*" in key.shown), key=lambda key: COMMON.index(key.name))]


def dispensable(keys: list[Key]) -> Iterator[Key]:
    """The keys of a footer in the order in which they are left out where there is no room; of a group the last one first."""
    order = ("Everywhere", "Replay", "Run", "Tables", "Charts", "Cursor")
    yield from sorted((key for key in keys[::-1] if "*" not in key.shown), key=lambda key: order.index(key.group))
    yield from (key for key in keys if "*" in key.shown)


def grouped() -> list[tuple[Group, list[Key]]]:
    """The keys in the groups of the help."""
    return [(group, list(keys)) for group, keys in groupby(KEYS, key=lambda key: key.group)]


def as_markdown() -> str:
    """Every key in tables, one a group: what the documentation shows."""
    return "\n\n".join(_table(group, keys) for group, keys in grouped())


def _table(group: Group, keys: list[Key]) -> str:
    rows = (f"| {', '.join(f'`{face}`' for face in key.faces)} | {key.help} |" for key in keys)
    return "\n".join([f"| {group} | |", "|---|---|", *rows])
