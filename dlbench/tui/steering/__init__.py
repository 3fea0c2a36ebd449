"""Steering a run: what may be asked of its workers, the prompts for it, the requests that wait for their answers."""
