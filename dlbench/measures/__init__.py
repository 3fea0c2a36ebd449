"""What a probe measures of every layer of a net. Readers of a run need only the names; `catalog` has all measures."""
