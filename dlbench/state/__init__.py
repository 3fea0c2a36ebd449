"""The fold: a run's events, in whatever pieces they arrive, become what is known of each stack and trial. Imports no torch."""
