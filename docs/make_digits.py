"""Write the digits that the package carries, from scikit-learn's copy of the test set of UCI's handwritten digits.

`python docs/make_digits.py`, where the test tools are installed. The same bytes each time; a test compares the numbers.
"""

from __future__ import annotations

from typing import IO

import numpy as np
from sklearn.datasets import load_digits

from dlbench.parts.datasets.digits import FILE


def write(file: IO[bytes]) -> None:
    """Images and labels in their order; whole numbers of 0..16 and 0..9, so that a byte holds each."""
    theirs = load_digits()
    np.savez_compressed(file, images=theirs.images.astype(np.uint8), labels=theirs.target.astype(np.uint8))


def main() -> None:
    """Write it into the package."""
    with FILE.open("wb") as file:
        write(file)
    print(FILE)


if __name__ == "__main__":
    main()
