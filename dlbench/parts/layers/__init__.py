"""The layers that a recipe stacks, one class in one file each."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.layers.base import LAYERS

import_modules(__name__)

__all__ = ["LAYERS"]
