"""The digits of scikit-learn: real handwriting that is on every machine, since the package carries it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge

from dlbench.parts.datasets.base import DATASETS, Arrays, Source, stream
from dlbench.parts.datasets.splits import counts_for_test, stratified

FILE = Path(__file__).with_name("digits.npz")
"""`images`: `[1797, 8, 8]` in uint8, 0..16; `labels`: `[1797]` in uint8. Made by docs/make_digits.py; licence in NOTICE."""

PER_CLASS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
TEST_SHARE = 0.2
BRIGHTEST = 16


@DATASETS.add(origin="on board")
def digits(*, seed: Annotated[int, Ge(0)] = 0) -> Source:
    """1,797 handwritten digits of 8 x 8 pixels, those of scikit-learn (Alpaydin & Kaynak 1998).

    A fifth of each class is the test set, chosen by `seed`. Samples are `(1, 8, 8)`, pixels 0..1 (the 17 shades over 16).
    """
    for_test = counts_for_test(PER_CLASS, TEST_SHARE)

    def load() -> Arrays:
        with np.load(FILE) as file:
            images, labels = file["images"], file["labels"]
        x = np.divide(images[:, None], BRIGHTEST, dtype=np.float32)
        y = labels.astype(np.int64)
        train, test = stratified(y, for_test, stream(seed, "digits"))
        return Arrays(x[train], y[train], x[test], y[test])

    for_train = [whole - part for whole, part in zip(PER_CLASS, for_test, strict=True)]
    return Source.of((1, 8, 8), for_train, for_test, load)
