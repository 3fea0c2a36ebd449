"""The optimizers, a family a file: gradient descent with momentum, adaptive rates, Adam and its kin, Muon."""

from __future__ import annotations

from dlbench.catalog import import_modules
from dlbench.parts.optimizers.base import OPTIMIZERS, update

import_modules(__name__)

__all__ = ["OPTIMIZERS", "update"]
