"""Trials of one variant combined, and what that is worth."""
