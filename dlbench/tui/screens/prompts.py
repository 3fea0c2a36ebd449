"""The prompts that change nothing in a run: filter, seek, export."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input, Static

from dlbench.tui.app_base import dashboard
from dlbench.tui.model.follow import look_at
from dlbench.tui.model.trials import listed
from dlbench.tui.screens.prompt import Prompt, PromptButton, field, words

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class FilterPrompt(Prompt[str]):
    """Asks for a text that trials must contain; the list follows while it is typed, and Escape brings the old one back.

    Where the trial that is looked at does not, the first that does is looked at.
    """

    HEADING = "Filter the trials"

    def contents(self) -> ComposeResult:
        """The field, and how many trials it leaves."""
        focus = dashboard(self).view.focus
        self._before, self._trial, self._followed = focus.filter, focus.trial, focus.follow
        yield words(self, "Only trials whose variant, choice or seed contains every word.", "faint")
        yield field(self._before, "relu seed 3")
        yield Static(self._count(), id="count")

    def choices(self) -> list[PromptButton]:
        """Keep what is typed, or show all."""
        return [PromptButton("keep", "Filter", "primary"), PromptButton("all", "Show all")]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter at once."""
        self._set(event.value)

    def accept(self, choice: str) -> None:
        """The filter stays, or goes."""
        text = "" if choice == "all" else self.query_one(Input).value.strip()
        self._set(text)
        self.finish(text)

    def action_cancel(self) -> None:
        """The old filter comes back, and the trial before."""
        self._set(self._before)
        focus = dashboard(self).view.focus
        look_at(dashboard(self).view, self._trial)
        focus.follow = self._followed
        dashboard(self).redraw()
        super().action_cancel()

    def _set(self, text: str) -> None:
        view = dashboard(self).view
        view.focus.filter = text.strip()
        look_at(view, shown_of(view, self._trial))
        # What trains now would take its place at once.
        view.focus.follow = self._followed and view.focus.trial == self._trial
        self.query_one("#count", Static).update(self._count())
        dashboard(self).redraw()

    def _count(self) -> str:
        view = dashboard(self).view
        total = len(view.info.plan.trials)
        return f"{len(listed(view))} of {total} trial{'' if total == 1 else 's'}"


def shown_of(view: View, trial: int) -> int:
    """A trial, if the filter lets it through; else the first that it does; where there is none, itself."""
    order = listed(view)
    return trial if trial in order or not order else order[0]


@dataclass(frozen=True)
class SeekTarget:
    """Where a replay is to go: a step of the chosen trial, or a share of the run's time from 0 to 1."""

    step: int | None = None
    share: float | None = None


class SeekPrompt(Prompt[SeekTarget]):
    """Asks where a replay is to go."""

    HEADING = "Go to"

    def contents(self) -> ComposeResult:
        """The field, and what it takes."""
        view = dashboard(self).view
        self._steps = view.state.trials[view.focus.trial].stack.steps if view.state.trials else 0
        yield words(self, f"A step up to {self._steps:,}, a share of the run, or 'end': 500 · 50 % · end", "faint")
        yield field(hint="500")

    def choices(self) -> list[PromptButton]:
        """Go, or the two ends."""
        return [PromptButton("go", "Go", "primary"), PromptButton("start", "Start"), PromptButton("end", "End")]

    def accept(self, choice: str) -> None:
        """Go there, or say why that is nowhere."""
        try:
            self.finish(target(self.query_one(Input).value if choice == "go" else choice, self._steps))
        except ValueError as error:
            self.tell(str(error))


def target(text: str, steps: int) -> SeekTarget:
    """`500`, `step=500`, `50 %`, `start` or `end` as a place; raises ValueError where it is none, or beyond `steps`."""
    plain = text.strip().lower().removeprefix("step").strip(" =")
    if plain in ("start", "end"):
        return SeekTarget(share=float(plain == "end"))
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", plain)
    if share and float(share[1]) <= 100:
        return SeekTarget(share=float(share[1]) / 100)
    if share:
        raise ValueError("more than 100 % is beyond the end")
    if not re.fullmatch(r"\d[\d,_]*", plain):
        raise ValueError(f"'{text.strip()}' is not a place: write a step as 500, a share as 50 %, or 'end'")
    step = int(re.sub(r"[,_]", "", plain))
    if step > steps:
        raise ValueError(f"step {step:,} is beyond the end: this trial has {steps:,} steps")
    return SeekTarget(step=step)


@dataclass(frozen=True)
class ExportTo:
    """In which of `EXPORTERS.names` the table is to be written, and where."""

    form: str
    file: Path


class ExportPrompt(Prompt[ExportTo]):
    """Asks for the format of the table and the name of its file; Enter in the field writes what its name ends in."""

    HEADING = "Export the table"
    BUTTON_WIDTH = 11
    DEFAULT_CSS = "ExportPrompt > #box { width: 96; } ExportPrompt #buttons { grid-gutter: 0; }"

    def contents(self) -> ComposeResult:
        """The file's name, with the format that its end stands for."""
        yield words(self, "Writes the table in full precision to a file. The button sets the format.", "faint")
        yield field(f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', dashboard(self).view.info.name)}.csv")
        yield Static(id="there", classes="faint")

    def choices(self) -> list[PromptButton]:
        """One button a format."""
        from dlbench.export import EXPORTERS

        return [
            PromptButton(part.name, part.name, "primary" if not i else "default") for i, part in enumerate(EXPORTERS)
        ]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say beforehand that a file would be replaced."""
        there = event.value.strip() and Path(event.value.strip()).expanduser().is_file()
        self.query_one("#there", Static).update("this file exists; it will be replaced" if there else "")

    def enter(self) -> None:
        """The format that the name ends in."""
        from dlbench.export import EXPORTERS

        suffix = Path(self.query_one(Input).value.strip()).suffix
        form = next((part.name for part in EXPORTERS if part.traits["suffix"] == suffix), None)
        if form is None:
            self.tell(f"no format writes files that end in '{suffix}'; choose one by its button")
        else:
            self._write(form, rename=False)

    def accept(self, choice: str) -> None:
        """A format's button."""
        self._write(choice, rename=True)

    def _write(self, form: str, *, rename: bool) -> None:
        from dlbench.export import EXPORTERS

        text = self.query_one(Input).value.strip()
        file = Path(text).expanduser()
        if wrong := unwritable(text, file):
            self.tell(wrong)
            return
        suffix = str(EXPORTERS[form].traits["suffix"])
        known = {"", *(str(part.traits["suffix"]) for part in EXPORTERS)}
        self.finish(ExportTo(form, file.with_suffix(suffix) if rename and file.suffix in known else file))


def unwritable(text: str, file: Path) -> str:
    """Why a table cannot be written there; empty if it can."""
    if not text:
        return "the file needs a name"
    if file.is_dir():
        return f"'{text}' is a folder"
    if file.exists() and not file.is_file():
        return f"'{text}' is a device or a pipe: writing would replace it"
    return "" if file.parent.is_dir() else f"there is no folder '{file.parent}'"
