"""Checkpoints: a stack's whole state in one file, renamed into place, checked and loaded without pickle's powers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor

from dlbench.errors import DamagedFileError, DlbenchError
from dlbench.plan import Way
from dlbench.run.archive import damage
from dlbench.run.atomic import replacing, writing
from dlbench.run.folder import previous

CHECKPOINT_VERSION = 1


@dataclass
class Checkpoint:
    """A stack between two steps: everything that the steps to come depend on.

    The order of batches is a function of (seed, epoch) and needs no state; dropout's streams do. `losses` sums the batch
    losses of `losses_count` steps since the last evaluation. What viewers have done to the training is `rates`, the learning
    rate of each trial, and `dropped`; how far breakpoints have come is `watch`, how far early stopping has `stopping`, how far
    schedules that follow evaluations `schedule`; `clipped` counts the steps whose gradient was cut. `pretraining` knows which
    layers have learned before step 0, `way` in which way the steps were taken.
    """

    trials: list[str]
    step: int
    weights: Tensor
    states: dict[str, Tensor]
    buffers: dict[str, dict[str, Tensor]]
    generators: dict[str, list[Tensor]]
    losses: list[float]
    losses_count: int
    last_loss: list[float]
    diverged: list[bool]
    seconds: float
    probe_seconds: float
    rates: list[float] = field(default_factory=list)
    dropped: list[bool] = field(default_factory=list)
    watch: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    stopping: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    clipped: list[int] = field(default_factory=list)
    pretraining: dict[str, Any] = field(default_factory=dict)
    way: Way = "torch"
    v: int = CHECKPOINT_VERSION


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint durably; the one before it becomes `previous(path)`.

    Raises UnwritableError where the disk is full or the folder gone. A kill at any instant leaves a whole one: between the two
    renames it is the previous one, and nothing stands at `path`.
    """
    with writing(path), replacing(path, keeping=previous(path)) as file:
        try:
            torch.save(dict(vars(checkpoint)), file)
        except RuntimeError as error:
            # torch tells of a write that failed as a mistake in its own archive.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def set_aside(path: Path) -> None:
    """Give a damaged checkpoint another name, so that it takes the place of no sound one; who wants to may look at it."""
    path.replace(path.with_name(f"{path.stem}.damaged{path.suffix}"))


def read(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`, its tensors on the CPU; `None` where there is none.

    Raises DamagedFileError, in words that name no remedy of torch's, where it is not what was written; DlbenchError where it is of
    a newer version.
    """
    try:
        wrong = damage(path)
    except FileNotFoundError:
        return None
    if wrong:
        raise DamagedFileError(f"{path.name}: {wrong}")
    try:
        fields = torch.load(path, map_location="cpu", weights_only=True)
        _refuse_newer(path, fields["v"])
        return Checkpoint(**fields)
    except DlbenchError:
        raise
    except Exception as error:
        raise DamagedFileError(f"{path.name}: it is not a checkpoint") from error


def load(path: Path, own: Checkpoint, steps: int) -> Checkpoint | None:
    """The same for a stack that is `own` at its first step; DamagedFileError, too, where it fits neither it nor its `steps`."""
    found = read(path)
    if found is not None and (misfit := _misfit(found, own, steps)):
        raise DamagedFileError(f"{path.name}: {misfit}")
    return found


def _refuse_newer(path: Path, version: object) -> None:
    if type(version) is int and version > CHECKPOINT_VERSION:
        raise DlbenchError(
            f"{path}: a checkpoint of version {version}, this dlbench reads version {CHECKPOINT_VERSION}; "
            "use the dlbench that made it"
        )


def _misfit(found: Checkpoint, own: Checkpoint, steps: int) -> str | None:
    """What of a checkpoint cannot be of this stack, in words."""
    if found.v != own.v or found.trials != own.trials:
        return "it belongs to other trials"
    if type(found.step) is not int or not 0 <= found.step <= steps:
        return f"its step is {found.step!r}, not one of 0 to {steps:,}"
    trials, weights = len(own.trials), own.weights.shape
    numbers = (found.losses_count, found.seconds, found.probe_seconds)
    fits = {
        "weights": _alike(found.weights, own.weights),
        "states": _is_dict(found.states) and all(_is_state(one, trials, weights) for one in found.states.values()),
        "buffers": _alike(found.buffers, own.buffers),
        "generators": _alike(found.generators, own.generators),
        "losses": all(_is_numbers(each, trials) for each in (found.losses, found.last_loss)),
        "trials": all(_is_numbers(each, trials) for each in (found.diverged, found.rates or own.rates)),
        "dropped": not found.dropped or _is_numbers(found.dropped, trials),
        "times": all(_is_number(one) and math.isfinite(one) and one >= 0 for one in numbers),
        "breakpoints": _is_dict(found.watch) and _spans(found.watch, trials),
        "early stops": _is_dict(found.stopping) and _spans(found.stopping, trials) and _keeps(found.stopping, own),
        "schedules": _is_dict(found.schedule) and _spans(found.schedule, trials),
        "way": found.way in get_args(Way),
        "clipped steps": not found.clipped or _is_numbers(found.clipped, trials),
        "pre-trained layers": _is_dict(found.pretraining) and _spans(found.pretraining, trials),
    }
    return next((f"its {name} have another shape" for name, is_fit in fits.items() if not is_fit), None)


def _alike(found: object, own: object) -> bool:
    """Whether nested dicts and lists of tensors have the same names, lengths, shapes and types."""
    if isinstance(own, Tensor):
        return isinstance(found, Tensor) and found.shape == own.shape and found.dtype == own.dtype
    if isinstance(own, dict):
        return (
            isinstance(found, dict)
            and found.keys() == own.keys()
            and all(_alike(found[name], own[name]) for name in own)
        )
    assert isinstance(own, list)
    return isinstance(found, list) and len(found) == len(own) and all(map(_alike, found, own))


def _spans(found: object, trials: int) -> bool:
    """Whether every list and every tensor, however deep in dicts, has an entry a trial; so have the tensors of a list."""
    if isinstance(found, dict):
        return all(_spans(each, trials) for each in found.values())
    if isinstance(found, Tensor):
        return found.shape[:1] == torch.Size([trials])
    if not isinstance(found, list):
        return found is None or _is_number(found)
    return all(_spans(each, trials) for each in found) if _has_tensors(found) else len(found) in {0, trials}


def _has_tensors(found: list[object]) -> bool:
    return any(isinstance(each, Tensor) for each in found)


def _keeps(stopping: dict[str, Any], own: Checkpoint) -> bool:
    """Whether the rows that early stopping kept, if it did, are those of the stack."""
    rows = [own.weights, *(tensor for block in own.buffers.values() for tensor in block.values())]
    kept = stopping.get("kept") or rows
    return _alike(kept, rows)


def _is_state(found: object, trials: int, weights: torch.Size) -> bool:
    """What an optimizer remembers: a number a trial, or one of every weight."""
    return isinstance(found, Tensor) and found.shape in {torch.Size([trials]), weights}


def _is_numbers(found: object, trials: int) -> bool:
    return isinstance(found, list) and len(found) == trials and all(map(_is_number, found))


def _is_number(found: object) -> bool:
    return isinstance(found, int | float)


def _is_dict(found: object) -> bool:
    return isinstance(found, dict)
