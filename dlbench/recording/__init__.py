"""Recording a training loop that somebody else has written, as a run of dlbench; `dlbench.record` is its door."""

from __future__ import annotations

import time

import torch as torch  # which the loop needs anyway, so that it is no part of what loading the rest costs

LOADED_FROM = time.perf_counter(), time.process_time()
"""When the first of these modules began to load, by the clock and of the processor's time."""
