"""Nine sigmoid layers on XOR with 1 to 1,000 trials: dlbench against JAX, and both against the limit, a loop in C."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.lessons import STEPS

STEPS_AT = {1: 4_000, 10: 4_000, 30: 10_000, 100: 3_000, 1_000: 1_000}
JAX_STEPS_AT = {1: 4_000, 10: 4_000, 30: 2_000, 100: 1_000, 1_000: 100}
"""Steps of a lap, so that it takes some seconds at most; JAX's have no beginning or end that would weigh more in fewer."""
PLAIN = "plain PyTorch loop, 1 trial"
PEERS = {
    PLAIN: "xor_plain",
    "Lightning, 1 trial": "xor_lightning",
    "Keras on torch, 1 trial": "xor_keras",
    "skorch, 1 trial": "xor_skorch",
    "scikit-learn's MLPClassifier, 1 trial": "xor_sklearn",
}


def xor_counts(scale: Scale) -> ComparisonCase:
    """The default probes on our side, none on theirs; JAX's compiling and everybody's imports are not timed."""
    steps = {trials: scale.of(count, 20) for trials, count in STEPS_AT.items()}
    loop = scale.of(800, 10)
    entries = [Entry(name, peer, {"steps": loop}, loop) for name, peer in PEERS.items()]
    comparisons = [
        Comparison(f"times faster than {name}", name, _name("dlbench", 1), Aim(1, at_least=True)) for name in PEERS
    ]
    for trials, count in steps.items():
        both = {"trials": trials, "steps": count}
        ours = {**both, "lesson": "xor", "probes": True}
        scanned = scale.of(JAX_STEPS_AT[trials], 20)
        units = trials * count
        entries += [
            Entry(_name("dlbench", trials), "dlbench_stack", ours, units),
            Entry(_name("JAX", trials), "xor_jax", {"trials": trials, "steps": scanned}, trials * scanned),
            Entry(_name("C", trials), "xor_limit", both, units),
        ]
        ahead = Comparison(
            f"{_trials(trials)}: times faster than JAX",
            _name("JAX", trials),
            _name("dlbench", trials),
            Aim(1, at_least=True),
        )
        limit = Comparison(f"{_trials(trials)}: against the limit", _name("dlbench", trials), _name("C", trials))
        comparisons += [ahead, limit]
    return ComparisonCase(
        title=f"XOR, nine hidden layers of 5 sigmoids, SGD: counts of trials, probes as in {STEPS['xor']:,} steps",
        unit="trial-step",
        entries=entries,
        comparisons=comparisons,
        rounds=scale.of(5, 1),
    )


def _trials(count: int) -> str:
    return f"{count:,} trial{'s' if count > 1 else ''}"


def _name(who: str, trials: int) -> str:
    says = {"dlbench": "dlbench, {}, probes", "JAX": "JAX vmap + scan, {}", "C": "C, one loop, {}"}
    return says[who].format(_trials(trials))
