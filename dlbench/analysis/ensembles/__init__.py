"""Trials of one variant combined, and what that gains."""
