"""scikit-learn's MLPClassifier, an epoch a call of `partial_fit`."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from benchmarks import mnist
from benchmarks.timer import Timer


def run(lap: Timer, *, samples: int) -> None:
    """One trial; a lap is an epoch over `samples`, shuffled, in batches of 100 with Adam; BLAS has as many threads as torch."""
    x, y = (tensor.numpy() for tensor in mnist.tensors(samples))
    net = MLPClassifier((mnist.HIDDEN, mnist.HIDDEN), alpha=0.0, batch_size=mnist.BATCH, learning_rate_init=1e-3)
    while True:
        order = lap.wait()
        with threadpool_limits(order.threads):
            lap.start()
            net.partial_fit(x, y, classes=np.arange(mnist.CLASSES))
            lap.stop()
