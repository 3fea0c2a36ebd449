"""Reports as files: every format writes the table that the terminal prints."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.export.base import EXPORTERS, exported

__all__ = ["EXPORTERS", "exported"]

import_modules(__name__)
