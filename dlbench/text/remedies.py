"""What remedies have done, for a terminal: a table for each variant, the best first, and what to paste."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dlbench.analysis.remedy_outcomes import Mended, RemedyOutcome
from dlbench.analysis.statistics.intervals import Summary
from dlbench.metrics.format import interval_text, level_text, number, value_format
from dlbench.metrics.metric import METRICS, Metric
from dlbench.run.tried import TriedRemedies, UntriedRemedy
from dlbench.text.blocks import Terminal, table_blocks
from dlbench.text.text_table import Heading, TextCell, TextTable
from dlbench.text.toml_text import assignments, key_text
from dlbench.words.outcomes import Outcome

WIDEST = 100
"""Cells of a line of prose, however wide the terminal is."""
LEAST = 0.0001
"""The least p that is told as a number."""
SURE = {Outcome.CONFIRMED: "better", Outcome.REFUTED: "worse", Outcome.UNDECIDED: "undecided"}


def render_mended(one: Mended, tried: TriedRemedies, terminal: Terminal) -> RenderableType:
    """What each remedy has done to a variant, what was not tried and why, and which to take; `toml_of` is its patch."""
    return Group(*_mended(one, tried, terminal))


def _mended(one: Mended, tried: TriedRemedies, terminal: Terminal) -> Iterator[RenderableType]:
    metric = METRICS[tried.metric]
    yield from prose(_standing(one, metric), terminal)
    if one.remedies:
        yield from table_blocks(_table(one, metric, len(tried.tried)), terminal)
    for text in not_tried(one.sick.variant, tried.untried):
        yield from prose(f"- {text}", terminal)
    yield from prose(verdict(one, metric), terminal)


def _standing(one: Mended, metric: Metric) -> str:
    """`deep: vanishing-gradient; test_accuracy 0.11 over 5 seeds`."""
    lost = f", {one.lost} of {one.seeds} seeds diverged" if one.lost else ""
    value = "" if one.value.mean is None else f"; {metric.name} {_number(one.value, metric)} over {one.value.n} seeds"
    kinds = ", ".join(one.sick.kinds)
    return f"{one.sick.variant}{f': {kinds}' if kinds else ''}{value}{lost}"


def verdict(one: Mended, metric: Metric) -> str:
    """In a sentence which remedy to take, and how sure that is; or that there is none."""
    best = one.best
    if best is None:
        return f"None of these makes {one.sick.variant} better." if one.remedies else "Nothing could be tried."
    gone = "the finding is gone" if best.is_gone else f"the finding is still told in {best.still} of {best.n} seeds"
    sure = {
        Outcome.CONFIRMED: f"{metric.name} is better (Holm p {_p(best) if _p(best).startswith('<') else f'= {_p(best)}'})",
        Outcome.UNDECIDED: f"{metric.name} is better on average, which so few seeds do not prove",
        Outcome.REFUTED: "fewer seeds diverge",
    }[best.outcome]
    return f"Best: {best.tried.remedy}. {best.tried.says[:1].upper()}{best.tried.says[1:]}. Here {gone}, and {sure}."


def not_tried(baseline: str, untried: Sequence[UntriedRemedy]) -> Iterator[str]:
    """The remedies of a baseline that were not trained, with the reason."""
    for one in untried:
        if one.baseline == baseline:
            yield f"{one.remedy} was not tried: {one.why}"


def toml_of(best: RemedyOutcome, tried: TriedRemedies) -> str:
    """A variant with the remedy, to paste into the recipe."""
    name = key_text(best.tried.variant)
    lines = assignments(tried.toml.get(best.tried.variant, {}))
    grid = ["# in the place of [grid], beside which a recipe has no variants"] if tried.is_grid else []
    return "\n".join([*grid, f"[variants.{name}]", *lines])


def _table(one: Mended, metric: Metric, together: int) -> TextTable:
    headings = (
        Heading("remedy", "remedy", is_number=False),
        Heading("value", metric.name),
        Heading("difference", f"difference ({level_text(together)})"),
        Heading("p", "Holm p"),
        Heading("outcome", "outcome", is_number=False),
        Heading("finding", "finding", is_number=False),
        Heading("new", "new findings", is_number=False),
    )
    return TextTable("remedies", "", headings, tuple(_row(own, metric) for own in one.remedies))


def _row(one: RemedyOutcome, metric: Metric) -> tuple[TextCell, ...]:
    interval, spec = one.difference.interval, value_format(metric, one.difference.mean)
    lost = f"{one.lost} of {one.n} diverged" if one.lost else ""
    return (
        TextCell(one.tried.remedy),
        TextCell(_number(one.value, metric), lost),
        TextCell(_signed(one.difference, metric), interval_text(interval, spec) if interval else ""),
        TextCell(_p(one)),
        TextCell(SURE[one.outcome]),
        TextCell("gone" if one.is_gone else f"in {one.still} of {one.n}"),
        TextCell(", ".join(one.new) or "none"),
    )


def _number(value: Summary, metric: Metric) -> str:
    return number(value.mean, value_format(metric, value.mean))


def _signed(value: Summary, metric: Metric) -> str:
    text = number(value.mean, value_format(metric, value.mean))
    return f"+{text}" if value.mean and value.mean > 0 and not metric.quantity.is_ratio else text


def _p(one: RemedyOutcome) -> str:
    if one.p is None:
        return number(None, "")
    return f"< {LEAST}" if one.p < LEAST else f"{one.p:.2g}"


def prose(text: str, terminal: Terminal) -> Iterator[Text]:
    """A text in lines as wide as the terminal."""
    width = max(min(terminal.width, WIDEST), 20)
    for line in textwrap.wrap(terminal.plain(text), width, subsequent_indent="  ", break_on_hyphens=False):
        yield Text(line)
