"""The schedules: factors on the learning rate, by the step or by what evaluations tell."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.schedules.base import SCHEDULES, adaptive, factor

import_modules(__name__, ("of_steps", "plateau"))

__all__ = ["SCHEDULES", "adaptive", "factor"]
