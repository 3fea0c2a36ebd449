"""What is counted of a trial: the declarations of metrics, and how each is computed of what a trial looks like. Imports nothing heavy."""
