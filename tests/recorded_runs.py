"""Recordings as the recorder leaves them, with numbers that a test chooses: made by the writer of events, without torch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dlbench.plan.questions import Questions
from dlbench.plan.recorded import recorded_plan
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder, create

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAYERS = [
    {"name": f"net.{index}", "kind": kind, "weight": weight}
    for index, (kind, weight) in enumerate(
        [("Linear", [64, 20]), ("ReLU", None), ("Linear", [64, 64]), ("ReLU", None), ("Linear", [2, 64])]
    )
]
Curve = Callable[[int], float | None]


@dataclass
class Recorded:
    """What a recording is about, and what it logs: every curve at every `every`-th step, a probe at each of these too."""

    variant: str = "he"
    seed: int | None = 0
    name: str = "mine"
    steps: int = 200
    every: int = 20
    curves: Mapping[str, Curve] = field(default_factory=lambda: {"train_loss": lambda step: math.exp(-step / 80)})
    status: str | None = "done"
    """How it ends; `None` where it is at work, or was killed."""
    error: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: Questions | None = None
    minute: int = 0
    """When it began, in minutes behind the first."""
    diverged_at: int | None = None


def record(base: Path, recorded: Recorded) -> RunFolder:
    """Write the folder of a recording under `base`."""
    own = recorded
    folder = create(base, own.name, START + timedelta(minutes=own.minute))
    plan = recorded_plan(
        own.name, own.variant, own.seed, settings=own.settings, parameters=5634, questions=own.questions
    )
    folder.write_plan(plan)
    folder.env_file.write_text(
        json.dumps({"dlbench": "0", "host": "desk", "command": ["/home/me/train.py", "--lr", "0.1"]})
    )
    with EventWriter(folder.events_file(0, 0)) as writer:
        begin(writer, own)
        for step in range(0, own.steps + 1, own.every):
            log(writer, own, step)
        if own.diverged_at is not None:
            writer.write("diverged", stack=0, step=own.diverged_at, trial=0, last_loss=3.0)
        if own.status is not None:
            for stack in (0, None):
                writer.write("end", stack=stack, step=own.steps, status=own.status, error=own.error)
    return folder


def begin(writer: EventWriter, recorded: Recorded, *, pid: int = 2**22 + 1, host: str = "nowhere") -> None:
    """Introduce the process and its net."""
    started = (START + timedelta(minutes=recorded.minute)).timestamp()
    writer.write("run", session=0, worker=0, stacks=[0], device="cpu", host=host, pid=pid, started=started, torch="2.9")
    writer.write("stack", stack=0, step=0, layers=LAYERS, steps=None, steps_per_epoch=None, train=None, test=None)


def log(writer: EventWriter, recorded: Recorded, step: int) -> None:
    """An evaluation and a probe: gradients that shrink with the depth below the output."""
    values = {name: [curve(step)] for name, curve in recorded.curves.items()}
    writer.write("metrics", stack=0, step=step, epoch=None, seconds=step / 1000, **values)
    norms = [
        None if layer["weight"] is None else 0.1 ** (len(LAYERS) - place) * math.exp(-step / 300)
        for place, layer in enumerate(LAYERS)
    ]
    weights = [None if norm is None else 8.0 for norm in norms]
    zeros = [0.5 if layer["kind"] == "ReLU" else None for layer in LAYERS]
    writer.write(
        "probe", stack=0, step=step, gradient_norm=[norms], weight_norm=[weights], zero_fraction=[zeros], cost=0.01
    )


def group(
    base: Path, variants: Sequence[str] = ("xavier", "he"), seeds: Sequence[int | None] = (0, 1, 2), **fields: Any
) -> list[RunFolder]:
    """A recording for each variant and seed: `he` has the lower losses and the higher `bleu`, seeds differ a little."""

    def curves(place: int, number: int) -> dict[str, Curve]:
        off = 0.01 * math.sin(7 * number + 2 * place + 1)
        return {
            "train_loss": lambda step: 0.7 * math.exp(-step / (90 - 40 * place)) + 0.1 * (1 - place) + off**2,
            "test_accuracy": lambda step: 0.5 + (0.3 + 0.1 * place) * (1 - math.exp(-step / 50)) + off,
            "bleu": lambda step: 20 + 5 * place + 40 * off + step / 100,
        }

    made = [
        (variant, place, seed, number) for number, seed in enumerate(seeds) for place, variant in enumerate(variants)
    ]
    return [
        record(base, Recorded(variant, seed, curves=curves(place, number), minute=minute, **fields))
        for minute, (variant, place, seed, number) in enumerate(made)
    ]
