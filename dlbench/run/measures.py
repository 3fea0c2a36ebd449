"""What a probe measures of every layer, by the names of `dlbench.plan.measures`."""

from __future__ import annotations

from dlbench.plan.measures import HISTOGRAM, MEASURES, ZEROS

__all__ = ["HISTOGRAM", "MEASURES", "ZEROS"]
