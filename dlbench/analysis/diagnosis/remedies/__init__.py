"""Remedies: one change each, as a patch of the very recipe that was trained, with why it may help."""

from __future__ import annotations

from dlbench.analysis.diagnosis.remedies.catalogue import remedies, remedy_names
from dlbench.catalog import import_modules

import_modules(__name__, ("steps", "net", "samples"))

__all__ = ["remedies", "remedy_names"]
