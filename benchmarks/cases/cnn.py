"""The lecture's convolutional net on MNIST: four trials in a stack against four nets one after the other."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.mnist import BATCH

TRIALS = 4
STACK, PROBED = f"dlbench, {TRIALS} trials, no probes", f"dlbench, {TRIALS} trials, probes"
PLAIN, LAST = f"plain loop, {TRIALS} nets, fused Adam", f"plain loop, {TRIALS} nets, fused Adam, channels_last"


def cnn(scale: Scale) -> ComparisonCase:
    """A lap is `samples / 100` steps of each of the four; nobody evaluates."""
    samples = scale.of(2_000, 200)
    steps = samples // BATCH
    stack = {"lesson": "cnn", "steps": steps, "samples": samples, "trials": TRIALS}
    plain = {"samples": samples, "trials": TRIALS}
    units = TRIALS * steps
    return ComparisonCase(
        title="Convolution: MNIST, 3x3x32, pool, 3x3x64, pool, dense, batch 100, Adam",
        unit="trial-step",
        entries=[
            Entry(STACK, "dlbench_stack", {**stack, "probes": False}, units),
            Entry(PROBED, "dlbench_stack", {**stack, "probes": True}, units),
            Entry(PLAIN, "cnn_hand", {**plain, "channels_last": False}, units),
            Entry(LAST, "cnn_hand", {**plain, "channels_last": True}, units),
        ],
        comparisons=[
            Comparison("no probes: times faster than the plain loop", PLAIN, STACK, Aim(1, at_least=True)),
            Comparison("probes: times faster than the plain loop", PLAIN, PROBED, Aim(1, at_least=True)),
            Comparison("no probes: times faster than the plain loop, channels_last", LAST, STACK),
            Comparison("memory of the stack against the plain loop", STACK, PLAIN, of="memory"),
        ],
        rounds=scale.of(5, 1),
    )
