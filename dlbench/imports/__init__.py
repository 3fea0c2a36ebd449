"""Logs that others wrote (CSV, JSON lines, files of TensorBoard, trackio, wandb) as recordings, which all else shows. No torch."""
