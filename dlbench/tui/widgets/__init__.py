"""Textual widgets: each shows one chart or one line of the view, and redraws only what has changed."""
