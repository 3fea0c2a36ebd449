"""The dashboard: a viewer of runs. It reads a run's folder, draws, and writes nothing there but commands (`control.jsonl`)."""
