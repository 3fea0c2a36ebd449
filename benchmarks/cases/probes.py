"""What probes cost: the same stack with and without them."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.lessons import STEPS

STACKS = (("xor", 30), ("mnist", 1), ("mnist", 10))


def probes(scale: Scale) -> ComparisonCase:
    """XOR's whole lesson, and a piece of MNIST's with as many probes as fall on such a piece; many rounds of short laps."""
    samples = scale.of(20_000, 300)
    steps = {"xor": scale.of(STEPS["xor"] // 4, 20), "mnist": scale.of(90, 3)}
    entries = [
        Entry(
            _name(lesson, trials, on=on),
            "dlbench_stack",
            {
                "lesson": lesson,
                "trials": trials,
                "steps": steps[lesson],
                "probes": on,
                **({"samples": samples} if lesson == "mnist" else {}),
            },
            trials * steps[lesson],
        )
        for lesson, trials in STACKS
        for on in (True, False)
    ]
    return ComparisonCase(
        title="The cost of probes",
        unit="trial-step",
        entries=entries,
        comparisons=[
            Comparison(
                f"{lesson}, {trials} trials: time with probes / without",
                _name(lesson, trials, on=True),
                _name(lesson, trials, on=False),
                Aim(1.05),
            )
            for lesson, trials in STACKS
        ],
        rounds=scale.of(7, 1),
    )


def _name(lesson: str, trials: int, *, on: bool) -> str:
    return f"{lesson}, {trials} trials, {'probes' if on else 'no probes'}"
