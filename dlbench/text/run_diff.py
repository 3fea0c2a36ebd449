"""Two runs held against each other, in lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlbench.metrics.format import fine_format, interval_text, number, spread_text, value_format
from dlbench.words.printable import json_text

if TYPE_CHECKING:
    from dlbench.analysis.statistics.intervals import Summary
    from dlbench.metrics.metric import Metric
    from dlbench.questions.agreement import Departure
    from dlbench.questions.differences import Difference
    from dlbench.questions.reasons import Reason
    from dlbench.questions.run_diff import ResultDifference, RunDiff

WIDEST = 100


def diff_lines(diff: RunDiff, reasons: Sequence[Reason], width: int) -> Iterator[str]:
    """All of it: each section with its differences, or that there are none, then what can explain the results."""
    width = min(width, WIDEST)
    yield from _filled(f"{diff.first} against {diff.second}", width, 0)
    for names, run in ((diff.only_first, diff.first), (diff.only_second, diff.second)):
        if names:
            yield from _filled(f"only {run} has {'; '.join(names)}", width, 0)
    yield from _compared(diff, width) if diff.shared else ()
    for title, lines in (("environment", diff.environment), ("code", diff.code)):
        yield from _section(title, list(map(_told, lines)), width)
    if diff.unknown:
        yield from _section("not known, and not compared", diff.unknown, width)
    if diff.results:
        results = [_result(one, diff.metric) for one in diff.results]
        yield from _section(f"results, by {diff.metric.name}", results, width)
    for title, can in (("what can explain the difference", True), ("what cannot", False), ("", None)):
        # That nothing is left to explain is none of both.
        told = [one.says for one in reasons if can is (None if one.is_all_the_same else one.can_explain)]
        if told:
            yield from _section(title or "conclusion", told, width)


def _compared(diff: RunDiff, width: int) -> Iterator[str]:
    """In what those candidates differ that both runs have."""
    yield from _section("settings", list(_by_candidate(diff.settings, diff.shared)), width)
    yield from _section("data", list(_by_candidate(diff.data, diff.shared)), width)
    yield from _section("seeds", [f"{name}: {_told(one)}" for name, one in diff.seeds.items()], width)


def _section(title: str, lines: Sequence[str], width: int) -> Iterator[str]:
    yield ""
    yield title if lines else f"{title}: the same"
    for line in lines:
        yield from _filled(line, width, 2)


def _by_candidate(found: Mapping[str, Sequence[Difference]], shared: Sequence[str]) -> Iterator[str]:
    """Each difference once, with those candidates that it is of."""
    having: dict[tuple[str, str], list[str]] = {}
    for name, own in found.items():
        for one in own:
            having.setdefault((one.key, _told(one)), []).append(name)
    for (_, told), names in having.items():
        yield told if len(names) == len(shared) else f"{'; '.join(names)}: {told}"


def _told(one: Difference) -> str:
    return f"{one.key}: {_value(one.first)} against {_value(one.second)}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(json_text(value).split())


def _result(one: ResultDifference, metric: Metric) -> str:
    if one.is_same and one.first == one.second:
        seeds = "its seed is" if one.compared == 1 else f"all {one.compared} seeds are"
        return f"{one.candidate}: {_summary(one.first, metric)} in both; {seeds} the same in every recorded number"
    told = f"{one.candidate}: {_summary(one.first, metric)} against {_summary(one.second, metric)}"
    if one.difference.mean is not None:
        of = f"{len(one.seeds)} pairs of seeds" if one.is_paired else "independent means"
        told += f"; difference {_summary(one.difference, metric, plain=True)}, of {of}"
    if one.compared:
        told += f"; {one.same} of {one.compared} shared seeds are the same in every recorded number"
    if one.departure is not None:
        told += f", seed {one.departed_seed} until {departure_text(one.departure)}"
    return told


def departure_text(one: Departure) -> str:
    """`step 10, where gradient_norm of dense2 is 0.1 in the first and 0.2 in the second (relative difference 0.5)`."""
    of = "" if one.layer is None else f" of {one.layer}"
    values = (f"{'no number' if value is None else repr(value)}" for value in (one.first, one.second))
    pair = " in the first and ".join(values)
    return (
        f"step {one.step:,}, where {one.measure}{of} is {pair} in the second (relative difference {one.relative:.2g})"
    )


def _summary(found: Summary, metric: Metric, *, plain: bool = False) -> str:
    if found.mean is None:
        return "no number"
    spec = fine_format(value_format(metric, found.mean), found.std or 0.0)
    spread = "" if plain or metric.is_share else spread_text(found.std, metric, spec)
    interval = "" if found.interval is None else f"95 % interval {interval_text(found.interval, spec)}"
    return " ".join(filter(None, (number(found.mean, spec), spread, f"(n={found.n})", interval)))


def _filled(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(
        text, max(width, 40), initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_on_hyphens=False
    )
