"""A database such as trackio makes, without trackio."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

NOW = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL,
    run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL,
    config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id));
CREATE INDEX idx_metrics_run_step ON metrics(run_id, step);
"""
"""As trackio 0.43 makes them."""
BEFORE = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, run_name TEXT NOT NULL,
    step INTEGER NOT NULL, metrics TEXT NOT NULL);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_name TEXT NOT NULL, config TEXT NOT NULL,
    created_at TEXT NOT NULL, UNIQUE(run_name));
"""
"""Before runs had ids."""


def insert(path: Path, table: str, **cells: Any) -> None:
    """Put a row into a table."""
    places = ", ".join("?" * len(cells))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({places})", tuple(cells.values()))


def database(path: Path, runs: Mapping[str, dict[str, Any]], schema: str = NOW, steps: int = 3) -> Path:
    """A project with runs by their names, each with its configuration and a loss that falls from its `lr`."""
    with closing(sqlite3.connect(path)) as made:
        made.executescript(schema)
    for name, config in runs.items():
        identity = {"run_id": f"id-{name}"} if schema == NOW else {}
        told = json.dumps({**config, "_Username": None, "_Created": "2026", "_Group": "g"}).encode()
        insert(path, "configs", **identity, run_name=name, config=told, created_at="2026")
        for step in range(steps):
            metrics = json.dumps({"train/loss": config["lr"] / (step + 1), "bleu": {"en": step}}).encode()
            insert(path, "metrics", **identity, timestamp="2026", run_name=name, step=step, metrics=metrics)
    return path
