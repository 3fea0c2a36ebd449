"""What holds for every layer of the catalogue, composite ones too: finite differences, shapes, trials apart."""

from __future__ import annotations

import pytest
import torch
from cases import dense, plan_of, settings, trainer_of
from each import each
from layer_examples import BATCH, EXAMPLES, TRIALS, build, kind_of, laid, of_the_catalogue, places, run, tensors

from dlbench.parts import CATALOGS
from dlbench.parts.layers.base import FromBatch, ManualBackward, SavedForBackward
from dlbench.parts.outline import leaves

BY_HAND = [example for example in EXAMPLES if issubclass(CATALOGS["layers"][kind_of(example)].make, ManualBackward)]


def test_every_layer_is_tried_as_it_is_registered() -> None:
    """Each layer of the catalogue takes one of the shapes at least, with what its signature says alone."""
    assert {kind_of(example) for example in of_the_catalogue()} == set(CATALOGS["layers"].names)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_gradients_by_finite_differences(example: str, training: bool) -> None:
    """Every layer's gradient for input and weights agrees with finite differences in float64, along random directions."""
    block = build(example)
    x, weights = tensors(block)
    names = [(leaf, name) for leaf, own in weights.items() for name in own]

    def forward(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        own: dict[str, dict[str, torch.Tensor]] = {leaf: {} for leaf in weights}
        for (leaf, name), value in zip(names, values, strict=True):
            own[leaf][name] = value
        return run(block, x, own, places(block, training=training))

    given = (x, *(weights[leaf][name] for leaf, name in names))
    assert torch.autograd.gradcheck(forward, given, fast_mode=True)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("example", BY_HAND)
def test_the_way_back_by_hand_by_finite_differences(example: str, training: bool) -> None:
    """What a layer computes backward by hand agrees with finite differences in float64, for the input and each weight."""
    arguments, shape = EXAMPLES[example]
    known = {"activation": {"kind": "tanh"}} if "activation" in arguments else {}
    block = laid({"kind": kind_of(example), **arguments, **known}, shape)
    x, all_weights = tensors(block)
    weights = all_weights[block.name]
    downstream = torch.randn(TRIALS, BATCH, *block.output, dtype=torch.float64)

    def loss(x: torch.Tensor, own: dict[str, torch.Tensor]) -> torch.Tensor:
        return (run(block, x, {block.name: own}, places(block, training=training)) * downstream).sum()

    with torch.no_grad():
        here = places(block, training=training)
        passed = SavedForBackward(x, run(block, x, all_weights, here), weights, here[block.name])
        of_input, of_weights = block.layer.backward(downstream, passed, wants_input=True)
        assert block.layer.backward(downstream, passed, wants_input=False)[0] is None
        for name_of, gradient in {"x": of_input, **dict(zip(weights, of_weights, strict=True))}.items():
            numeric = torch.empty_like(gradient)
            tensor = x if name_of == "x" else weights[name_of]
            for index in range(tensor.numel()):
                sides = []
                for sign in (1, -1):
                    moved = tensor.clone()
                    moved.view(-1)[index] += sign * 1e-6
                    sides.append(loss(moved, weights) if name_of == "x" else loss(x, {**weights, name_of: moved}))
                numeric.view(-1)[index] = (sides[0] - sides[1]) / 2e-6
            torch.testing.assert_close(gradient, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("activation", CATALOGS["activations"].names)
def test_by_hand_as_by_autograd(activation: str) -> None:
    """A net whose activations go backward by hand has autograd's gradient, to 1e-6; where one cannot, autograd is used."""
    arguments = CATALOGS["activations"][activation].arguments
    own = {"kind": activation} | {name: argument.default for name, argument in arguments.items()}
    layers = [
        {**dense(6), "activation": own},
        {"kind": "dropout", "keep": 0.7, "rate": None},
        {**dense(5), "activation": own},
    ]
    gradients = []
    for by_hand in (True, False):
        trainer, _ = trainer_of(plan_of({"a": settings([{"kind": "flatten"}, *layers], data="digits")}, seeds=[0, 1]))
        offered = trainer._nets[0].by_hand
        trainer._nets[0].by_hand &= by_hand
        losses = trainer.ways._steps["torch"]._gradients(0)
        gradients.append(torch.cat([trainer.tensors.gradient, losses[:, None]], dim=1))

    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-5, atol=1e-6)
    assert offered == ("backward" in CATALOGS["activations"][activation].traits)


def test_a_layer_without_a_way_back_leaves_the_net_to_autograd() -> None:
    """Batch norm does not go backward by hand, so a net that has one goes by autograd."""
    layers = [{"kind": "flatten"}, dense(4), {"kind": "batch_norm"}]

    assert not trainer_of(plan_of({"a": settings(layers, data="digits")}))[0]._nets[0].by_hand


@each("example", EXAMPLES)
def test_the_shape_on_paper_is_the_shape_in_fact(example: str) -> None:
    """What a layer makes of its input has the shape that `output` promised, trials and batch in front."""
    block = build(example)
    x, weights = tensors(block)

    assert run(block, x, weights, places(block, training=True)).shape == (TRIALS, BATCH, *block.output)


@each("example", EXAMPLES)
def test_trials_do_not_touch(example: str) -> None:
    """NaN in one trial's input and weights leaves the other trial's output as it was, bit for bit."""
    block = build(example)
    x, weights = tensors(block)
    clean = run(block, x, weights, places(block, training=True))[0]
    with torch.no_grad():
        for tensor in (x, *(tensor for own in weights.values() for tensor in own.values())):
            tensor[1] = torch.nan

    assert torch.equal(run(block, x, weights, places(block, training=True))[0], clean)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_layer_alone_as_in_a_stack(example: str, training: bool) -> None:
    """Each trial of a stack gets what it gets alone, in float64 to 1e-12."""
    block = build(example)
    x, weights = tensors(block)
    together = run(block, x, weights, places(block, training=training))
    for trial in range(TRIALS):
        part = slice(trial, trial + 1)
        own = {leaf: {name: tensor[part] for name, tensor in held.items()} for leaf, held in weights.items()}
        alone = run(block, x[part], own, places(block, training=training, trials=[trial]))

        torch.testing.assert_close(alone, together[part], rtol=1e-12, atol=1e-12)


@each("example", EXAMPLES)
def test_test_time_changes_no_buffer(example: str) -> None:
    """Running statistics move while training only."""
    block = build(example)
    x, weights = tensors(block)
    here = places(block, training=False)
    before = {leaf: {name: own.clone() for name, own in place.buffers.items()} for leaf, place in here.items()}
    run(block, x, weights, here)

    for leaf in leaves([block]):
        for name, own in before[leaf.name].items():
            assert torch.equal(here[leaf.name].buffers[name], own)


@each("example", EXAMPLES)
def test_every_layer_learns_from_its_smallest_batch(example: str) -> None:
    """A batch of one sample, or of as many as the layer says that it needs, goes through while training; one less fails."""
    block = build(example)
    x, weights = tensors(block)
    needs = [leaf.layer.smallest_batch(leaf.input) for leaf in leaves([block]) if isinstance(leaf.layer, FromBatch)]
    least = max(needs, default=1)

    assert torch.isfinite(run(block, x[:, :least], weights, places(block, training=True))).all()
    if least > 1:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            run(block, x[:, : least - 1], weights, places(block, training=True))
