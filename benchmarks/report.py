"""What was measured, as tables on the terminal, as Markdown and as JSON: the same rows in all three."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.comparison import Compared, Measured, Outcome
from benchmarks.environment import Environment

RATIOS = ("case", "threads", "what", "value", "best laps", "range of rounds", "aim", "met")
TIMES = ("case", "threads", "unit", "implementation", "median", "best", "laps", "imports MB", "peak MB")


@dataclass(frozen=True)
class Report:
    """A whole run of the benchmarks."""

    environment: Environment
    outcomes: Sequence[Outcome]

    def ratios(self) -> list[tuple[str, ...]]:
        """A row of `RATIOS` for each comparison."""
        return [
            (outcome.case, _threads(outcome), *_ratio(compared))
            for outcome in self.outcomes
            for compared in outcome.compared()
        ]

    def times(self) -> list[tuple[str, ...]]:
        """A row of `TIMES` for each entry."""
        return [
            (outcome.case, _threads(outcome), outcome.comparison.unit, *_time(one))
            for outcome in self.outcomes
            for one in outcome.measured
        ]

    def failures(self) -> list[Measured]:
        """The implementations that broke, those whose library is not installed left out."""
        return [one for outcome in self.outcomes for one in outcome.measured if one.failure and one.installed]

    def as_json(self) -> dict[str, Any]:
        """Everything, every lap's seconds included."""
        return {
            "environment": asdict(self.environment),
            "ratios": [_ratio_json(outcome, one) for outcome in self.outcomes for one in outcome.compared()],
            "measured": [_measured_json(outcome, one) for outcome in self.outcomes for one in outcome.measured],
        }

    def as_markdown(self) -> str:
        """The two tables and the environment."""
        facts = [f"- {name}: {_fact(value)}" for name, value in asdict(self.environment).items()]
        return "\n".join(
            [
                "# Benchmarks",
                "",
                *facts,
                "",
                "## Ratios",
                "",
                *_markdown(RATIOS, self.ratios()),
                "",
                "## Times and memory",
                "",
                *_markdown(TIMES, self.times()),
                "",
                *(f"{one.entry.name}: {one.failure}" for one in self.failures()),
            ]
        )

    def write(self, folder: Path) -> list[Path]:
        """Write benchmarks.json and benchmarks.md into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / "benchmarks.json", folder / "benchmarks.md"]
        for path, text in zip(paths, (json.dumps(self.as_json(), indent=1) + "\n", self.as_markdown()), strict=True):
            path.write_text(text)
        return paths

    def show(self, console: Console) -> None:
        """Print two tables for each comparison: its ratios and its times; then what broke."""
        for outcome in self.outcomes:
            threads = "" if outcome.threads is None else f", threads {outcome.threads}"
            console.print(f"\n[bold]{outcome.comparison.title}[/]{threads} ({outcome.case})", highlight=False)
            unit = outcome.comparison.unit
            console.print(_table(RATIOS[2:], [_ratio(one) for one in outcome.compared()]))
            console.print(_table((f"a {unit}", *TIMES[4:]), map(_time, outcome.measured)))
        for one in self.failures():
            console.print(f"{one.entry.name}: {one.failure}", markup=False, highlight=False)


def _ratio(one: Compared) -> tuple[str, ...]:
    unit, comparison = one.unit, one.comparison
    verdict = {None: "", True: "yes", False: "NO"}[one.met]
    scope = "" if comparison.of == "memory" else f"{_short(one.low)} .. {_short(one.high)}"
    best = "" if comparison.of == "memory" else f"{_short(one.best)} {unit}"
    return (comparison.says, f"{_short(one.value)} {unit}", best, scope, str(comparison.aim or ""), verdict)


def _time(one: Measured) -> tuple[str, ...]:
    if one.failure is not None:
        why = "failed" if one.installed else "not installed"
        return (one.entry.name, why, "", "", "", "")
    laps = str(len(one.seconds))
    times = (_counted(one, median(one.seconds)), _counted(one, min(one.seconds)), laps)
    return (one.entry.name, *times, f"{one.ready_mb:.0f}", f"{one.peak_mb:.0f}")


def _ratio_json(outcome: Outcome, one: Compared) -> dict[str, Any]:
    numbers = {"value": one.value, "best": one.best, "low": one.low, "high": one.high, "met": one.met}
    return {"case": outcome.case, "threads": outcome.threads, **asdict(one.comparison), **numbers}


def _measured_json(outcome: Outcome, one: Measured) -> dict[str, Any]:
    return {"case": outcome.case, "threads": outcome.threads, "unit": outcome.comparison.unit, **asdict(one)}


def _threads(outcome: Outcome) -> str:
    return "-" if outcome.threads is None else str(outcome.threads)


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _counted(one: Measured, value: float) -> str:
    counts = one.entry.counts
    return _seconds(value) if counts == "s" else f"{_short(value)} {counts}"


def _seconds(value: float) -> str:
    scales = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))
    size, name = next(((size, name) for size, name in scales if value >= size), scales[-1])
    return f"{value / size:.3g} {name}"


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row, style="bold red" if row[-1] == "NO" else None)
    return table
