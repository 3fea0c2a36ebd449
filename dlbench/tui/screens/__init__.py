"""Screens over the panes: the help, and what asks before something happens."""
