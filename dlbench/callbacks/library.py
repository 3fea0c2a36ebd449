"""A library of others that may not be there, told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dlbench.errors import MissingLibraryError


@contextmanager
def needed(library: str) -> Iterator[None]:
    """Around the imports of a library that an extra of its name installs.

    Raises MissingLibraryError, which is an ImportError too, where it is not installed; what fails inside of it goes its own way.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != library:
            raise
        raise MissingLibraryError(
            f'its callback needs {library}; install it with `pip install "dlbench[{library}]"`'
        ) from None
