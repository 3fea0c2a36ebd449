"""The engine: build a stack of trials as one tensor program, train it, probe it, checkpoint it.

Runs in worker processes only. Never imports cli, display, report or export.
"""
