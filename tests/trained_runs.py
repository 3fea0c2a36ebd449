"""Runs that are trained in a moment and keep weights and predictions."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cases import dense, plan_of, settings

from dlbench.engine.worker import Worker
from dlbench.parts import CATALOGS
from dlbench.run.folder import RunFolder, create


def trained_run(base: Path, variants: dict[str, dict[str, Any]], seeds: Sequence[int] = (0,)) -> RunFolder:
    """A finished run of these settings, which keep weights and predictions."""
    for own in variants.values():
        own["evaluate"] |= {"weights": True, "predictions": True}
    plan = plan_of(variants, seeds)
    folder = create(base, "case", datetime.now().astimezone())
    folder.write_plan(plan)
    with patch.object(signal, "signal", lambda *_: None):
        for stack in range(len(plan.stacks)):
            assert Worker(folder, stack, 0, [stack]).run() == 0
    return folder


def learning(kind: str, **data: Any) -> dict[str, Any]:
    """Settings of a small net that learns data of this kind."""
    flat = [{"kind": "flatten"}] if kind == "digits" else []
    known = CATALOGS["datasets"][kind].arguments
    assert set(data) - {"normalize", "normalize_target", "classes"} <= set(known)
    return settings([*flat, dense(6, "tanh")], data={"kind": kind, **data}, steps=30, every=30)
