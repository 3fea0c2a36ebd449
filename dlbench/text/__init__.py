"""Words and tables for people, of what the analysis found."""
