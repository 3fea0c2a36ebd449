"""The way back from a run's folder to its nets: weights out as safetensors beside plain torch code, and predictions of new data."""
