"""Nine sigmoid layers on XOR: thirty trials as one stack against a plain loop a trial."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.lessons import STEPS

TRIALS = 30


def xor(scale: Scale) -> ComparisonCase:
    """The whole lesson of 10,000 steps with its default probes, against enough steps of the loop to time it."""
    steps, loop_steps = scale.of(STEPS["xor"], 20), scale.of(800, 10)
    plain, stack = "plain PyTorch loop", f"dlbench, {TRIALS} trials, probes"
    arguments = {"lesson": "xor", "trials": TRIALS, "steps": steps, "probes": True}
    return ComparisonCase(
        title=f"XOR, nine hidden layers of 5 sigmoids, SGD, {TRIALS} trials",
        unit="trial-step",
        entries=[
            Entry(plain, "xor_plain", {"steps": loop_steps}, loop_steps),
            Entry(stack, "dlbench_stack", arguments, TRIALS * steps),
        ],
        comparisons=[
            Comparison("times faster than a plain loop, per trial", plain, stack, Aim(30, at_least=True)),
            Comparison("memory against one plain loop", stack, plain, of="memory"),
        ],
        rounds=scale.of(5, 1),
    )
