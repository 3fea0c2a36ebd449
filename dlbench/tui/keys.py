"""Every key of the dashboard in one table: bindings, footer, help and the documentation are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from textual.keys import format_key

Group: TypeAlias = Literal["Everywhere", "Cursor", "Charts", "Run", "Replay", "Tables"]


@dataclass(frozen=True)
class Key:
    """One key: its name in keys.toml, what Textual calls it, the action behind it, a word for the footer, a sentence for the help.

    Of several keys the names stand with commas between, the one that is told first. `shown` says where the footer shows it:
    everywhere (`"*"`), in the panes of these names, or nowhere (empty).
    """

    id: str
    key: str
    action: str
    label: str
    help: str
    group: Group
    shown: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The action without its argument."""
        return self.action.partition("(")[0]

    @property
    def names(self) -> list[str]:
        """Each of its keys as Textual calls it; none where a file takes them away."""
        return list(filter(None, self.key.split(",")))

    @property
    def faces(self) -> list[str]:
        """Each of its keys as people read it."""
        return [face(key) for key in self.names]

    @property
    def changes_run(self) -> bool:
        """Whether it asks something of the workers; `--read-only` refuses it."""
        return self.group == "Run"

    @property
    def is_fixed(self) -> bool:
        """Whether no file changes it: one key always leaves."""
        return self.name == "interrupt"


FACES = {
    "left": "←", "right": "→", "up": "↑", "down": "↓", "home": "Home", "end": "End", "tab": "Tab", "enter": "Enter",
    "escape": "Esc", "space": "space", "pageup": "PgUp", "pagedown": "PgDn", "insert": "Ins", "delete": "Del",
    "backspace": "Backspace",
}  # fmt: skip
"""Keys that print nothing, as people read them."""


def face(key: str) -> str:
    """A key of Textual's as people read it: `?`, `shift+←`, `Ctrl-C`, `F1`."""
    held, _, last = key.rpartition("+")
    shown = FACES.get(last) or format_key(last)
    shown = shown.upper() if shown[1:].isdigit() else shown
    return f"Ctrl-{shown.upper()}" if held == "ctrl" else f"{held}+{shown}" if held else shown


CHARTS = ("gradients", "curves", "layers", "pictures")

KEYS = (
    Key("show_gradients", "1", "pane('gradients')", "", "Gradients: layers by steps, the whole run in one picture.", "Everywhere"),
    Key("show_curves", "2", "pane('curves')", "", "Curves: loss and accuracy, train against test.", "Everywhere"),
    Key("show_layers", "3", "pane('layers')", "", "Layers: one step, every layer, and its histogram of gradients.", "Everywhere"),
    Key("show_compare", "4", "pane('compare')", "", "Compare: the table and the claims.", "Everywhere"),
    Key("show_lesson", "5", "pane('lesson')", "", "Lesson: the question, and after the run its explanation.", "Everywhere"),
    Key("show_log", "6", "pane('log')", "", "Log: the machine, notes, and what the workers print.", "Everywhere"),
    Key("show_runs", "7", "pane('runs')", "", "Runs: open another, or overlay its curves on these.", "Everywhere"),
    Key("show_pictures", "8", "pane('pictures')", "", "Pictures: filters of units, samples with their reconstructions.",
        "Everywhere"),
    Key("next_pane", "tab", "next_pane(1)", "", "The next pane.", "Everywhere"),
    Key("previous_pane", "shift+tab", "next_pane(-1)", "", "The previous pane.", "Everywhere"),
    Key("help", "question_mark,f1,ctrl+p", "help", "Help",
        "What the picture means, and every key: type to find a key or a command, Enter runs it.", "Everywhere", ("*",)),
    Key("trials", "left_square_bracket", "sidebar", "Trials", "Show or hide the list of trials.", "Everywhere", ("*",)),
    Key("filter", "slash", "filter", "Filter", "List only trials whose variant or seed contains a text.", "Everywhere"),
    Key("diagnosis", "d", "diagnosis", "Diagnosis", "What is wrong with the trial: findings, their evidence drawn, remedies.",
        "Everywhere", ("gradients",)),
    Key("mend", "f", "mend", "", "Try the remedies: train the variant again with one change each, and show that run.",
        "Everywhere"),
    Key("scene", "h", "scene", "Scene", "Back to the scene of the lesson: what the dashboard opened on.", "Everywhere", CHARTS),
    Key("next_trial", "n", "trial(1)", "Next", "The next trial of the list.", "Everywhere", CHARTS),
    Key("previous_trial", "p", "trial(-1)", "", "The previous trial of the list.", "Everywhere"),
    Key("follow", "F", "follow", "", "Follow what trains, from trial to trial; or stay with the one on the screen.", "Everywhere"),
    Key("export", "e", "export", "Export", "Write the table to a file.", "Everywhere", ("compare",)),
    Key("screenshot", "s", "screenshot", "", "Save the screen as SVG.", "Everywhere"),
    Key("copy", "Y", "copy", "", "Copy the numbers under the cursor, or the table, to the clipboard of your terminal.",
        "Everywhere"),
    Key("theme", "T", "theme", "", "The next theme: dark, light, high contrast, your terminal's own colours.", "Everywhere"),
    Key("close", "escape", "close", "", "Close the list of trials where it lies over the picture.", "Everywhere"),
    Key("quit", "q,ctrl+q", "quit", "Quit", "Leave; a run under way goes on.", "Everywhere", ("*",)),
    Key("interrupt", "ctrl+c", "interrupt", "", "Press twice to leave; a run under way goes on.", "Everywhere"),
    Key("suspend", "ctrl+z", "suspend_process", "", "Suspend the dashboard; `fg` brings it back.", "Everywhere"),
    Key("column_back", "left", "step(-1)", "", "The cursor one column back in time.", "Cursor"),
    Key("column_forward", "right", "step(1)", "", "One column forward.", "Cursor"),
    Key("ten_columns_back", "shift+left", "step(-10)", "", "Ten columns back.", "Cursor"),
    Key("ten_columns_forward", "shift+right", "step(10)", "", "Ten columns forward.", "Cursor"),
    Key("first_step", "home", "first_step", "", "To the first step.", "Cursor"),
    Key("newest_step", "end", "newest_step", "", "To the newest step, and stay with it.", "Cursor"),
    Key("layer_up", "up", "layer(1)", "", "One layer towards the output.", "Cursor"),
    Key("layer_down", "down", "layer(-1)", "", "One layer towards the input.", "Cursor"),
    Key("next_measure", "m", "measure(1)", "Measure", "The next measure.", "Charts", ("gradients", "layers", "pictures")),
    Key("previous_measure", "M", "measure(-1)", "", "The previous measure.", "Charts"),
    Key("color_range", "c", "range", "", "Colours over the whole measured range, or without its extremes.", "Charts"),
    Key("beside", "v", "beside", "Beside", "Another variant beside this one, on one scale; again for the next, at last none.",
        "Charts", ("gradients",)),
    Key("time_rows", "r", "rows", "Rows", "Of recurrent nets: layers and time steps, time steps alone, layers alone.",
        "Charts", ("gradients", "layers")),
    Key("log_axis", "y", "log", "Log", "Logarithmic axis, or linear.", "Charts", ("curves",)),
    Key("log_steps", "z", "log_steps", "Steps", "Linear steps, or logarithmic ones, which give the first steps more room.",
        "Charts", ("gradients", "curves")),
    Key("loss_or_score", "t", "curves", "Loss/acc", "Loss, or accuracy.", "Charts", ("curves",)),
    Key("spread", "b", "spread", "Spread", "The trial alone, all its seeds, or every variant's mean with a band.",
        "Charts", ("curves",)),
    Key("pause", "space", "pause", "Pause", "Pause or resume the training; in a replay, the replay.", "Run", CHARTS),
    Key("one_step", "full_stop", "advance", "Step", "One step, then pause again; in a replay, to the next event.", "Run"),
    Key("one_epoch", "greater_than_sign", "epoch", "", "One epoch, then pause again.", "Run"),
    Key("set_lr", "l", "set_lr", "", "Set the learning rate; the change is recorded, and marked in the table and the curves.",
        "Run"),
    Key("breakpoint", "k", "breakpoint", "",
        "Set a breakpoint: pause when a condition holds, such as first_last_gradient_ratio < 1e-6.", "Run"),
    Key("end_trial", "X", "end_trial", "", "End the chosen trial for good; the others go on.", "Run"),
    Key("stop", "x", "stop", "Stop", "Stop the run after its current step, with a checkpoint.", "Run", CHARTS),
    Key("previous_event", "comma", "event_before", "", "To the previous event.", "Replay"),
    Key("slower", "left_curly_bracket", "speed(-1)", "", "Half as fast.", "Replay"),
    Key("faster", "right_curly_bracket", "speed(1)", "", "Twice as fast.", "Replay"),
    Key("seek", "g", "seek", "", "To a step, 500, or a share of the run, 50 %.", "Replay"),
    Key("seek_end", "G", "seek_end", "", "To the end.", "Replay"),
    Key("sort", "o", "sort", "Sort", "Sort by the next column; again for the reverse order.", "Tables", ("compare", "runs")),
    Key("open", "enter", "choose", "Open", "Open the selected row.", "Tables", ("runs",)),
    Key("overlay", "i", "overlay", "Overlay", "Overlay the run's curves on these, or remove them.", "Tables", ("runs",)),
    Key("next_worker", "w", "worker", "Worker", "Show the output of the next worker.", "Tables", ("log",)),
)  # fmt: skip
"""In the order of the help."""
