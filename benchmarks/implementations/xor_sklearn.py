"""The nine-layer lesson in scikit-learn's MLPClassifier, an epoch a call of `partial_fit`."""

from __future__ import annotations

from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from benchmarks.implementations.xor_plain import SAMPLES, steps_of
from benchmarks.timer import Timer


def run(lap: Timer, *, steps: int) -> None:
    """One trial, drawn by its own init; a lap is an epoch of `steps` batches, the four points each."""
    x, y = (tensor.numpy() for tensor in steps_of(steps))
    net = MLPClassifier(
        (5,) * 10,
        activation="logistic",
        solver="sgd",
        alpha=0.0,
        batch_size=SAMPLES,
        learning_rate_init=0.1,
        momentum=0.0,
        shuffle=False,
    )
    while True:
        order = lap.wait()
        with threadpool_limits(order.threads):
            lap.start()
            net.partial_fit(x, y.ravel(), classes=[0, 1])
            lap.stop()
