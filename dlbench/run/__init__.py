"""A run's folder: its files, the events written and read, controls, the environment, the status. Imports no torch."""
