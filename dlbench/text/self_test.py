"""The record of the diagnosis for a terminal: its figures by part and by kind, and what was missed or told wrongly."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dlbench.plan.finding_kinds import KINDS
from dlbench.self_test.as_data import ALL, HELD_OUT, TUNING, parts_of
from dlbench.self_test.scoring import HEALTHY, NOTHING, Judged, Share, confusion, score, score_of_kinds
from dlbench.text.blocks import Terminal, table_blocks
from dlbench.text.text_table import Heading, TextCell, TextTable

PARTS = {TUNING: "tuning", HELD_OUT: "held out", ALL: "all"}

NAMED, RIGHT, ALARMED = (
    Heading("recall", "sick trials named"),
    Heading("precision", "findings right"),
    Heading("false_alarms", "healthy trials with a finding"),
)


def render_record(found: Sequence[Judged], terminal: Terminal) -> RenderableType:
    """The figures of each part, those of each kind of the whole, the confusion, and what was not told as it should be."""
    lines = [*_confused(found), "", *_faults(found)]
    return Group(
        *table_blocks(_by_part(parts_of(found)), terminal),
        *table_blocks(_by_kind(found), terminal),
        *(Text(line) for text in lines for line in _folded(terminal.plain(text), terminal.width)),
    )


def share_text(share: Share) -> str:
    """`32 of 68, 0.47`; a dash of nothing."""
    return "-" if share.value is None else f"{share.count} of {share.of}, {share.value:.2f}"


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False) or [""]


def _by_part(parts: dict[str, list[Judged]]) -> TextTable:
    rows = []
    for name, own in parts.items():
        figures = score(own)
        shares = (figures.recall, figures.precision, figures.false_alarms)
        rows.append((TextCell(PARTS[name]), TextCell(str(figures.scenarios)), *map(_cell, shares)))
    headings = (Heading("part", "part", is_number=False), Heading("scenarios", "scenarios"), NAMED, RIGHT, ALARMED)
    return TextTable("parts", "", headings, tuple(rows))


def _by_kind(found: Sequence[Judged]) -> TextTable:
    rows = tuple(
        (TextCell(own.kind), _cell(own.recall), _cell(own.precision), TextCell(str(own.false_alarms)))
        for own in score_of_kinds(found, KINDS)
    )
    return TextTable("kinds", "", (Heading("kind", "kind", is_number=False), NAMED, RIGHT, ALARMED), rows)


def _cell(share: Share) -> TextCell:
    return TextCell(share_text(share), value=share.value)


def _confused(found: Sequence[Judged]) -> Iterator[str]:
    """One line a kind, and one of the healthy: what was told in how many of its trials, the most frequent first."""
    met = confusion(found)
    for expected in (*KINDS, HEALTHY):
        told = Counter({kind: count for (own, kind), count in met.items() if own == expected})
        if told:
            trials = sum((one.trial.scenario.kind or HEALTHY) == expected for one in found)
            counts = ", ".join(f"{kind} {count}" for kind, count in told.most_common())
            yield f"{expected}, {trials} trials: {counts}"


def _faults(found: Sequence[Judged]) -> Iterator[str]:
    """One line each, seeds alike together: sick trials not named, wrong findings, and what does not do as its label says."""
    seeds: dict[tuple[str, str, str], list[int]] = {}
    for one in found:
        for what, text in _faults_of(one):
            seeds.setdefault((what, one.trial.scenario.name, text), []).append(one.trial.seed)
    for (what, name, text), own in seeds.items():
        which = f"seed{'s' if len(own) > 1 else ''} {', '.join(map(str, own))}"
        yield f"{what}: {name}, {which}: {text}"


def _faults_of(one: Judged) -> Iterator[tuple[str, str]]:
    trial, scenario = one.trial, one.trial.scenario
    if scenario.is_sick and not one.named:
        told = ", ".join(one.kinds) or NOTHING
        yield "missed", f"{' or '.join(scenario.accepts)} expected, {told} told"
    if one.wrong:
        yield "wrong", ", ".join(one.wrong)
    if not trial.is_as_labelled:
        number = "none" if trial.value is None else f"{trial.value:.4g}"
        which = "sick" if scenario.is_sick else "healthy"
        yield "label", f"{scenario.target.metric} is {number}, which a {which} one's should not be"
