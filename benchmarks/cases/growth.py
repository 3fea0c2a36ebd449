"""How the time of a step grows with the trials of a stack."""

from __future__ import annotations

from typing import Any

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Comparison, ComparisonCase, Entry

TRIALS = (1, 3, 10, 30, 100)


def growth_xor(scale: Scale) -> ComparisonCase:
    """Nine layers on XOR, where a step's cost is its number of kernels and hardly its trials."""
    steps = scale.of(1000, 10)
    return _growth("XOR", "xor", dict.fromkeys(TRIALS, steps), {}, rounds=scale.of(3, 1))


def growth_mnist(scale: Scale) -> ComparisonCase:
    """784-256-256-10 on MNIST, where a step's cost is its arithmetic; large stacks get fewer steps a lap."""
    steps = {trials: scale.of(max(10, 200 // trials), 2) for trials in TRIALS}
    return _growth("MNIST", "mnist", steps, {"samples": scale.of(20_000, 300)}, rounds=scale.of(3, 1))


def _growth(title: str, lesson: str, steps: dict[int, int], extra: dict[str, Any], *, rounds: int) -> ComparisonCase:
    """A unit is a step of the whole stack, so that ratios say what more trials cost."""
    names = {trials: f"{title}, {trials} trials" for trials in steps}
    entries = [
        Entry(
            names[trials],
            "dlbench_stack",
            {"lesson": lesson, "trials": trials, "steps": count, "probes": False, **extra},
            count,
        )
        for trials, count in steps.items()
    ]
    return ComparisonCase(
        title=f"Growth with the trials of a stack: {title}",
        unit="step of the stack",
        entries=entries,
        comparisons=[
            *(Comparison(f"time of {n} trials / of one", names[n], names[1]) for n in TRIALS[1:]),
            Comparison("memory of 100 trials / of one", names[100], names[1], of="memory"),
        ],
        rounds=rounds,
    )
