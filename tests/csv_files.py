"""Small tables as text, and what the dataset `csv` makes of them."""

import numpy as np
import pytest

from dlbench.parts.datasets import describe, load_data


def write(path, text, encoding="utf-8"):
    """A file of that text, byte for byte; its path as a recipe names it."""
    path.write_bytes(text.encode(encoding))
    return str(path)


def described(path, **arguments):
    """The source that a recipe's `[data]` would name."""
    return describe({"kind": "csv", "path": str(path), **arguments})


def rows_of(path, **arguments):
    """All rows, training and test ones together: `[rows, features]`, then the name of each row's class."""
    settings = {"kind": "csv", "path": str(path), "test_share": 0.4, **arguments}
    arrays, names = load_data(settings), describe(settings).names
    labels = np.r_[arrays.y_train, arrays.y_test]
    return np.r_[arrays.x_train, arrays.x_test], [names[label] for label in labels]


def pairs_of(path, **arguments):
    """Every row as (class, features...), sorted."""
    x, labels = rows_of(path, **arguments)
    return sorted((label, *features) for label, features in zip(labels, x.tolist(), strict=True))


def refused(path, **arguments):
    """The text of a refusal."""
    with pytest.raises(ValueError) as caught:
        described(path, **arguments)
    return str(caught.value)
