"""MNIST, 784-256-256-10, batch 100, Adam: one trial and ten, against loops, frameworks and the products alone."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.mnist import BATCH

TEN = 10
WORKERS = 2

HAND = "hand-written loop, fused Adam"
PICTURES = f"DataLoader, torchvision, {WORKERS} workers"
COLLATED = f"DataLoader, TensorDataset, {WORKERS} workers"
LIGHTNING = f"Lightning, TensorDataset, {WORKERS} workers"
KERAS = "Keras on torch"
SKORCH = "skorch"
SKLEARN = "scikit-learn's MLPClassifier"
JAX = "JAX, vmap + scan"
LEADS = {PICTURES: Aim(8, at_least=True), COLLATED: None, LIGHTNING: None, KERAS: None, SKORCH: None, SKLEARN: None}
"""Who stands against ten trials, with what is aimed at."""


def mnist(scale: Scale) -> ComparisonCase:
    """A lap is `samples / 100` steps for everybody; nobody evaluates."""
    samples = scale.of(15_000, 300)
    steps = samples // BATCH
    return ComparisonCase(
        title="MNIST, 784-256-256-10, batch 100, Adam",
        unit="trial-step",
        entries=[*_dlbench(samples, steps), *_loops(samples, steps), *_products(steps)],
        comparisons=_comparisons(),
        rounds=scale.of(5, 1),
    )


def stack(trials: int, *, probes: bool) -> str:
    """What dlbench's entry is called."""
    return f"dlbench, {trials} trial{'s' if trials > 1 else ''}, {'probes' if probes else 'no probes'}"


def products(trials: int, *, needless: bool) -> str:
    """What the entry of the products is called."""
    return f"products alone, x{trials}, {'three a layer' if needless else 'needed ones'}"


def jax(trials: int) -> str:
    """What JAX's entry is called."""
    return f"{JAX}, {trials} trial{'s' if trials > 1 else ''}"


def _dlbench(samples: int, steps: int) -> list[Entry]:
    shared = {"lesson": "mnist", "steps": steps, "samples": samples}
    return [
        Entry(stack(trials, probes=on), "dlbench_stack", {**shared, "trials": trials, "probes": on}, trials * steps)
        for trials in (1, TEN)
        for on in (True, False)
    ]


def _loops(samples: int, steps: int) -> list[Entry]:
    shared = {"samples": samples}
    loader = {**shared, "workers": WORKERS}
    return [
        Entry(HAND, "mnist_hand", shared, steps),
        Entry(PICTURES, "mnist_dataloader", {**loader, "pictures": True}, steps),
        Entry(COLLATED, "mnist_dataloader", {**loader, "pictures": False}, steps),
        Entry(LIGHTNING, "mnist_lightning", loader, steps),
        Entry(KERAS, "mnist_keras", shared, steps),
        Entry(SKORCH, "mnist_skorch", shared, steps),
        Entry(SKLEARN, "mnist_sklearn", shared, steps),
        *(Entry(jax(trials), "mnist_jax", {**shared, "trials": trials}, trials * steps) for trials in (1, TEN)),
    ]


def _products(steps: int) -> list[Entry]:
    return [
        Entry(
            products(trials, needless=needless),
            "products",
            {"trials": trials, "steps": -(-steps // trials), "needless": needless},
            trials * -(-steps // trials),
        )
        for trials in (1, TEN)
        for needless in (True, False)
    ]


def _comparisons() -> list[Comparison]:
    one, ten = stack(1, probes=True), stack(TEN, probes=True)
    bare_one, bare_ten = stack(1, probes=False), stack(TEN, probes=False)
    never_slower, near = Aim(1, at_least=True), Aim(1.5)
    return [
        Comparison("one trial, no probes: times faster than by hand", HAND, bare_one, never_slower),
        Comparison("one trial, probes: times faster than by hand", HAND, one, never_slower),
        *(Comparison(f"ten trials, probes: times faster than {name}", name, ten, aim) for name, aim in LEADS.items()),
        Comparison("ten trials, probes: times faster than by hand", HAND, ten),
        Comparison("one trial, probes: times faster than JAX", jax(1), one, never_slower),
        Comparison("ten trials, probes: times faster than ten of JAX", jax(TEN), ten, never_slower),
        Comparison("one trial against the products alone", bare_one, products(1, needless=True), near),
        Comparison("ten trials against the products alone", bare_ten, products(TEN, needless=True), near),
        Comparison("one trial against the needed products", bare_one, products(1, needless=False)),
        Comparison("ten trials against the needed products", bare_ten, products(TEN, needless=False)),
        Comparison("memory of one trial against the loop by hand", one, HAND, of="memory"),
        Comparison("memory of ten trials against the loop by hand", ten, HAND, of="memory"),
    ]
