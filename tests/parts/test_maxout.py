"""Maxout against its definition, on features and on channels."""

from __future__ import annotations

import pytest
import torch
from cases import dense, plan_of, settings, trainer_of
from layer_examples import TRIALS, laid, places, run, tensors
from torch import nn

from dlbench.parts import make
from dlbench.parts.layers.base import ShapeError
from dlbench.parts.outline import slots_of

ORTHOGONAL = {"kind": "orthogonal", "gain": 1.0}


def test_maxout_is_the_largest_of_linear_layers() -> None:
    """Output and gradients are those of the maximum of torch.nn.Linear layers, one a piece, in float64 to 1e-12."""
    block = laid({"kind": "maxout", "units": 3, "pieces": 4}, (5,))
    x, weights = tensors(block)
    own = weights["maxout1"]
    y = run(block, x, weights, places(block, training=True))
    downstream = torch.randn(y.shape, dtype=torch.float64)
    ours = torch.autograd.grad((y * downstream).sum(), [x, own["weight"], own["bias"]])
    for trial in range(TRIALS):
        pieces = [nn.Linear(5, 3, dtype=torch.float64) for _ in range(4)]
        for k, linear in enumerate(pieces):
            part = slice(3 * k, 3 * k + 3)
            linear.load_state_dict({"weight": own["weight"][trial, :, part].T, "bias": own["bias"][trial, 0, part]})
        expected = torch.stack([linear(x[trial]) for linear in pieces]).amax(0)
        parameters = [linear.weight for linear in pieces] + [linear.bias for linear in pieces]
        of_x, *theirs = torch.autograd.grad((expected * downstream[trial]).sum(), [x, *parameters])

        torch.testing.assert_close(y[trial], expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[0][trial], of_x[trial], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[1][trial].T, torch.cat(theirs[:4]), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours[2][trial, 0], torch.cat(theirs[4:]), rtol=1e-12, atol=1e-12)


def test_two_pieces_make_the_absolute_value_and_the_relu() -> None:
    """With weights 1 and -1 a unit is |x|, with 1 and 0 it is the ReLU, exactly."""
    layer = make("layers", {"kind": "maxout", "units": 1, "pieces": 2, "bias": False})
    x = torch.randn(1, 50, 1)
    here = next(iter(places(laid({"kind": "flatten"}, (1,)), training=True).values()))

    assert torch.equal(layer.forward(x, {"weight": torch.tensor([[[1.0, -1.0]]])}, here), x.abs())
    assert torch.equal(layer.forward(x, {"weight": torch.tensor([[[1.0, 0.0]]])}, here), x.relu())


@pytest.mark.parametrize("shape", [(6,), (6, 3, 2), (2, 6)], ids=["features", "channels", "features-of-a-sequence"])
def test_dense_and_max_features_are_maxout(shape: tuple[int, ...]) -> None:
    """Features or channels are cut in pieces, and the largest number at each place is kept, exactly."""
    block = laid({"kind": "max_features", "pieces": 3}, shape)
    x, weights = tensors(block)
    axis = 3 if len(shape) == 2 else 2
    first, second, third = x.split(2, dim=axis)

    y = run(block, x, weights, places(block, training=True))
    assert torch.equal(y, first.maximum(second).maximum(third))


def test_each_piece_is_drawn_for_itself_with_its_own_fans() -> None:
    """The matrix of every piece is orthonormal by itself; Xavier's variance is 2 / (fan_in + units), to 10 %."""
    for init in (ORTHOGONAL, {"kind": "xavier", "distribution": "normal", "fan": "avg"}):
        layer = {"kind": "maxout", "units": 40, "pieces": 3, "init": init, "bias": True, "bias_init": {"kind": "zeros"}}
        trainer, _ = trainer_of(plan_of({"a": settings([{"kind": "flatten"}, layer], data="digits")}))
        slot = next(slot for slot in slots_of(trainer.blocks) if slot.name == "maxout1.weight")
        weight = slot.of(trainer.tensors.weights)[0].detach()
        for piece in weight.split(40, dim=1):
            if init == ORTHOGONAL:
                torch.testing.assert_close(piece.T @ piece, torch.eye(40), rtol=0, atol=1e-5)
            else:
                assert piece.var().item() == pytest.approx(2 / (64 + 40), rel=0.1)


def test_what_cannot_be_cut_says_so() -> None:
    """Channels that are no multiple of the pieces, and images for maxout, are errors with a remedy."""
    with pytest.raises(
        ShapeError, match=r"'max_features' cannot cut \(5, 2, 2\), with its 5 channels, in 2 equal pieces; make"
    ):
        make("layers", {"kind": "max_features", "pieces": 2}).output((5, 2, 2))
    with pytest.raises(ShapeError, match=r"'maxout' takes features, but gets \(1, 8, 8\); put .*flatten"):
        make("layers", {"kind": "maxout", "units": 2}).output((1, 8, 8))


def test_a_maxout_net_learns() -> None:
    """A net of maxout layers trains: digits' loss falls below a third of ln 10."""
    layer = {
        "kind": "maxout",
        "units": 16,
        "pieces": 2,
        "init": ORTHOGONAL,
        "bias": True,
        "bias_init": {"kind": "zeros"},
    }
    own = settings(
        [{"kind": "flatten"}, layer, dense(8)],
        data="digits",
        batch_size=100,
        steps=60,
        optimizer={"kind": "adam", "lr": 0.01},
    )
    trainer, events = trainer_of(plan_of({"a": own}))
    trainer.train(lambda _: False)

    assert events.of("metrics")[-1]["train_loss"][0] < 0.75
