"""The cases, one file each: a function from the scale to a comparison, found by its name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.cases.cnn import cnn
from benchmarks.cases.dashboard import (
    dashboard_frames,
    dashboard_opening,
    dashboard_slowdown,
    dashboard_traffic,
)
from benchmarks.cases.growth import growth_mnist, growth_xor
from benchmarks.cases.lstm import lstm
from benchmarks.cases.mnist import mnist
from benchmarks.cases.probes import probes
from benchmarks.cases.rbm import rbm_counts, rbm_digits, rbm_mnist, rbm_mnist_wide
from benchmarks.cases.scale import Scale
from benchmarks.cases.startup import startup
from benchmarks.cases.xor import xor
from benchmarks.cases.xor_counts import xor_counts
from benchmarks.comparison import ComparisonCase

CASES: dict[str, Callable[[Scale], ComparisonCase]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        xor,
        xor_counts,
        mnist,
        cnn,
        lstm,
        probes,
        growth_xor,
        growth_mnist,
        rbm_counts,
        rbm_digits,
        rbm_mnist,
        rbm_mnist_wide,
        startup,
        dashboard_opening,
        dashboard_frames,
        dashboard_traffic,
        dashboard_slowdown,
    )
}
"""Every case by its name, in the order in which they are held."""
