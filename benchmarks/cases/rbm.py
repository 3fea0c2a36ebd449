"""RBMs: ten in a stack against scikit-learn's BernoulliRBM, per RBM, with the same steps, and as good in the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry
from benchmarks.rbms import Task

TEN = 10
STACK = "dlbench, ten RBMs stacked"
PRECISIONS = {"float32": "scikit-learn, float32", "float64": "scikit-learn, float64 (what its users have unasked)"}
LOST = "nats lost by"


def rbm_digits(scale: Scale) -> ComparisonCase:
    """scikit-learn's own defaults: 256 hidden units, batches of 10, rate 0.1, ten epochs."""
    return _contest("digits", Task("digits", 1_430, 256, 10, scale.of(10, 1)), scale)


def rbm_mnist(scale: Scale) -> ComparisonCase:
    """The same defaults on MNIST."""
    return _contest("MNIST", Task("mnist", scale.of(4_000, 200), 256, 10, scale.of(3, 1)), scale)


def rbm_mnist_wide(scale: Scale) -> ComparisonCase:
    """The lecture's batches of 100 with 500 hidden units."""
    return _contest("MNIST", Task("mnist", scale.of(10_000, 500), 500, 100, scale.of(2, 1)), scale)


def rbm_counts(scale: Scale) -> ComparisonCase:
    """scikit-learn's defaults for one epoch, with more and more RBMs in the stack."""
    task = Task("digits", scale.of(1_430, 200), 256, 10, 1)
    theirs = "scikit-learn, float32"
    stacks = {count: f"dlbench, {count} stacked" for count in (1, TEN, 30, 100)}
    arguments = {**asdict(task), "quality": False}
    return ComparisonCase(
        title=f"RBM on digits, {task.hidden} hidden units, batch {task.batch}: counts of RBMs",
        unit="RBM-step",
        entries=[
            Entry(theirs, "rbm_sklearn", {**arguments, "precision": "float32"}, task.steps),
            *(
                Entry(name, "rbm_stack", {**arguments, "trials": count}, count * task.steps)
                for count, name in stacks.items()
            ),
        ],
        comparisons=[
            Comparison(f"{name}: times faster than {theirs}, per RBM", theirs, name, Aim(1, at_least=True))
            for name in stacks.values()
        ],
        rounds=scale.of(3, 1),
    )


@dataclass(frozen=True)
class _Side:
    """One implementation, and the same once more for its quality."""

    name: str
    implementation: str
    arguments: dict[str, Any]
    units: int

    def entries(self, task: Task) -> list[Entry]:
        """Its time a step of one RBM; what its RBMs have not learned."""
        arguments = {**asdict(task), **self.arguments}
        return [
            Entry(self.name, self.implementation, {**arguments, "quality": False}, self.units),
            Entry(f"{LOST} {self.name}", self.implementation, {**arguments, "quality": True}, counts="nats"),
        ]


def _contest(where: str, task: Task, scale: Scale) -> ComparisonCase:
    ours = _Side(STACK, "rbm_stack", {"trials": TEN}, TEN * task.steps)
    theirs = [
        _Side(name, "rbm_sklearn", {"precision": precision}, task.steps) for precision, name in PRECISIONS.items()
    ]
    return ComparisonCase(
        title=f"RBM on {where}, {task.hidden} hidden units, batch {task.batch}, {task.epochs} epochs of {task.samples:,}",
        unit="RBM-step",
        entries=[entry for side in (ours, *theirs) for entry in side.entries(task)],
        comparisons=[
            *(
                Comparison(f"times faster than {one.name}, per RBM", one.name, STACK, Aim(5, at_least=True))
                for one in theirs
            ),
            Comparison(
                "what it loses in pseudo-likelihood against scikit-learn",
                f"{LOST} {STACK}",
                f"{LOST} {theirs[0].name}",
                Aim(1.05),
            ),
        ],
        rounds=scale.of(3, 1),
    )
