"""The record of the diagnosis for a terminal: its figures by part and by kind, and what was missed or told wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dlbench.analysis.diagnosis.finding import KINDS
from dlbench.self_test.as_data import ALL, HELD_OUT, TUNING, parts_of
from dlbench.self_test.scoring import NOTHING, Judged, Share, confusion, score, score_of_kinds
from dlbench.text.blocks import Terminal, table_blocks
from dlbench.text.cells import Heading, TextCell, TextTable

PARTS = {TUNING: "tuning", HELD_OUT: "held out", ALL: "all"}

NAMED, RIGHT, ALARMED = (
    Heading("recall", "sick trials named"),
    Heading("precision", "findings right"),
    Heading("false_alarms", "healthy trials with a finding"),
)


def render_record(found: Sequence[Judged], terminal: Terminal) -> RenderableType:
    """The figures of each part, those of each kind of the whole, and every trial that was not told as it should be."""
    whole = list(found)
    return Group(
        *table_blocks(_by_part(parts_of(whole)), terminal),
        *table_blocks(_by_kind(whole), terminal),
        *(Text(terminal.plain(line)) for line in _faults(whole)),
    )


def share_text(share: Share) -> str:
    """`32 of 68, 0.47`; a dash of nothing."""
    return "-" if share.value is None else f"{share.count} of {share.of}, {share.value:.2f}"


def _by_part(parts: dict[str, list[Judged]]) -> TextTable:
    rows = []
    for name, own in parts.items():
        figures = score(own)
        shares = (figures.recall, figures.precision, figures.false_alarms)
        rows.append((TextCell(PARTS[name]), TextCell(str(figures.scenarios)), *map(_cell, shares)))
    headings = (Heading("part", "part", is_number=False), Heading("scenarios", "scenarios"), NAMED, RIGHT, ALARMED)
    return TextTable("parts", "", headings, tuple(rows))


def _by_kind(found: Sequence[Judged]) -> TextTable:
    met = confusion(found)
    rows = []
    for own in score_of_kinds(found, KINDS):
        others = {told: count for (expected, told), count in sorted(met.items()) if expected == own.kind != told}
        rows.append(
            (
                TextCell(own.kind),
                _cell(own.recall),
                _cell(own.precision),
                TextCell(str(own.false_alarms)),
                TextCell(", ".join(f"{told} {count}" for told, count in others.items()) or "-"),
            )
        )
    others_too = Heading("others", "other kinds in so many trials of it", is_number=False)
    headings = (Heading("kind", "kind", is_number=False), NAMED, RIGHT, ALARMED, others_too)
    return TextTable("kinds", "", headings, tuple(rows))


def _cell(share: Share) -> TextCell:
    return TextCell(share_text(share), value=share.value)


def _faults(found: Sequence[Judged]) -> Iterator[str]:
    """One line each: a sick trial that is not named, a wrong finding, a scenario that does not do as its label says."""
    for one in found:
        trial, scenario = one.trial, one.trial.scenario
        name = f"{scenario.name}, seed {trial.seed}"
        if scenario.is_sick and not one.named:
            told = ", ".join(one.kinds) or NOTHING
            yield f"missed: {name}: {' or '.join(scenario.accepts)} expected, {told} told"
        if one.wrong:
            yield f"wrong: {name}: {', '.join(one.wrong)}"
        if not trial.is_as_labelled:
            told = "none" if trial.value is None else f"{trial.value:.4g}"
            yield f"label: {name}: {scenario.target.metric} is {told}, which a {_word(one)} one's should not be"


def _word(one: Judged) -> str:
    return "sick" if one.trial.scenario.is_sick else "healthy"
