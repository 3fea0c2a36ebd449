"""The datasets that a recipe may name, one function each; numpy only, torch is never imported here."""

from __future__ import annotations

from dlbench.parts.catalog import import_modules
from dlbench.parts.datasets.base import DATASETS, Arrays, Source

import_modules(__name__)

__all__ = ["DATASETS", "Arrays", "Source"]
