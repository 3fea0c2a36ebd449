"""scikit-learn's digits: real handwriting that is on every machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge

from dlbench.parts.datasets.base import DATASETS, Arrays, Source, stream
from dlbench.parts.datasets.splits import counts_for_test, stratified

PER_CLASS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
TEST_SHARE = 0.2
BRIGHTEST = 16


@DATASETS.add(origin="on board")
def digits(*, seed: Annotated[int, Ge(0)] = 0) -> Source:
    """1,797 handwritten digits of 8 x 8 pixels, which come with scikit-learn (Alpaydin & Kaynak 1998).

    A fifth of each class is the test set, chosen by `seed`. Samples are `(1, 8, 8)`, pixels 0..1 (the 17 shades over 16).
    """
    for_test = counts_for_test(PER_CLASS, TEST_SHARE)

    def load() -> Arrays:
        table = np.loadtxt(str(_file()), delimiter=",", dtype=np.float32)
        x = np.divide(table[:, :-1], BRIGHTEST, dtype=np.float32).reshape(-1, 1, 8, 8)
        y = table[:, -1].astype(np.int64)
        train, test = stratified(y, for_test, stream(seed, "digits"))
        return Arrays(x[train], y[train], x[test], y[test])

    for_train = [whole - part for whole, part in zip(PER_CLASS, for_test, strict=True)]
    return Source.of((1, 8, 8), for_train, for_test, load, _missing)


def _file() -> Path | None:
    """The table inside the installed package; found without importing it, which would cost three seconds."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    return path if path.is_file() else None


def _missing() -> str | None:
    if _file():
        return None
    return (
        "digits come with scikit-learn, and its datasets/data/digits.csv.gz was not found in this Python's packages; "
        "run `pip install scikit-learn`"
    )
