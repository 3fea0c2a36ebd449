"""What was asked of a run and still holds, written once more for a worker that follows another one on a cluster.

A worker obeys what is asked of its own session or a later one, so that a run which is resumed does not obey the stop that ended it.
Whoever follows a lost worker is of a later session too, but of the same run for everybody who watches: it stays paused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeAlias
from uuid import uuid4

import orjson

from dlbench.plan import Plan
from dlbench.run.control import CONTROL_VERSION, Control, ControlReader
from dlbench.run.folder import RunFolder

PAUSING = {"pause": True, "resume": False}

Answer: TypeAlias = tuple[int, str]
"""A stack that answered, and the control by its id."""


def standing(
    folder: RunFolder,
    sessions: range,
    plan: Plan,
    stacks: Collection[int],
    answered: Collection[Answer] | None,
    *,
    paused: bool,
) -> bytes:
    """Lines of controls of these sessions that still hold for `stacks`, for the session after them.

    `answered` is what the checkpoints of the stacks have in them, `None` for all that they can have. `paused` is whether the worker
    before waited between two steps, as it may have done at a breakpoint, a pause that nobody has asked for.
    """
    asked = [one for one in ControlReader(folder.control_file, sessions.start).poll() if one["session"] in sessions]
    kept = [*_pause(asked, paused=paused), *filter(None, (_kept(one, plan, stacks, answered) for one in asked))]
    again = [one | {"v": CONTROL_VERSION, "session": sessions.stop} for one in kept]
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in again)


def _pause(asked: Iterable[Control], *, paused: bool) -> Iterator[Control]:
    """The pause that holds, if one does."""
    last = next((one for one in reversed(list(asked)) if one["action"] in PAUSING), None)
    if last is not None and PAUSING[last["action"]]:
        yield last
    elif paused:
        yield {"id": uuid4().hex[:12], "action": "pause"}


def _kept(one: Control, plan: Plan, stacks: Collection[int], answered: Collection[Answer] | None) -> Control | None:
    """A control as far as it holds for stacks: breakpoints, the end of a stack, what a checkpoint has not got yet."""
    if one["action"] == "breakpoint" or (one["action"] == "stop" and one.get("stack") in stacks):
        return one
    trials: Any = one.get("trials")
    if answered is None or one["action"] not in {"set_lr", "end_trial"} or not isinstance(trials, list):
        return None
    open_ = {trial for stack in stacks if (stack, one["id"]) not in answered for trial in plan.stacks[stack].trials}
    left = [trial for trial in trials if trial in open_]
    return one | {"trials": left} if left else None
