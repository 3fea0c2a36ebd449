"""The whole diagnosis for a terminal: each variant's findings with their causes, what would refute them, and their remedies."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from dlbench.analysis.diagnosis.as_data import findings_as_data
from dlbench.analysis.diagnosis.evidence import is_judged
from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding
from dlbench.plan import choice_text
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState
from dlbench.text.blocks import Terminal
from dlbench.text.toml_text import inline
from dlbench.words.number_format import number

COLORS = {"alarm": "red", "warning": "yellow", "note": "cyan"}
INDENT = 4
WIDEST = 100
"""Cells of a line of prose, however wide the terminal is."""


def render_diagnosis(
    state: RunState, findings: Mapping[int, Sequence[Finding]], trials: Sequence[TrialState], terminal: Terminal
) -> RenderableType:
    """The findings of some trials, told by variant, and which variants have none."""
    variants = findings_as_data(state, findings, trials)["variants"]
    parts = [part for one in variants if one["findings"] for part in _variant(one, terminal)]
    if healthy := [_name(one) for one in variants if not one["findings"]]:
        so_far = "" if all(trial.status.final for trial in trials) else " so far"
        what = "nothing found" if any(map(is_judged, trials)) else "no layers were measured; nothing found"
        parts += _prose(f"{what}{so_far} in {'; '.join(healthy)}", terminal, 0)
    return Group(*parts)


def _name(one: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (one["variant"], choice_text(one["choice"]))))


def _variant(one: Mapping[str, Any], terminal: Terminal) -> Iterator[Text]:
    """A variant: its name, its findings, the worst first, of those the ones that most seeds have, and an empty line."""
    yield Text(terminal.plain(_name(one)), style="bold")
    for found in sorted(one["findings"], key=lambda found: (SEVERITIES.index(found["severity"]), -found["seeds"])):
        yield from _finding(found, terminal)
    yield Text()


def _finding(found: Mapping[str, Any], terminal: Terminal) -> Iterator[Text]:
    severity, seeds, of = found["severity"], found["seeds"], found["of"]
    where = "" if of == 1 else f", in all {of} seeds" if seeds == of else f", in {seeds} of {of} seeds"
    style = terminal.style(COLORS.get(severity, ""), "bold")
    yield Text(terminal.plain(f"  {severity}: {found['kind']}{where}"), style=style)
    yield from _prose(f"{found['says']}{_when(found)}.", terminal, INDENT)
    if found["evidence"]:
        numbers = (f"{name.replace('_', ' ')} {number(value)}" for name, value in found["evidence"].items())
        yield from _prose(f"evidence: {', '.join(numbers)}", terminal, INDENT)
    for label, key in (("because", "because"), ("not so if", "refuted_by")):
        if found[key]:
            yield from _prose(f"{label}: {found[key]}", terminal, INDENT)
    for own in found["remedies"]:
        yield from _prose(f"try {own['name']}: {own['says']}", terminal, INDENT)
        for key, value in own["set"].items():
            yield from _prose(f"{key} = {inline(value)}", terminal, INDENT + 4)


def _when(found: Mapping[str, Any]) -> str:
    """From when to when; nothing of what was there from the beginning and still is."""
    since, until = found["since"], found["until"]
    if until is None:
        return f", since step {since:,}" if since else ""
    return f", at step {since:,}" if since == until else f", from step {since:,} to {until:,}"


def _prose(text: str, terminal: Terminal, indent: int) -> Iterator[Text]:
    """A text in lines as wide as the terminal, its further lines indented."""
    width = max(min(terminal.width, WIDEST) - indent, 20)
    for line in textwrap.wrap(terminal.plain(text), width, subsequent_indent="  "):
        yield Text(" " * indent + line)
