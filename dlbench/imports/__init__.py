"""Logs that others wrote (CSV, JSON lines, TensorBoard's event files) as recordings, which everything here can show. No torch."""
