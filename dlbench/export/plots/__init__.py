"""Figures of a run, as files and for pages."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.export.plots.base import PLOTS

__all__ = ["PLOTS"]

import_modules(__name__, ("curves", "layers", "comparison", "filters"))
