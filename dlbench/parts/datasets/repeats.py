"""Samples that stand in a dataset more than once. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.samples import Numbers

SIZE = 16
"""Bytes of a digest."""

Digests: TypeAlias = NDArray[np.bytes_]


def digests_of(x: Numbers) -> Digests:
    """A digest a sample, `[samples]`, which two different ones share with a chance of 2^-128; 0 and -0 are one number."""
    rows = [blake2b(np.ravel(sample + np.float32(0)).data, digest_size=SIZE).digest() for sample in x]
    return np.array(rows, dtype=f"S{SIZE}")


def repeats(digests: Mapping[str, Digests | None]) -> dict[str, int]:
    """How many samples of each split equal a training sample in every feature; of the training samples, an earlier one."""
    train = digests["train"]
    assert train is not None, "there is always something to train on"
    found = {name: 0 if own is None else int(np.isin(own, train).sum()) for name, own in digests.items()}
    return {**found, "train": len(train) - len(np.unique(train))}
