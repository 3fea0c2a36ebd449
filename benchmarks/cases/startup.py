"""How long one waits before anything happens."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry


def startup(scale: Scale) -> ComparisonCase:
    """`dlbench --help` as a whole process; the first step of a run, beyond what `import torch` takes by itself."""
    bare, usage, torch, first = "python, nothing", "dlbench --help", "import torch", "dlbench run, first step done"
    return ComparisonCase(
        title="Start-up",
        unit="process",
        entries=[
            Entry(bare, "command", {"arguments": ["-c", "pass"]}),
            Entry(usage, "command", {"arguments": ["-m", "dlbench", "--help"]}),
            Entry(torch, "command", {"arguments": ["-c", "import torch"]}),
            Entry(first, "first_step"),
        ],
        comparisons=[
            Comparison("seconds of dlbench --help, whole process", usage, usage, Aim(0.25), how="alone"),
            Comparison("seconds to the first step beyond import torch", first, torch, Aim(1.0), how="difference"),
        ],
        rounds=scale.of(5, 1),
        threads=False,
    )
