"""Pictures as files: what units look at, what becomes of samples."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.export.plots.base import PLOTS

__all__ = ["PLOTS"]

import_modules(__name__)
