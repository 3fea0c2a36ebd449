"""The datasets that a recipe may name, one function each; numpy only, torch is never imported here."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.datasets.base import DATASETS, Arrays, Source
from dlbench.parts.datasets.common import COMMON
from dlbench.parts.datasets.loading import describe, load_data

import_modules(__name__)

__all__ = ["COMMON", "DATASETS", "Arrays", "Source", "describe", "load_data"]
