"""Pictures as files: what units look at, what becomes of samples."""

from __future__ import annotations

from dlbench.export.plots.base import PLOTS
from dlbench.parts.catalog import import_modules

__all__ = ["PLOTS"]

import_modules(__name__)
