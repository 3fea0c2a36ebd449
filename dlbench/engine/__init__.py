"""The engine: build a stack of trials as one tensor program, train it, probe it, checkpoint it.

Runs in worker processes only. Never imports cli, display, report or export.
"""

from __future__ import annotations

from dlbench.parts.products import ask_for_same_bits

ask_for_same_bits()
