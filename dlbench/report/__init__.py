"""From a run's events to its state, its statistics, its table and the verdicts on its claims. Imports no torch."""
