"""Reports as files: every format writes the table that the terminal prints."""

from __future__ import annotations

from dlbench.export.base import EXPORTERS, exported
from dlbench.parts.catalog import import_modules

__all__ = ["EXPORTERS", "exported"]

import_modules(__name__)
