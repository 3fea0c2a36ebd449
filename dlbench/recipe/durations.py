"""How long the shipped recipes take on two cores, as `python -m benchmarks.durations` has measured or estimated it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlbench.recipe.shipped import folder

FILE = "durations.json"


@dataclass(frozen=True)
class Duration:
    """Seconds of a whole run on two cores; an estimate is of the right order, and no more."""

    seconds: float
    is_estimate: bool

    def __str__(self) -> str:
        """`12 s`, `3.5 min`, `~2 h`: two digits, since machines differ by more, and one decimal of what was measured."""
        unit, size = next(
            ((unit, size) for unit, size in (("h", 3600), ("min", 60)) if self.seconds >= 1.5 * size), ("s", 1)
        )
        count = self.seconds / size
        is_round = count >= 9.5 or unit == "s" or self.is_estimate
        digits = f"{max(count, 1):.0f}" if is_round else f"{count:.1f}".removesuffix(".0")
        return f"{'~' if self.is_estimate else ''}{digits} {unit}"


def durations(place: Path | None = None) -> dict[str, dict[str, Duration]]:
    """Recipe -> `full` and `quick` -> how long it takes; recipes that nobody has measured are not there."""
    file = place or folder() / FILE
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(file.read_text(encoding="utf-8"))["recipes"]
    return {name: {version: Duration(**one) for version, one in both.items()} for name, both in found.items()}
