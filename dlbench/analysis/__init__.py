"""What a run's state says: statistics, comparison, claims, ensembles, diagnosis. Imports no torch."""
