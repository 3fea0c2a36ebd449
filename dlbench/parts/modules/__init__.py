"""Modules of torch.nn that a recipe may name as a layer: the user's own, and what comes with dlbench, one in one file each."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.modules.base import MODULES

import_modules(__name__)

__all__ = ["MODULES"]
