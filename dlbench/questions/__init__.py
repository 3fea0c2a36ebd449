"""What is asked of runs beyond their tables: how two differ, and whether a trial comes out again as it was."""
