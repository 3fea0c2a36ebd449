"""The panes: one tab of the dashboard each."""
