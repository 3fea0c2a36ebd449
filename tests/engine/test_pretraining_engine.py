"""Pre-training in a stack: what it hands over, what it tells, and that nothing breaks it off for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from asking import Attended, asked
from cases import CPU, Events, dense, never, plan_of, pretraining, settings, trained, trainer_of
from test_contract import PROMISED

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.batches import load
from dlbench.engine.pretraining.greedy import looks
from dlbench.engine.trainer import Trainer
from dlbench.errors import SetupError
from dlbench.metrics.names import PRETRAINED
from dlbench.parts.outline import slots_of
from dlbench.parts.pretraining import PRETRAINING
from dlbench.plan import Plan

DROPOUT = {"kind": "dropout", "keep": 0.8, "rate": None}
LAYERS = [{"kind": "flatten"}, dense(12, "sigmoid"), DROPOUT, dense(8, "sigmoid"), dense(6, "sigmoid")]
SMALL = {"kind": "digits", "limit": 90}


def case(kind: str = "rbm", *, net: Any = LAYERS, data: Any = SMALL, **changes: Any) -> dict[str, Any]:
    """A net on a few digits, pre-trained for three epochs of five batches."""
    pre = pretraining(kind, **{"epochs": 3, "batch_size": 20, **changes})
    return settings(net, data=data, batch_size=30, steps=3, pretrain=pre)


def pretrained(plan: Plan, **options: Any) -> tuple[Trainer, Events]:
    """A trainer whose stack has been pre-trained and not been trained."""
    trainer, events = trainer_of(plan, **options)
    assert trainer.pretraining.train(0, lambda: False)
    return trainer, events


def weights_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    """The weights of a net by name, `[trials, ...]`."""
    return {slot.name: slot.of(trainer.tensors.weights) for slot in slots_of(trainer.blocks)}


def test_the_net_goes_on_where_the_chain_of_coders_ends() -> None:
    """After stacking, the hidden layers of the net put out the chain of P(h | v), to 1e-6; the visible biases are dropped."""
    trainer, _ = pretrained(plan_of({"a": case(std=0.5)}, seeds=[0, 1]))
    own = weights_of(trainer)
    x = trainer.data.test.x[:7]
    h = x.flatten(1).expand(2, -1, -1)
    net, outputs = trainer._nets[0], {}
    y = x.expand(2, *x.shape)
    for block in net.blocks:
        y = block.layer.forward(
            y, {name: own[f"{block.name}.{name}"] for name in block.weights}, net._test_places[block.name]
        )
        outputs[block.name] = y
    for name in ("dense1", "dense2", "dense3"):
        h = torch.sigmoid(h @ own[f"{name}.weight"] + own[f"{name}.bias"])
        torch.testing.assert_close(outputs[name], h, rtol=0, atol=1e-6)
    assert set(own) == {
        f"{name}.{one}" for name in ("dense1", "dense2", "dense3", "output") for one in ("weight", "bias")
    }


def test_what_is_not_pre_trained_stays_as_it_was_drawn() -> None:
    """The output layer, and hidden layers above those that are asked for, start from their own init, bit for bit."""
    fresh = weights_of(trainer_of(plan_of({"a": case()}))[0])
    changed = {
        layers: {
            name
            for name, own in weights_of(pretrained(plan_of({"a": case(layers=layers)}))[0]).items()
            if not torch.equal(own, fresh[name])
        }
        for layers in (1, None)
    }

    assert changed[1] == {"dense1.weight", "dense1.bias"}
    assert changed[None] == set(fresh) - {"output.weight", "output.bias"}


def test_it_starts_from_the_draws_of_normal_weights() -> None:
    """At its first record a layer is what N(0, std) would make of it: paired with a net that starts from such weights."""
    plan = plan_of({"a": case(lr=1e-12, weight_cost=0.0, std=0.01)}, seeds=[0, 5])
    normal = settings(
        [{"kind": "flatten"}, dense(12, "sigmoid", init={"kind": "normal", "mean": 0.0, "std": 0.01})], data=SMALL
    )
    start = weights_of(trainer_of(plan_of({"b": normal}, seeds=[0, 5]))[0])

    torch.testing.assert_close(
        weights_of(pretrained(plan)[0])["dense1.weight"], start["dense1.weight"], rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("kind", PRETRAINING.names)
def test_alone_as_in_company(kind: str) -> None:
    """A seed alone and the same among four others ends with the same weights, to 1e-5."""
    alone = pretrained(plan_of({"a": case(kind)}, seeds=[4]))[0].tensors.weights
    company = pretrained(plan_of({"a": case(kind)}, seeds=range(5)))[0].tensors.weights

    torch.testing.assert_close(company[4:], alone, rtol=0, atol=1e-5)


def test_numbers_may_differ_in_one_stack() -> None:
    """Rates, costs and deviations that differ share a stack, each as alone; another k or batch size is another stack."""
    different = {name: case(lr=lr, std=std) for name, lr, std in (("a", 0.1, 0.01), ("b", 0.05, 0.1))}
    plan = plan_of(different)
    together = weights_of(pretrained(plan)[0])["dense3.weight"]

    assert [len(stack.trials) for stack in plan.stacks] == [2]
    for name, own in different.items():
        row = [plan.trials[index].variant for index in plan.stacks[0].trials].index(name)
        alone = weights_of(pretrained(plan_of({name: own}))[0])["dense3.weight"]
        torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=1e-5)
    assert len(plan_of({"a": case(k=1), "b": case(k=2), "c": case(batch_size=10)}).stacks) == 3


def test_slices_change_nothing() -> None:
    """A stack that goes through pre-training a slice at a time ends with the same weights and tells the same, to 1e-5."""
    plan = plan_of({"a": case()}, seeds=range(3))
    whole, told = pretrained(plan)
    sliced, parts = pretrained(plan, slices=2)

    torch.testing.assert_close(sliced.tensors.weights, whole.tensors.weights, rtol=0, atol=1e-5)
    errors = [
        {(e["layer"], e["step"]): e["reconstruction_error"] for e in events.of("pretrain")} for events in (told, parts)
    ]
    for place in errors[0].keys() & errors[1].keys():
        np.testing.assert_allclose(errors[0][place], errors[1][place], atol=1e-5)
    assert ("dense3", 15) in errors[1]


def test_every_layer_tells_how_far_it_is() -> None:
    """Records of each layer go from its step 0 to its last, at the steps where they are due, each with every measure."""
    _, events = pretrained(plan_of({"a": case(ais_chains=5)}, seeds=[0, 1]))
    told = events.of("pretrain")
    for place, layer in enumerate(("dense1", "dense2", "dense3"), start=1):
        own = [event for event in told if event["layer"] == layer]
        steps = [event["step"] for event in own]
        assert steps == sorted(set(steps) & set(looks(15)))
        assert {0, 1, 4, 15} <= set(steps)
        assert {(event["place"], event["layers"], event["steps"]) for event in own} == {(place, 3, 15)}
        assert own[-1]["epoch"] == 3.0
        assert own[-1]["reconstruction_error"].shape == (2,)
        assert [event["log_z"] is not None for event in own] == [False] * (len(own) - 1) + [True]
    assert all(set(PRETRAINED) <= set(event) for event in told)
    seconds = [event["seconds"] for event in told]
    assert seconds == sorted(seconds)
    assert looks(15)[0] == 0
    assert looks(15)[-1] == 15
    assert len(looks(100_000)) < 30


def test_the_design_tells_of_every_field() -> None:
    """All events of pre-training have the same fields, and each stands in the design's table."""
    _, events = pretrained(plan_of({"a": case(layers=1, ais_chains=3)}))
    fields = {frozenset(event) for event in events.of("pretrain")}

    assert len(fields) == 1
    assert fields.pop() - {"kind"} <= PROMISED["pretrain"]


def test_reconstruction_error_is_the_mean_square() -> None:
    """The last record's error is that of the held-out images through the handed-over layer, mean over pixels and images."""
    trainer, events = pretrained(plan_of({"a": case(net=LAYERS[:2])}, seeds=[0, 1]))
    visible = trainer.pretraining.state()["visible"][0]
    own, v = weights_of(trainer), trainer.data.test.x.flatten(1)
    h = torch.sigmoid(v @ own["dense1.weight"] + own["dense1.bias"])
    back = torch.sigmoid(h @ own["dense1.weight"].mT + visible)

    expected = (back - v).square().mean(dim=(1, 2)).numpy()
    np.testing.assert_allclose(events.of("pretrain")[-1]["reconstruction_error"], expected, rtol=1e-4)


@pytest.mark.parametrize("stops", [[3], [17, 2], [1, 33, 16]])
def test_broken_off_anywhere_it_ends_with_the_same_bits(stops: list[int], tmp_path: Path) -> None:
    """Stopped after so many looks and resumed from its checkpoint, pre-training and training end bit-identical."""
    plan = plan_of({"a": case(persistent=True, sparsity_cost=0.1)}, seeds=[0, 1])
    undisturbed, _ = trained(plan)
    path = tmp_path / "stack-0.pt"
    for stop in [*stops, 10**9]:
        trainer, _ = trainer_of(plan)
        trainer.restore(path)
        left = iter(range(stop))
        trainer.train(lambda now, left=left: next(left, None) is None)
        checkpoints.save(trainer.checkpoint(), path)

    assert torch.equal(trainer.tensors.weights, undisturbed.tensors.weights)
    assert trainer.pretraining.seconds > 0


def test_a_trial_that_explodes_has_diverged_and_the_others_learn() -> None:
    """A rate far too large makes one trial diverge at step 0, with a note; its neighbour's numbers are what they are alone."""
    data = {**SMALL, "normalize": "standard"}
    wild, calm = (case(visible="gaussian", lr=lr, data=data, net=LAYERS[:2]) for lr in (1e30, 0.001))
    plan = plan_of({"wild": wild, "calm": calm})
    rows = [plan.trials[index].variant for index in plan.stacks[0].trials]
    _, events = trained(plan)
    _, alone = trained(plan_of({"calm": calm}))
    (mark,) = events.of("diverged")
    wild_row, calm_row = rows.index("wild"), rows.index("calm")

    assert (mark["trial"], mark["step"]) == (wild_row, 0)
    assert "dense1 was pre-trained" in events.of("note")[0]["text"]
    assert np.isnan(events.of("metrics")[-1]["test_loss"][wild_row])
    assert np.isnan(events.of("pretrain")[-1]["free_energy_gap"][wild_row])
    gap, alone_gap = (told.of("pretrain")[-1]["free_energy_gap"] for told in (events, alone))
    np.testing.assert_allclose(gap[calm_row], alone_gap[0], atol=1e-3)


def test_all_images_are_learned_from_where_few_have_labels() -> None:
    """With `unlabelled = "all"` an epoch goes through the whole training set, whatever the limit; the training has the limit."""
    few = case(unlabelled="all", epochs=1)
    trainer, events = pretrained(plan_of({"a": few}))
    every = load({"kind": "digits"}, CPU).train.x
    seen = trainer.data.everything

    assert events.of("pretrain")[-1]["step"] == -(-len(every) // 20)
    assert torch.equal(seen, every)
    assert len(trainer.data.train) == 90
    assert trainer.steps_per_epoch == 3


def test_data_outside_of_0_to_1_are_refused() -> None:
    """Bernoulli units on data that are no probabilities are an error that says what they are and what to do."""
    trainer, _ = trainer_of(plan_of({"a": case(data={"kind": "blobs", "seed": 0}, net=LAYERS[1:2])}))
    with pytest.raises(SetupError, match=r"the data go from -\S+ to \S+; pre-train with visible = \"gaussian\""):
        trainer.train(never)


def test_viewers_pause_drop_and_stop_it(tmp_path: Path) -> None:
    """While a layer learns it can be paused, a trial dropped and the stack stopped; resumed, the others end as undisturbed."""
    plan = plan_of({"a": case()}, seeds=[0, 1])
    viewer = Attended(tmp_path, plan)
    trainer, finished = viewer.train({0: [asked("pause"), asked("end_trial", trials=[1])]}, [asked("stop")])
    assert not finished
    assert viewer.waited == [0]
    assert trainer.dropped.tolist() == [False, True]
    viewer.controls.stopping = False
    viewer.controls._unwanted.clear()
    again, finished = viewer.train()
    last = viewer.events.of("pretrain")[-1]

    assert finished
    assert np.isfinite(last["reconstruction_error"]).tolist() == [True, False]
    assert torch.equal(again.tensors.weights[0], trained(plan)[0].tensors.weights[0])


def test_dropping_everybody_ends_it(tmp_path: Path) -> None:
    """Where no trial is left, no further layer is begun."""
    viewer = Attended(tmp_path, plan_of({"a": case()}, seeds=[0, 1]))
    _, finished = viewer.train({0: [asked("end_trial", trials=[0, 1])]})

    assert finished
    assert {event["layer"] for event in viewer.events.of("pretrain")} <= {"dense1"}


def test_a_look_at_step_0_leaves_it_out() -> None:
    """Whoever only looks at the net before its first step is told that it has not been pre-trained; other nets say nothing."""
    trainer, events = trainer_of(plan_of({"a": case(layers=2)}))
    trainer.look()
    other, quiet = trainer_of(plan_of({"a": settings(LAYERS, data=SMALL, batch_size=30)}))
    other.look()

    assert [event["text"] for event in events.of("note")] == [
        "pre-training is skipped: dense1, dense2 are shown with their initial weights"
    ]
    assert events.of("pretrain") == quiet.of("note") == []
