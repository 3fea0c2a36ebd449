"""About how many seeds decide something, if they go on like those that there are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from dlbench.report.interval import ALPHA
from dlbench.report.shares import share_difference_interval, share_interval

MOST_SEEDS = 10_000


def seeds_to_resolve(spread: float, gap: float) -> int | None:
    """About how many seeds make a mean's interval end `gap` away from the mean: where it is held against something.

    The smallest n with t(n - 1) s / sqrt(n) < gap, supposing that mean and deviation stay what they are; `None` if that
    is beyond ten thousand.
    """
    from scipy.special import stdtrit

    n = np.arange(2, MOST_SEEDS + 1)
    enough = stdtrit(n - 1, 1 - ALPHA / 2) * spread < gap * np.sqrt(n)
    return int(n[np.argmax(enough)]) if enough.any() else None


def seeds_to_resolve_share(share: float, limit: float) -> int | None:
    """About how many seeds take `limit` out of a share's interval, if the share stays what it is, or `None`.

    A share of 0 can never be told from a limit of 0, nor a share of 1 from 1.
    """
    if share == limit:
        return None
    return _first(lambda n: limit not in (share_interval(share * n, n) or ()))


def seeds_to_resolve_share_difference(ours: Sequence[float], theirs: Sequence[float], limit: float) -> int | None:
    """About how many pairs take `limit` out of the interval of two shares' difference, if the pairs go on as they are, or `None`."""
    a, b = sum(ours) / len(ours), sum(theirs) / len(theirs)
    return _first(lambda n: limit not in (share_difference_interval(a * n, b * n, n) or ()))


def _first(resolves: Callable[[int], bool]) -> int | None:
    """The smallest number of seeds that resolves something, which more of them resolve as well; `None` beyond ten thousand."""
    n = bisect_left(range(1, MOST_SEEDS + 1), True, key=resolves) + 1
    return n if n <= MOST_SEEDS else None
