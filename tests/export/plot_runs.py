"""Runs to draw: with pictures of layers, curves and probes whose numbers a test knows."""

import io
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from PIL import Image
from synthetic_run import finished, make_plan

from dlbench.analysis.summary import summarize
from dlbench.export.plots import PLOTS
from dlbench.export.plots.base import Asked
from dlbench.export.plots.page import settle
from dlbench.export.plots.rendering import picture
from dlbench.export.plots.style import styled
from dlbench.plan.questions import Compare, Questions
from dlbench.run.events import EventWriter
from dlbench.run.folder import create

NUMBERS = {"train_loss": 0.1, "train_accuracy": 1.0, "test_loss": 0.2, "test_accuracy": 0.75}
FILES = (
    ("0 dense", "pretrain", 0, ("filters", "inputs", "reconstructions")),
    ("0 dense", "pretrain", 40, ("filters", "inputs", "reconstructions")),
    ("0 dense", "train", 10, ("filters",)),
    ("0 dense", "train", 50, ("filters",)),
    ("output", "train", 50, ("inputs", "reconstructions")),
)


def arrays(seed, channels=()):
    """Images of two trials: five units, three samples."""
    rng = np.random.default_rng(seed)
    return {
        "filters": rng.normal(size=(2, 5, *channels, 4, 6)),
        "inputs": rng.random((2, 3, *channels, 4, 6)),
        "reconstructions": rng.random((2, 3, *channels, 4, 6)),
    }


def written(base, plan, events):
    """A run's folder with a plan and events."""
    folder = create(base, "small", datetime.now(UTC).astimezone())
    compare = Compare("test_accuracy", plan.candidates[0].variant)
    folder.write_plan(replace(plan, questions=Questions(compare=compare)))
    with EventWriter(folder.events_file(0, 0)) as writer:
        for event in events:
            writer.write(event["kind"], **{key: value for key, value in event.items() if key not in {"v", "kind"}})
    return folder


def run_with(base, channels=(), variants=("slow", "fast"), final=lambda trial: NUMBERS):
    """A run that has ended; the first stack has pictures."""
    plan = make_plan(variants if isinstance(variants, dict) else list(variants), 2)
    told = []
    for seed, (layer, phase, step, _) in enumerate(FILES):
        file = f"pictures/stack-0/{phase}-{seed}.npz"
        told.append({"kind": "pictures", "stack": 0, "layer": layer, "step": step, "phase": phase, "file": file})
    folder = written(base, plan, [*finished(plan, final), *told])
    (folder.path / "pictures/stack-0").mkdir(parents=True)
    for seed, (own, (*_, kinds)) in enumerate(zip(told, FILES, strict=True)):
        np.savez(folder.path / own["file"], **{name: arrays(seed, channels)[name] for name in kinds})
    return folder


def asked_of(folder, **options):
    """What is asked of a run."""
    return Asked(summarize(folder), folder.path, **options)


def drawn(folder, what, **options):
    """A picture as an array of pixels, after it went through a PNG."""
    data = picture(PLOTS[what].make, asked_of(folder, **options), "png")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@contextmanager
def opened(asked, what):
    """A page with its axes in place, while its style is in force."""
    with styled(asked.look.theme):
        page = PLOTS[what].make(asked)
        settle(page.figure)
        yield page
