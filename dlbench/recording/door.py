"""The door: `dlbench.record`, which checks what it is given and begins a recording."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from dlbench.errors import UsageError, shortened
from dlbench.plan import Plan
from dlbench.plan.questions import Questions
from dlbench.plan.recorded import BASE, VARIABLES, plain, recorded_plan
from dlbench.recording import LOADED_FROM
from dlbench.recording.budget import TimeBudget
from dlbench.recording.journal import Journal
from dlbench.recording.layers import LayeredModel, Model, RecordedLayer, is_compiled, layers_of, roots_of
from dlbench.recording.muted import MutedRecording
from dlbench.recording.norms import is_sharded
from dlbench.recording.program_end import close_at_exit
from dlbench.recording.recording import Recording
from dlbench.run.atomic import writing
from dlbench.run.folder import create

_LOADING = [(time.perf_counter() - LOADED_FROM[0], time.process_time() - LOADED_FROM[1])]
"""What it took to load what recordings need, until the first of them has paid for it."""

Asked: TypeAlias = Mapping[str, Any] | str | os.PathLike[str] | None
"""Questions, or the file in which they stand."""


def record(  # noqa: PLR0913  # one door; all but the first two have defaults
    model: Model,
    optimizer: Optimizer | Iterable[Optimizer] | None,
    *,
    name: str | None = None,
    variant: str | None = None,
    seed: int | None = None,
    out: str | os.PathLike[str] | None = None,
    budget: float = 0.03,
    controls: bool = True,
    questions: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    scaler: GradScaler | None = None,
) -> Recording | MutedRecording:
    """Record a training loop as a run of dlbench, in `out/name/TIME`; use it as a context manager.

    `model` is a module, or a list or dict of modules; `optimizer` one, several, or `None` where the weights are moved by hand (then
    call `run.step()` after each step). `name` is the group that `dlbench table NAME` shows, `variant` and `seed` this recording's
    place in it: without a seed it is in no pair. Left out, these, `out`, `settings` and `questions` come from
    `DLBENCH_RECORD_NAME`, `_VARIANT`, `_SEED`, `_OUT`, `_SETTINGS` (JSON) and `_QUESTIONS`, as `dlbench repeat` sets them; else the
    name is the program's, the variant `base`, the folder `results`.

    Probes take `budget` of the loop's time at most (0: none, 1: every step). `controls` lets a dashboard pause, step and stop the
    loop and set its learning rate. `questions` (a table, or a TOML file of it) has `compare`, `claims`, `lesson` and
    `breakpoints` as recipes do. `settings` is plain data about the variant, to be kept. With `scaler`, the steps that it leaves
    out are counted.

    In a distributed training the first process records, unsteered, and all others do nothing. Raises UsageError at a wrong
    argument, UnwritableError where `out` takes nothing.
    """
    began = time.perf_counter(), time.process_time()
    roots = roots_of(model)
    layers = list(model.layers) if isinstance(model, LayeredModel) else layers_of(roots)
    optimizers = _optimizers(optimizer)
    _require(budget, scaler)
    plan = _plan(name, variant, seed, settings, questions, roots)
    if _rank() > 0:
        return MutedRecording()
    compiled = is_compiled(roots)
    journal = _journal(out, plan, layers, optimizers, compiled=compiled)
    run = Recording(
        journal,
        plan,
        layers,
        optimizers,
        None if compiled else [root for _, root in roots],
        _clock(budget, began),
        by_hand=optimizer is None,
        controls=controls and _processes() == 1,
        attended=f"{VARIABLES}TRIAL" not in os.environ,  # set by `dlbench repeat`, before which nobody sits
        scaler=scaler,
    )
    close_at_exit(run)
    return run


def _require(budget: float, scaler: Any) -> None:
    if not 0 <= budget <= 1:
        raise UsageError(f"record: budget is the share of time that probes may take, from 0 to 1, not {budget}")
    if scaler is not None and not isinstance(scaler, GradScaler):
        raise UsageError(f"record: scaler must be a torch.amp.GradScaler, not {type(scaler).__name__}")


def _clock(budget: float, began: tuple[float, float]) -> TimeBudget:
    """The time that probes may take, which owes what the beginning and the loading took."""
    clock = TimeBudget(budget)
    clock.owes(time.perf_counter() - began[0], time.process_time() - began[1])
    while _LOADING:
        clock.owes(*_LOADING.pop())
    return clock


def _journal(
    out: str | os.PathLike[str] | None,
    plan: Plan,
    layers: Sequence[RecordedLayer],
    optimizers: Sequence[Optimizer],
    *,
    compiled: bool,
) -> Journal:
    """The journal in a new folder, which begins with what will not be seen of this model."""
    base = Path(out or os.environ.get(f"{VARIABLES}OUT") or "results")
    with writing(base):
        folder = create(base, plan.recipe, datetime.now(UTC).astimezone())
    weights = [one for layer in layers for one in layer.weights]
    journal = Journal(folder, layers, weights[0].device)
    folder.write_plan(plan)
    for note in _limits(compiled=compiled, sharded=is_sharded(weights), moved=_are_moved(weights, optimizers)):
        journal.note(note)
    return journal


def _plan(  # what is left out of `record` comes from the environment
    name: str | None,
    variant: str | None,
    seed: int | None,
    settings: Mapping[str, Any] | None,
    questions: Asked,
    roots: Sequence[tuple[str, nn.Module]],
) -> Plan:
    asked = os.environ.get(f"{VARIABLES}QUESTIONS") or None if questions is None else questions
    own = variant or os.environ.get(f"{VARIABLES}VARIANT") or BASE
    told = _settings() if settings is None else settings
    try:
        kept = plain(told)
    except (TypeError, ValueError) as error:
        said = "settings must be a table of names and plain values, such as vars(args)"
        raise UsageError(f"record: {said} ({type(told).__name__}: {error})") from error
    return recorded_plan(
        name or os.environ.get(f"{VARIABLES}NAME") or _program(),
        own,
        _seed(seed),
        settings=kept,
        parameters=_trained(model_parameters=[one for _, root in roots for one in root.parameters()]),
        questions=_questions(asked),
        breakpoints=_breakpoints(asked, own),
    )


def _optimizers(given: Any) -> list[Any]:
    found: list[Any] = [] if given is None else [given]
    if given is not None and not isinstance(given, Optimizer):
        found = (
            list(given.values() if isinstance(given, Mapping) else given) if isinstance(given, Iterable) else [given]
        )
        if not found:
            raise UsageError("record: the list of optimizers is empty; give None where the weights are moved by hand")
    wrong = next((one for one in found if not isinstance(one, Optimizer)), None)
    if wrong is not None:
        raise UsageError(
            f"record: the optimizer must be a torch.optim.Optimizer, a list of them or None, not {type(wrong).__name__}"
        )
    return list({id(one): one for one in found}.values())


def _seed(given: Any) -> int | None:
    told = os.environ.get(f"{VARIABLES}SEED") if given is None else None
    try:
        seed = int(told) if told else given
    except ValueError as error:
        raise UsageError(f"record: {VARIABLES}SEED must be a whole number, not '{told}'") from error
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63):
        raise UsageError(f"record: the seed must be a whole number from 0 to 2**63 - 1, not {seed!r}")
    return seed


def _settings() -> dict[str, Any]:
    told = os.environ.get(f"{VARIABLES}SETTINGS") or "{}"
    try:
        settings = orjson.loads(told)
    except orjson.JSONDecodeError:
        settings = None
    if not isinstance(settings, dict):
        raise UsageError(f"record: {VARIABLES}SETTINGS must be a JSON object, not '{shortened(told)}'")
    return settings


def _questions(given: Asked) -> Questions | None:
    if given is None:
        return None
    from dlbench.recipe.questions import questions_from  # with all that checks recipes, which few loops ask for

    return questions_from(given if isinstance(given, Mapping) else Path(given))


def _breakpoints(given: Asked, variant: str) -> list[str]:
    if given is None:
        return []
    from dlbench.recipe.questions import breakpoints_from  # likewise

    return breakpoints_from(given if isinstance(given, Mapping) else Path(given), variant)


def _program() -> str:
    """The program's own name, for a recording without one."""
    return Path(sys.argv[0] if sys.argv else "").stem or "recording"


def _trained(model_parameters: Iterable[torch.nn.Parameter]) -> int:
    return sum(one.numel() for one in {id(one): one for one in model_parameters if one.requires_grad}.values())


def _rank() -> int:
    distributed = torch.distributed
    return distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0


def _processes() -> int:
    """How many train together."""
    distributed = torch.distributed
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def _are_moved(weights: Iterable[torch.nn.Parameter], optimizers: Sequence[Optimizer]) -> bool:
    """Whether an optimizer has any of the weights, where there are optimizers."""
    theirs = {id(one) for optimizer in optimizers for group in optimizer.param_groups for one in group["params"]}
    return not optimizers or any(id(one) in theirs for one in weights)


def _limits(*, compiled: bool, sharded: bool, moved: bool) -> Iterable[str]:
    """What is not seen of this model, for whoever reads the recording."""
    if compiled:
        yield "the model is compiled: its layers' weights and gradients are measured, their outputs are not"
    if not moved:
        yield "no optimizer has any weight of the model, so no gradient is measured; was the model made anew after the optimizer?"
    if sharded:
        yield "the weights are sharded over processes: norms are of the part of this process alone"
    if _processes() > 1:
        yield "several processes train together, so nothing is steered from outside: that would reach this one alone"
