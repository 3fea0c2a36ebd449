"""A plan from its file: every field has its type, every index is valid."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from dlbench.errors import UsageError
from dlbench.plan import Plan

MOST_STEPS = 10**12
MOST_THREADS = 10_000


def plan_from(data: Any) -> Plan:
    """The plan that plain data says; raises `ValueError` with what is wrong first, and where."""
    plan = typed(Plan, _with_numbers(data))
    if wrong := next(_mistakes(plan), None):
        raise ValueError(wrong)
    return plan if plan.questions is None else replace(plan, questions=plan.questions.by_newest_names())


def _with_numbers(data: Any) -> Any:
    """The same data, the trials of a recording that have no seed with the negative numbers that stand for that."""
    trials = data.get("trials") if isinstance(data, dict) and data.get("recorded") is True else None
    if not isinstance(trials, list):
        return data
    unseeded = {index for index, trial in enumerate(trials) if isinstance(trial, dict) and trial.get("seed", 0) is None}
    return data | {"trials": [t | {"seed": -1 - i} if i in unseeded else t for i, t in enumerate(trials)]}


def _mistakes(plan: Plan) -> Iterator[str]:
    """What no field can know alone."""
    for index, trial in enumerate(plan.trials):
        yield from _astray([trial.candidate], len(plan.candidates), f"trials.{index}.candidate")
        if not (0 <= trial.seed < 2**63 or (plan.recorded and trial.seed == -1 - index)):
            yield f"trials.{index}.seed: is {trial.seed}"
    yield from _mistakes_of_stacks(plan)
    yield from _mistakes_of_workers(plan)
    if plan.breakpoints:
        yield from _mistakes_of_breakpoints(plan)


def _mistakes_of_breakpoints(plan: Plan) -> Iterator[str]:
    from dlbench.plan.breakpoints import parse

    for index, condition in enumerate(plan.breakpoints):
        try:
            parse(condition)
        except UsageError as error:
            yield f"breakpoints.{index}: {error}"


def _mistakes_of_stacks(plan: Plan) -> Iterator[str]:
    for index, stack in enumerate(plan.stacks):
        # How a run stands can be told of stacks alone: a plan without trials leads nowhere, but is no damage.
        yield from _astray(stack.trials, len(plan.trials) or len(stack.trials), f"stacks.{index}.trials")
        if not 0 <= stack.steps <= MOST_STEPS or stack.parameters < 0:
            yield f"stacks.{index}: has {stack.steps} steps, {stack.parameters} parameters"
    if plan.trials:
        yield from _repeated([trial for stack in plan.stacks for trial in stack.trials], "stacks")


def _mistakes_of_workers(plan: Plan) -> Iterator[str]:
    for index, worker in enumerate(plan.workers):
        yield from _astray(worker.stacks, len(plan.stacks), f"workers.{index}.stacks")
        if not 1 <= worker.threads <= MOST_THREADS:
            yield f"workers.{index}.threads: is {worker.threads}"
    shared = [stack for worker in plan.workers for stack in worker.stacks]
    yield from _repeated(shared, "workers")
    if plan.workers and len(shared) != len(plan.stacks):
        yield f"workers: they have {len(shared)} of {len(plan.stacks)} stacks"


def _astray(indices: list[int], count: int, place: str) -> Iterator[str]:
    for index in indices:
        if not 0 <= index < count:
            yield f"{place}: there is no number {index}, they go from 0 to {count - 1}"


def _repeated(indices: list[int], place: str) -> Iterator[str]:
    if len(set(indices)) < len(indices):
        yield f"{place}: name something twice"


DEEPEST = 100
"""How deep lists and tables may stand in one another; a recipe's are a third of that."""

T = TypeVar("T")


def typed(kind: type[T], data: Any, place: str = "") -> T:
    """The dataclass of a kind with these fields; raises `ValueError` with the place of the first that is missing or no such thing.

    Fields may be texts, numbers, true or false, lists of these, tables, further dataclasses, and unions of all of them; of a
    literal one of its values. An `int` is a fine `float`, `true` is no number. Fields with defaults may be left out; what the
    dataclass has not is passed over.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{place or 'it'} is not a table")  # noqa: TRY004  # the file is wrong, not its reader
    fields = {}
    for name, hint, as_is, is_needed in _fields(cast("Any", kind)):
        if name in data:
            value = data[name]
            fields[name] = value if type(value) in as_is else _value(hint, value, _at(place, name))
        elif is_needed:
            raise ValueError(f"{_at(place, name)} is missing")
    return kind(**fields)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


AS_IS: frozenset[type] = frozenset({str, int, float, bool, type(None)})
"""Types whose values need no look into: nearly all of a large plan are such, and it has ten thousand trials."""


@cache
def _fields(kind: Any) -> list[tuple[str, Any, frozenset[type], bool]]:
    """Of a dataclass each field's name, its type, those of its types whose values are fine as they are, and if it must be there."""
    hints, missing = get_type_hints(kind), dataclasses.MISSING
    return [
        (
            field.name,
            hint := hints[field.name],
            frozenset(one for one in AS_IS if one in _alternatives(hint)),
            field.default is missing and field.default_factory is missing,
        )
        for field in dataclasses.fields(kind)
    ]


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


@cache
def _origin(kind: Any) -> Any:
    """What a type is built by: `list`, `dict`, `Union`, `Literal`, `dataclass`, or nothing; a folder of runs asks it often."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return dataclasses.dataclass
    origin = get_origin(kind)
    return Union if origin is UnionType else origin


def _value(kind: Any, value: Any, place: str) -> Any:
    origin = _origin(kind)
    if origin is Union:
        return _one_of(get_args(kind), value, place)
    if (origin is Literal and value in get_args(kind)) or (kind is type(None) and value is None):
        return value
    if origin is dataclasses.dataclass:
        return typed(kind, value, place)
    if origin is list and isinstance(value, list):
        of = get_args(kind)[0]
        is_plain = {type(one) for one in value} == {of}
        return value if is_plain else [_value(of, one, f"{place}.{index}") for index, one in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        _refuse_depths(value, place)
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if type(value) is kind or (kind is float and is_number):
        return value
    raise ValueError(f"{place} is {str(value)[:40]}, not of the type {getattr(kind, '__name__', kind)}")


def _one_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    """The value as the first kind that it is of; where it is of none, what is wrong with it as the likeliest."""
    likely = [kind for kind in kinds if kind is not type(None)] if value is not None else list(kinds)
    problems = []
    for kind in likely:
        try:
            return _value(kind, value, place)
        except ValueError as problem:
            problems.append(problem)
    raise problems[-1]


def _refuse_depths(value: dict[str, Any], place: str) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        if not level:
            return
        inner = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [one for outer in inner for one in outer if isinstance(one, dict | list)]
    if level:
        raise ValueError(f"{place} is nested too deeply")
