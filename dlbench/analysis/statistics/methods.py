"""By which method a run's intervals are made: that follows from how many seeds it was to have, and who decided that when."""

from __future__ import annotations

from dlbench.analysis.statistics.intervals import FIXED, Method
from dlbench.plan import Plan


def method_of(plan: Plan) -> Method:
    """Confidence sequences where seeds were added until the claims were decided, otherwise intervals for that number of seeds."""
    if plan.until_decided is None:
        return FIXED
    from dlbench.analysis.statistics.sequences import SEQUENCES  # few runs are such

    return SEQUENCES
