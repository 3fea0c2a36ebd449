"""A run as one page of HTML: what stands on it, and how it looks."""
