"""The metrics of a trial: their declarations, and how each is computed from a `TrialView`. Imports nothing heavy."""
