"""Plans of recordings: one trial of somebody else's loop, of which neither the recipe nor the number of steps is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from dlbench.metrics.names import UNKNOWN_TASK
from dlbench.plan import Candidate, Plan, Stack, Trial
from dlbench.plan.questions import Questions

VARIABLES = "DLBENCH_RECORD_"
"""How the variables begin that stand for arguments of `dlbench.record` which are left out."""

BASE = "base"
"""The variant where none is named."""

NO_SEED = -1
"""The seed, while it is read, of a trial that has none; in a file it is `null`."""


_ANYTHING = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def recorded_plan(  # noqa: PLR0913  # what a plan of one trial holds; all but two have defaults
    name: str,
    variant: str,
    seed: int | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    parameters: int = 0,
    steps: int = 0,
    questions: Questions | None = None,
    breakpoints: Sequence[str] = (),
) -> Plan:
    """The plan of one recording: one candidate with one trial in one stack, and no workers of ours.

    `settings` is data that the caller tells of the variant, kept as plain data; `steps` is 0 where their number is not known.
    Raises ValueError where the seed is negative or has more than 63 bits, TypeError at settings that JSON cannot hold.
    """
    if seed is not None and not 0 <= seed < 2**63:
        raise ValueError(f"a seed is a whole number from 0 to 2**63 - 1, not {seed}")
    told = plain(settings or {})
    identity = orjson.dumps([name, variant, told, seed], option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    trial = Trial(hashlib.sha256(identity).hexdigest()[:10], variant, {}, NO_SEED if seed is None else seed, 0)
    return Plan(
        recipe=name,
        candidates=[Candidate(variant, {}, told, UNKNOWN_TASK)],
        trials=[trial],
        stacks=[Stack([0], steps, parameters, cost=1.0)],
        workers=[],
        questions=questions or Questions(),
        breakpoints=list(breakpoints),
        recorded=True,
    )


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them: arrays as lists; what it does not know, such as paths, devices and functions, as text."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(dict(settings), default=_as_plain, option=_ANYTHING))
    return found


def _as_plain(value: Any) -> Any:
    """An array's numbers, else the value's name: the text of a function holds an address, which is another each time."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(getattr(value, "__qualname__", None) or (value if " at 0x" not in str(value) else type(value).__name__))


def as_data(plan: Plan) -> dict[str, Any]:
    """A plan as the plain data of plan.json; what older readers do not know stands there only where it says something."""
    data = asdict(plan)
    if not plan.recorded:
        del data["recorded"]
    if plan.until_decided is None:
        del data["until_decided"]
    if data["questions"] is not None and not plan.questions.better:  # type: ignore[union-attr]
        del data["questions"]["better"]
    for trial in data["trials"]:
        if trial["seed"] < 0:
            trial["seed"] = None
    return data
