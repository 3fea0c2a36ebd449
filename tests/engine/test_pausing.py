"""Pausing by itself: when a training waits, how far it goes from there, and what is replied."""

from __future__ import annotations

from typing import Any

import pytest

from dlbench.engine.commands import Command, Reply
from dlbench.engine.pausing import Pausing
from dlbench.plan.breakpoints import parse

EPOCH = 10
GIVEN_UP = "another command came before it could start"


def command(action: str, identity: str = "c", **fields: Any) -> Command:
    """What someone asks."""
    return Command(identity, action, fields)


def paused() -> Pausing:
    """One that was asked to pause."""
    pausing = Pausing()
    pausing.apply(command("pause"))
    return pausing


def test_it_waits_from_a_pause_until_a_resume() -> None:
    """Nothing waits by itself; both are replied to at once."""
    pausing = Pausing()
    before = pausing.is_waiting(7)
    asked = pausing.apply(command("pause"))
    while_paused = pausing.is_waiting(7)
    told = pausing.apply(command("resume", "d"))

    assert (before, while_paused, pausing.is_waiting(7)) == (False, True, False)
    assert (asked, told) == ([Reply(command("pause"))], [Reply(command("resume", "d"))])


@pytest.mark.parametrize(
    ("step", "steps", "until", "probes"),
    [(7, 1, 8, True), (7, 2, 9, False), (7, "epoch", 10, False), (10, "epoch", 20, False), (0, 25, 25, False)],
)
def test_an_advance_goes_so_far(step: int, steps: int | str, until: int, probes: bool) -> None:
    """It begins before the step at hand, ends after so many or with the epoch, and probes a single step."""
    pausing = paused()
    asked = pausing.apply(command("advance", steps=steps))
    begun = pausing.proceed(step, EPOCH)

    assert asked == []
    assert begun == [Reply(command("advance", steps=steps), {"steps": steps})]
    assert (pausing.until, pausing.probes_every_step) == (until, probes)
    assert (pausing.is_waiting(until - 1), pausing.is_waiting(until)) == (False, True)


def test_advances_follow_each_other() -> None:
    """The second begins where the first is over, not before."""
    pausing = paused()
    for identity in ("a", "b"):
        pausing.apply(command("advance", identity, steps=2))
    begun = {step: [reply.command.id for reply in pausing.proceed(step, EPOCH)] for step in range(4, 9)}

    assert begun == {4: ["a"], 5: [], 6: ["b"], 7: [], 8: []}
    assert pausing.is_waiting(8)


def test_who_is_not_paused_cannot_advance() -> None:
    """It is refused with what to do, and nothing waits for it."""
    pausing = Pausing()
    (reply,) = pausing.apply(command("advance", steps=1))

    assert reply.error == "it is not paused; pause it before advancing by steps"
    assert pausing.proceed(3, EPOCH) == []


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_what_comes_in_between_gives_up_the_rest(action: str) -> None:
    """The advances that had not begun are told so, before what was asked is."""
    pausing = paused()
    for identity in ("a", "b"):
        pausing.apply(command("advance", identity, steps=5))
    pausing.proceed(0, EPOCH)
    replies = pausing.apply(command(action, "c"))

    assert [(reply.command.id, reply.error) for reply in replies] == [("b", GIVEN_UP), ("c", None)]
    assert (pausing.until, pausing.is_waiting(1)) == (None, action == "pause")


def test_a_breakpoint_pauses_at_the_next_boundary() -> None:
    """What was under way is over, advances that were left are given up, and a hit counts once."""
    pausing = paused()
    for identity in ("a", "b"):
        pausing.apply(command("advance", identity, steps=5))
    pausing.proceed(0, EPOCH)
    pausing.is_hit = True
    replies = pausing.proceed(2, EPOCH)

    assert [(reply.command.id, reply.error) for reply in replies] == [("b", GIVEN_UP)]
    assert (pausing.is_hit, pausing.is_waiting(2)) == (False, True)


@pytest.mark.parametrize("attended", [True, False])
def test_breakpoints_of_the_recipe_pause_where_someone_is_there(attended: bool) -> None:
    """Those that are asked for pause anyway, and each is forgotten when that is asked."""
    recipe, asked = parse("test_loss > 1"), parse("train_loss < 1")
    pausing = Pausing(["test_loss > 1"], attended=attended)
    (added,) = pausing.apply(command("breakpoint", when=asked, on=True))
    both = dict(pausing.conditions)
    pausing.apply(command("breakpoint", when=recipe, on=False))
    (unknown,) = pausing.apply(command("breakpoint", when=recipe, on=False))

    assert both == {recipe: attended, asked: True}
    assert added.fields == {"when": "train_loss < 1", "on": True}
    assert pausing.conditions == {asked: True}
    assert unknown.error == "'test_loss > 1' is not watched for; watched for is train_loss < 1"


def test_the_next_stack_begins_paused_and_without_advances() -> None:
    """A pause outlasts its stack; how far to go, and what was left to do, do not."""
    pausing = paused()
    for identity in ("a", "b"):
        pausing.apply(command("advance", identity, steps=50))
    pausing.proceed(0, EPOCH)
    replies = pausing.begin_stack()

    assert [(reply.command.id, reply.error) for reply in replies] == [("b", GIVEN_UP)]
    assert (pausing.until, pausing.is_waiting(0)) == (None, True)
