"""The engine: build a stack of trials as one tensor program, train it, probe it, checkpoint it.

Runs in worker processes only. Never imports cli, display, report or export.
"""

from __future__ import annotations

import os

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
# Before the first product, which is when MKL reads it: else it chooses its kernels by how the matrices happen to lie in memory,
# which depends on how many trials lie before them, and by the number of threads (Intel's "conditional numerical reproducibility").
