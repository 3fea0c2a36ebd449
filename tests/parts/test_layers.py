"""Layers against their definitions; a battery over the whole catalogue against finite differences."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import ZEROS, dense, plan_of, settings, trained, trainer_of

from dlbench.engine.streams import stream
from dlbench.parts import CATALOGS, make
from dlbench.parts.layers.base import ByHand, Layer, Passed, Place, ShapeError
from dlbench.parts.net import LayerError, outline, slots_of

TRIALS, BATCH = 2, 6
UNEVEN = {"kind": "xor", "copies": 2, "noise": 0.3, "label_noise": 0.125, "seed": 1}
"""XOR with more of one class than of the other, so that zero weights do move."""
EXAMPLES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "dense": ({"units": 3, "activation": {"kind": "tanh"}}, (4,)),
    "activation": ({"activation": {"kind": "softplus"}}, (4,)),
    "flatten": ({}, (2, 3, 3)),
    "dropout": ({"keep": 0.6}, (5,)),
    "batch_norm": ({}, (4,)),
}
"""Arguments and an input shape for every layer; the battery fails for a layer that has none."""


def build(name: str) -> tuple[Layer, tuple[int, ...]]:
    """A layer of the catalogue by its example."""
    arguments, shape = EXAMPLES[name]
    return make("layers", {"kind": name, **arguments}), shape


def tensors(layer: Layer, shape: tuple[int, ...]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """An input and weights in double precision."""
    generator = torch.Generator().manual_seed(0)

    def draw(*size: int) -> torch.Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64).requires_grad_()

    return draw(TRIALS, BATCH, *shape), {name: draw(TRIALS, *w.shape) for name, w in layer.weights(shape).items()}


def place(layer: Layer, shape: tuple[int, ...], *, training: bool) -> Place:
    """A place whose streams are fresh, so that every call draws the same."""
    buffers = {
        name: torch.full((TRIALS, *buffer.shape), buffer.fill, dtype=torch.float64)
        for name, buffer in layer.buffers(shape).items()
    }
    return Place(training, [stream(trial, "dropout", "here") for trial in range(TRIALS)], buffers)


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("name", CATALOGS["layers"].names)
def test_gradients_by_finite_differences(name: str, training: bool) -> None:
    """Every layer's gradient for input and weights agrees with finite differences in float64."""
    layer, shape = build(name)
    x, weights = tensors(layer, shape)
    names = list(weights)

    def forward(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        return layer.forward(x, dict(zip(names, values, strict=True)), place(layer, shape, training=training))

    assert torch.autograd.gradcheck(forward, (x, *weights.values()))


@pytest.mark.parametrize("training", [True, False], ids=["training", "test"])
@pytest.mark.parametrize("name", [part.name for part in CATALOGS["layers"] if issubclass(part.make, ByHand)])
def test_the_way_back_by_hand_by_finite_differences(name: str, training: bool) -> None:
    """What a layer computes backward by hand agrees with finite differences in float64, for the input and each weight."""
    arguments, shape = EXAMPLES[name]
    known = {"activation": {"kind": "tanh"}} if "activation" in arguments else {}
    layer = make("layers", {"kind": name, **arguments, **known})
    x, weights = tensors(layer, shape)
    downstream = torch.randn(TRIALS, BATCH, *layer.output(shape), dtype=torch.float64)

    def loss(x: torch.Tensor, own: dict[str, torch.Tensor]) -> torch.Tensor:
        return (layer.forward(x, own, place(layer, shape, training=training)) * downstream).sum()

    with torch.no_grad():
        here = place(layer, shape, training=training)
        passed = Passed(x, layer.forward(x, weights, here), weights, here)
        of_input, of_weights = layer.backward(downstream, passed, wants_input=True)
        assert layer.backward(downstream, passed, wants_input=False)[0] is None
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
        losses = trainer._gradients(0)
        gradients.append(torch.cat([trainer.tensors.gradient, losses[:, None]], dim=1))

    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-5, atol=1e-6)
    assert offered == ("backward" in CATALOGS["activations"][activation].traits)


def test_a_layer_without_a_way_back_leaves_the_net_to_autograd() -> None:
    """Batch norm does not go backward by hand, so a net that has one goes by autograd."""
    layers = [{"kind": "flatten"}, dense(4), {"kind": "batch_norm"}]

    assert not trainer_of(plan_of({"a": settings(layers, data="digits")}))[0]._nets[0].by_hand


@pytest.mark.parametrize("name", CATALOGS["layers"].names)
def test_the_shape_on_paper_is_the_shape_in_fact(name: str) -> None:
    """What a layer makes of its input has the shape that `output` promised, trials and batch in front."""
    layer, shape = build(name)
    x, weights = tensors(layer, shape)

    assert layer.forward(x, weights, place(layer, shape, training=True)).shape == (TRIALS, BATCH, *layer.output(shape))


@pytest.mark.parametrize("name", CATALOGS["layers"].names)
def test_trials_do_not_touch(name: str) -> None:
    """NaN in one trial's input and weights leaves the other trial's output as it was, bit for bit."""
    layer, shape = build(name)
    x, weights = tensors(layer, shape)
    clean = layer.forward(x, weights, place(layer, shape, training=True))[0]
    with torch.no_grad():
        for tensor in (x, *weights.values()):
            tensor[1] = torch.nan

    assert torch.equal(layer.forward(x, weights, place(layer, shape, training=True))[0], clean)


@pytest.mark.parametrize("keep", [0.5, 0.7, 0.9])
def test_dropout_keeps_the_mean_and_has_the_binomial_variance(keep: float) -> None:
    """Of x = 3, dropout makes values of mean 3 and variance 9 (1 - keep) / keep, within five standard errors."""
    layer = make("layers", {"kind": "dropout", "keep": keep})
    samples = 200_000
    y = layer.forward(torch.full((1, 1, samples), 3.0), {}, Place(True, [stream(0, "dropout", "a")]))
    variance = 9 * (1 - keep) / keep

    assert y.mean().item() == pytest.approx(3, abs=5 * (variance / samples) ** 0.5)
    assert y.var().item() == pytest.approx(variance, rel=0.02)
    assert torch.unique(y).tolist() == pytest.approx([0.0, 3 / keep])


def test_dropout_is_the_identity_at_test_and_with_keep_one() -> None:
    """At test, or when everything is kept, dropout changes no bit."""
    x = torch.randn(2, 3, 4)
    half, all_kept = make("layers", {"kind": "dropout", "rate": 0.5}), make("layers", {"kind": "dropout", "keep": 1.0})

    assert torch.equal(half.forward(x, {}, Place(training=False)), x)
    assert torch.equal(all_kept.forward(x, {}, Place(training=True)), x)


def test_dropout_uses_one_mask_forward_and_backward() -> None:
    """The gradient is 1 / keep exactly where the output is not zero, and 0 exactly where it is."""
    layer = make("layers", {"kind": "dropout", "keep": 0.5})
    x = torch.ones(1, 50, 4, requires_grad=True)
    y = layer.forward(x, {}, Place(training=True, generators=[stream(1, "dropout", "a")]))
    (gradient,) = torch.autograd.grad(y.sum(), x)

    assert torch.equal(gradient, y.detach())
    assert set(gradient.unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("both", [{}, {"keep": 0.5, "rate": 0.5}])
def test_dropout_takes_exactly_one_of_keep_and_rate(both: dict[str, float]) -> None:
    """Neither or both is an error that says which is which."""
    with pytest.raises(ValueError, match="exactly one of 'keep'"):
        make("layers", {"kind": "dropout", **both})


def test_batch_norm_gives_mean_zero_and_variance_v_over_v_plus_eps() -> None:
    """Normalized features have mean 0 and variance v / (v + eps), to 1e-6."""
    layer, shape = build("batch_norm")
    x = 0.01 * torch.randn(1, 500, *shape, dtype=torch.float64) + 4
    weights = {"gamma": torch.ones(1, 4, dtype=torch.float64), "beta": torch.zeros(1, 4, dtype=torch.float64)}
    buffers = {"mean": torch.zeros(1, 4, dtype=torch.float64), "variance": torch.ones(1, 4, dtype=torch.float64)}
    y = layer.forward(x, weights, Place(True, (), buffers))
    variance = x.var(dim=1, correction=0)

    torch.testing.assert_close(y.mean(dim=1), torch.zeros(1, 4, dtype=torch.float64), rtol=0, atol=1e-6)
    torch.testing.assert_close(y.var(dim=1, correction=0), variance / (variance + 1e-5), rtol=1e-6, atol=1e-6)


def test_before_batch_norm_a_bias_has_no_gradient_and_a_scale_no_effect() -> None:
    """In float64, a bias before batch norm has gradient 0 to 1e-12, and the scale of the weights no effect to 1e-9."""
    dense_layer = make("layers", {"kind": "dense", "units": 5})
    norm = make("layers", {"kind": "batch_norm", "eps": 1e-14})
    x, weights = tensors(dense_layer, (4,))
    _, own = tensors(norm, (5,))
    downstream = torch.randn(TRIALS, BATCH, 5, dtype=torch.float64)

    def normalized(used: dict[str, torch.Tensor]) -> torch.Tensor:
        y = dense_layer.forward(x, used, place(dense_layer, (4,), training=True))
        return norm.forward(y, own, place(norm, (5,), training=True))

    y = normalized(weights)
    of_weight, of_bias = torch.autograd.grad((y * downstream).sum(), [weights["weight"], weights["bias"]])

    assert of_weight.abs().max() > 1e-3
    assert of_bias.abs().max() < 1e-12
    scaled = normalized({"weight": 7 * weights["weight"], "bias": 7 * weights["bias"]})
    torch.testing.assert_close(scaled, y, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "tanh"])
def test_zero_weights_on_a_balanced_batch_never_learn(activation: str) -> None:
    """With all weights zero, every gradient on XOR is exactly 0 and the loss is ln 2 for ever."""
    layers = [dense(4, activation, init=ZEROS), dense(3, activation, init=ZEROS)]
    trainer, events = trained(plan_of({"a": settings(layers, init=ZEROS, steps=20)}))

    assert torch.count_nonzero(trainer.tensors.gradient) == 0
    assert torch.count_nonzero(trainer.tensors.weights) == 0
    losses = [float(event["train_loss"][0]) for event in events.of("metrics")]
    assert losses == pytest.approx([0.6931471805599453] * len(losses), abs=1e-7)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_zero_weights_train_the_output_bias_only(activation: str) -> None:
    """With ReLU or tanh and zero weights, on an unbalanced batch nothing but the output's bias ever moves."""
    layers = [{"kind": "flatten"}, dense(6, activation, init=ZEROS), dense(5, activation, init=ZEROS)]
    own = settings(layers, data="digits", init=ZEROS, steps=30, batch_size=64)
    trainer, _ = trained(plan_of({"a": own}))
    moved = {slot.name for slot in slots_of(trainer.blocks) if torch.count_nonzero(slot.of(trainer.tensors.weights))}

    assert moved == {"output.bias"}


def test_zero_weights_keep_sigmoid_units_identical() -> None:
    """With sigmoid and zero weights the units of a layer stay bit-identical, however long they train.

    Exactly so for whole vector registers in small products, as here. Otherwise a matrix library or a vectorized sum may take
    the terms of one unit in another order than its neighbour's, so that they part in the last digit.
    """
    layers = [dense(16, "sigmoid", init=ZEROS)]
    trainer, _ = trained(plan_of({"a": settings(layers, data=UNEVEN, init=ZEROS, steps=500)}))
    for slot in slots_of(trainer.blocks):
        weight = slot.of(trainer.tensors.weights)[0]
        if slot.name.startswith("dense"):
            assert torch.count_nonzero(weight), slot.name
            assert torch.equal(weight, weight[..., :1].expand_as(weight)), slot.name


def test_dense_on_images_says_what_to_do() -> None:
    """A dense layer on images is an error that names the layer, the shape and the remedy, with its index."""
    with pytest.raises(LayerError, match=r"'dense' takes features, but gets \(1, 8, 8\); put .*flatten") as caught:
        outline(settings([dense(4)])["model"], (1, 8, 8), 10)
    assert caught.value.path == ("layers", 0)
    with pytest.raises(ShapeError):
        make("layers", {"kind": "dense", "units": 2}).output((1, 2, 2))


def test_names_count_layers_of_a_kind() -> None:
    """Dropout between dense layers does not change their names, and so not their random streams."""
    drop = {"kind": "dropout", "keep": 0.5, "rate": None}
    model = settings([dense(4), drop, dense(3), drop, dense(2, repeat=2)])["model"]

    assert [block.name for block in outline(model, (2,), 1)] == [
        "dense1", "dropout1", "dense2", "dropout2", "dense3", "dense4", "output",
    ]  # fmt: skip


def test_variants_with_a_seed_are_paired() -> None:
    """Xavier and He of one seed start from one draw, and see the same batches: they differ by a factor, exactly."""
    normal = {"kind": "xavier", "distribution": "normal", "fan": "in"}
    he = {"kind": "he", "distribution": "normal"}
    drop = {"kind": "dropout", "keep": 0.5, "rate": None}
    plain = settings([{"kind": "flatten"}, dense(6, init=normal)], data="digits", batch_size=50, init=normal)
    other = settings([{"kind": "flatten"}, dense(6, init=he), drop], data="digits", batch_size=50, init=he)
    first, second = (trainer_of(plan_of({"a": own}, seeds=[3]))[0] for own in (plain, other))

    torch.testing.assert_close(second.tensors.weights, first.tensors.weights * 2**0.5, rtol=1e-6, atol=0)
    assert torch.equal(first._batches.take(17)[0], second._batches.take(17)[0])
