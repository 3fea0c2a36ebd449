"""Recordings: training loops that are not dlbench's own, told of by the same events as its own runs."""
