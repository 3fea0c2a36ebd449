"""What pre-training costs a plan, and which trials pre-train together."""

from __future__ import annotations

from typing import Any

import pytest
from cases import dense, plan_of, pretraining, settings

from dlbench.plan.pretraining import layer_steps
from dlbench.plan.structure import structure

LAYERS = [{"kind": "flatten"}, dense(30, "sigmoid"), dense(20, "sigmoid")]


def case(kind: str = "rbm", *, data: Any = "digits", **changes: Any) -> dict[str, Any]:
    """A net on digits, of which 1,438 are to train on."""
    return settings(LAYERS, data=data, batch_size=100, epochs=1, pretrain=pretraining(kind, **changes))


def test_the_cost_is_that_of_its_products() -> None:
    """What comes before step 0 is five products a layer and sample, and the way up through the layers below."""
    plan = plan_of({"a": case(epochs=4)}, seeds=range(3))
    (stack,) = plan.stacks
    (without,) = plan_of({"a": settings(LAYERS, data="digits", batch_size=100, epochs=1)}, seeds=range(3)).stacks
    per_sample = 10 * (64 * 30 + 30 * 20) + 2 * 64 * 30

    assert stack.before == pytest.approx(3 * 4 * 1438 * per_sample)
    assert stack.cost == pytest.approx(without.cost + stack.before)
    assert without.before == 0
    assert stack.steps == without.steps


@pytest.mark.parametrize(("unlabelled", "steps"), [("none", 5 * 3), ("all", 5 * 58)])
def test_steps_follow_from_the_samples_that_are_seen(unlabelled: str, steps: int) -> None:
    """An epoch goes through what has labels, or through everything, the last batch being smaller."""
    few = case(data={"kind": "digits", "limit": 60}, epochs=5, batch_size=25, unlabelled=unlabelled)
    samples = 60 if unlabelled == "none" else 1438

    assert layer_steps(few["train"]["pretrain"], samples) == steps


def test_numbers_share_a_stack_and_everything_else_does_not() -> None:
    """Trials whose pre-training differs in a rate, a cost or a deviation learn together; in anything else apart."""
    same = [case(), case(lr=0.05), case(weight_cost=0.0), case(std=0.1), case(sparsity_cost=0.1)]
    others = [case(k=2), case(epochs=3), case(persistent=True), case(layers=1), case("autoencoder")]

    assert len({structure(own) for own in same}) == 1
    assert len({structure(own) for own in (same[0], *others)}) == 1 + len(others)
    assert structure(same[0]) != structure(settings(LAYERS, data="digits", batch_size=100, epochs=1))


def test_a_long_pre_training_is_worth_workers() -> None:
    """A stack that trains shortly but is pre-trained for long is split among the workers."""
    wide = [{"kind": "flatten"}, dense(500, "sigmoid")]
    train = {"data": "digits", "batch_size": "full", "steps": 1}
    long, short = (
        plan_of({"a": settings(wide, **train, pretrain=pre)}, seeds=range(8), workers=2)
        for pre in (pretraining(epochs=300), None)
    )

    assert [len(stack.trials) for stack in long.stacks] == [4, 4]
    assert len(long.workers) == 2
    assert short.stacks[0].before == 0
