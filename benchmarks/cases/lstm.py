"""An LSTM that reads MNIST row by row: four trials in a stack against four nets one after the other."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.mnist import BATCH

TRIALS = 4
STACK, PROBED = f"dlbench, {TRIALS} trials, no probes", f"dlbench, {TRIALS} trials, probes"
PLAIN = f"plain loop, {TRIALS} nets, torch.nn.LSTM, fused Adam"


def lstm(scale: Scale) -> ComparisonCase:
    """A lap is `samples / 100` steps of each of the four; nobody evaluates."""
    samples = scale.of(2_000, 200)
    steps = samples // BATCH
    stack = {"lesson": "lstm", "steps": steps, "samples": samples, "trials": TRIALS}
    units = TRIALS * steps
    return ComparisonCase(
        title="LSTM: MNIST by rows, 64 units, batch 100, Adam",
        unit="trial-step",
        entries=[
            Entry(STACK, "dlbench_stack", {**stack, "probes": False}, units),
            Entry(PROBED, "dlbench_stack", {**stack, "probes": True}, units),
            Entry(PLAIN, "lstm_hand", {"samples": samples, "trials": TRIALS}, units),
        ],
        comparisons=[
            Comparison("no probes: times faster than the plain loop", PLAIN, STACK, Aim(1, at_least=True)),
            Comparison("probes: times faster than the plain loop", PLAIN, PROBED, Aim(1, at_least=True)),
            Comparison("memory of the stack against the plain loop", STACK, PLAIN, of="memory"),
        ],
        rounds=scale.of(5, 1),
    )
