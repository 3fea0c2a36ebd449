from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlbench.report.seeds_needed import seeds_to_resolve, seeds_to_resolve_share


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_seeds_to_resolve_is_the_first_n_that_does(spread, gap):
    """With that many seeds the interval's half-width is below the gap, with one fewer it is not."""
    n = seeds_to_resolve(spread, gap)
    half = (
        {m: stats.t.ppf(0.975, m - 1) * spread / math.sqrt(m) for m in (n - 1, n, 10_000) if m and m > 1} if n else {}
    )
    assert n is None or half[n] < gap
    assert n in {None, 2} or half[n - 1] >= gap
    assert n is not None or 1.96 * spread / 100 >= gap * 0.999


@pytest.mark.parametrize(("share", "limit"), [(0.6, 0.9), (0.0, 0.1), (1.0, 0.9), (0.5, 0.45)])
def test_seeds_to_resolve_a_share(share, limit):
    """With that many seeds Clopper and Pearson's interval has left the limit."""
    n = seeds_to_resolve_share(share, limit)
    oracle = stats.binomtest(round(share * n), n).proportion_ci(0.95, method="exact")
    assert not oracle.low + 0.02 < limit < oracle.high - 0.02
    assert seeds_to_resolve_share(limit, limit) is None
