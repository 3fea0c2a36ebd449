"""What was asked of the workers, from here or by others, and what they say to it, in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from dlbench.plan.breakpoints import spelling
from dlbench.run.control import ask
from dlbench.run.tail import Tail
from dlbench.run.workers import current_session
from dlbench.tui.model.trials import name_of

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.state.event_records import Answer, Hit
    from dlbench.state.run_state import RunState

HitKey: TypeAlias = tuple[int, int, str, str | None]
"""Trial, step, condition and layer of a breakpoint: a resumed run that tells of it again tells nothing new."""

PATIENCE = 5.0
"""Seconds after which it is said that nobody has answered yet."""


@dataclass(frozen=True)
class Announcement:
    """One thing to say, and whether it is a trouble."""

    text: str
    is_trouble: bool = False


@dataclass
class Request:
    """One control that was asked for."""

    action: str
    fields: dict[str, Any]
    asked: float
    heard: int = 0
    """How many of its answers have been told."""
    is_late: bool = False

    @property
    def spoken(self) -> str:
        """The action in words."""
        return self.action.replace("_", " ")


@dataclass
class PendingRequests:
    """The open requests of this dashboard; `news` is looked at a few times a second."""

    clock: Callable[[], float] = time.monotonic
    _open: dict[str, Request] = field(default_factory=dict)
    _hits: dict[HitKey, Hit] | None = None
    """The breakpoints that had come true the last time; their order is that of the steps, not of their arrival."""

    def ask(self, folder: RunFolder, action: str, fields: dict[str, Any]) -> None:
        """Ask; raises UsageError or OSError where nobody can be asked."""
        self._open[ask(folder, action, **fields)] = Request(action, fields, self.clock())

    def news(self, state: RunState) -> list[Announcement]:
        """What is new since the last time: answers, or that none came; breakpoints that came true."""
        found = [
            news for identity, one in self._open.items() for news in self._of(one, state.answers.get(identity, []))
        ]
        return found + self._hit(state)

    def _of(self, request: Request, answers: list[Answer]) -> list[Announcement]:
        new = answers[request.heard :]
        request.heard = len(answers)
        errors = dict.fromkeys(answer.error for answer in new if answer.error is not None)
        done = [answer for answer in new if answer.error is None]
        found = [Announcement(f"{request.spoken}: {error}", is_trouble=True) for error in errors]
        if done:
            found.insert(0, Announcement(said(request, done)))
        if not answers and not request.is_late and self.clock() - request.asked > PATIENCE:
            request.is_late = True
            found.append(
                Announcement(
                    f"{request.spoken}: no answer yet; the workers poll for commands between two steps", is_trouble=True
                )
            )
        return found

    def _hit(self, state: RunState) -> list[Announcement]:
        before, self._hits = self._hits, {(hit.trial, hit.step, hit.when, hit.layer): hit for hit in state.hits}
        new = [] if before is None else [hit for key, hit in self._hits.items() if key not in before]
        return [Announcement(told(hit, state), is_trouble=True) for hit in new]


def said(request: Request, answers: list[Answer]) -> str:
    """An acknowledgement: `paused at step 1,840`."""
    steps = sorted({answer.step for answer in answers if answer.step is not None})
    where = f"step {steps[0]:,}" if steps else "once"
    if len(steps) > 1:
        where = f"steps {steps[0]:,} to {steps[-1]:,} in {len(answers)} stacks"
    fields = request.fields
    count = len(fields.get("trials", ()))
    trials = f"{count} trial{'' if count == 1 else 's'}"
    when = fields.get("when", "")
    return {
        "pause": f"paused at {where}",
        "resume": f"resumed at {where}",
        "advance": f"advancing one {'epoch' if fields.get('steps') == 'epoch' else 'step'} from {where}",
        "stop": f"stopping at {where}, with a checkpoint",
        "end_trial": f"ended {trials} at {where}",
        "set_lr": f"learning rate {fields.get('lr', 0):g} for {trials} from {where} on",
        "breakpoint": f"{'set' if fields.get('on', True) else 'removed'} the breakpoint {when}",
    }[request.action]


def told(hit: Hit, state: RunState) -> str:
    """A breakpoint that came true: `paused at step 120: first_last_gradient_ratio < 1e-6, relu, seed 3`."""
    where = "" if hit.layer is None else f" in {hit.layer}"
    value = "" if hit.value is None else f" ({hit.value:.3g})"
    whose = name_of(state.trials[hit.trial].plan)
    return f"{'paused at' if hit.paused else 'at'} step {hit.step:,}: {hit.when}{where}{value}, {whose}"


def breakpoints_set(folder: RunFolder | None, of_recipe: Iterable[object]) -> list[str]:
    """The conditions in force: the recipe's, and what this session was asked for since."""
    found = dict.fromkeys(spelling(str(one)) for one in of_recipe)
    session = None if folder is None else current_session(folder)
    if folder is None or session is None:
        return list(found)
    for line in Tail(folder.control_file).lines():
        try:
            control = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(control, dict) or control.get("action") != "breakpoint" or control.get("session") != session:
            continue
        when = spelling(str(control.get("when", "")))
        if control.get("on", True):
            found[when] = None
        else:
            found.pop(when, None)
    return list(found)
