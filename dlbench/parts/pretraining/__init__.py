"""The ways in which hidden layers learn without labels before the training, one class in one file each."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.pretraining.base import PRETRAINING

import_modules(__name__)

__all__ = ["PRETRAINING"]
