"""What a probe measures of every layer of a net. Imports nothing heavy."""
