"""Callbacks of training libraries, one module each, which imports its library: their trainings become recordings."""
