"""Residual blocks and branches: what they are exactly, how their layers are named, where their errors lie."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import ZEROS, dense, plan_of, settings, trainer_of
from layer_examples import BATCH, TRIALS, laid, places, run, tensors

from dlbench.parts.layers.base import ShapeError
from dlbench.parts.outline import Block, LayerError, leaves, outline, rows_of, slots_of

IDENTITY, RELU = {"kind": "identity"}, {"kind": "relu"}
NORMAL = {"kind": "normal", "mean": 0.0, "std": 1.0}
FLATTEN, POOL = {"kind": "flatten"}, {"kind": "max_pool", "kernel": 2}
CONV = {"kind": "conv", "channels": 3, "kernel": 3, "activation": RELU}


def residual(*layers: dict[str, Any], **own: Any) -> dict[str, Any]:
    """A residual block."""
    return {"kind": "residual", "layers": list(layers), **own}


def split(*branches: list[dict[str, Any]], **own: Any) -> dict[str, Any]:
    """Branches."""
    return {"kind": "split", "branches": list(branches), **own}


def names(blocks: list[Block]) -> list[str]:
    """Every layer's, in the order of the forward pass."""
    return [block.name for block in leaves(blocks)]


@pytest.mark.parametrize(
    ("block", "last"),
    [
        (laid(residual(dense(7, "relu"), dense(4, "identity")), (4,)), "dense2"),
        (laid(residual({"kind": "layer_norm"}, {**CONV, "repeat": 2, "channels": 2}), (2, 4, 4)), "conv2"),
    ],
    ids=["dense", "conv"],
)
def test_zero_last_weights_make_the_identity_forward_and_backward(block: Block, last: str) -> None:
    """With the last weights of F zero, a residual block hands on its input, and the gradient for it, bit for bit."""
    x, weights = tensors(block)
    with torch.no_grad():
        for tensor in weights[last].values():
            tensor.zero_()
    y = run(block, x, weights, places(block, training=True))
    downstream = torch.randn(y.shape, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((y * downstream).sum(), x)

    assert torch.equal(y, x)
    assert torch.equal(gradient, downstream)


def test_forty_layers_that_begin_as_the_identity_begin_as_none() -> None:
    """Twenty blocks whose last weights are zero leave logits and gradients of the other layers as without them, exactly."""
    blocks = residual(dense(8, "relu"), dense(8, "identity", init=ZEROS), repeat=20)
    found = []
    for layers in ([FLATTEN, dense(8), blocks], [FLATTEN, dense(8)]):
        trainer, _ = trainer_of(plan_of({"a": settings(layers, data="digits", batch_size=50)}))
        trainer._nets[0].by_hand = False
        losses = trainer.ways._steps["torch"]._gradients(0)
        of = {slot.name: slot.of(trainer.tensors.gradient) for slot in slots_of(trainer.blocks)}
        found.append([losses, *(of[name] for name in ("dense1.weight", "dense1.bias", "output.weight", "output.bias"))])

    assert all(torch.equal(deep, shallow) for deep, shallow in zip(*found, strict=True))
    assert all(torch.count_nonzero(gradient) for gradient in found[0])


@pytest.mark.parametrize("shortcut", ["auto", "projection"])
def test_a_projection_is_there_where_it_must_be_or_is_asked_for(shortcut: str) -> None:
    """'auto' projects only where shapes differ; 'projection' always; both without a bias."""
    same = laid(residual(dense(4), shortcut=shortcut), (4,))
    other = laid(residual(dense(3), shortcut=shortcut), (4,))

    assert bool(same.branches[1]) == (shortcut == "projection")
    (projection,) = other.branches[1]
    assert (projection.name, list(projection.weights), projection.output) == ("shortcut1", ["weight"], (3,))


@pytest.mark.parametrize(
    ("layer", "shape", "expected", "stride"),
    [
        (residual({**CONV, "stride": 2}), (3, 7, 5), (3, 4, 3), (2, 2)),
        (residual({**CONV, "channels": 8}), (3, 5, 5), (8, 5, 5), (1, 1)),
        (residual({"kind": "avg_pool", "kernel": 3, "padding": "same"}), (2, 7, 9), (2, 3, 3), (3, 3)),
    ],
    ids=["stride", "channels", "pool"],
)
def test_a_projection_of_images_has_the_stride_that_fits(
    layer: dict[str, Any], shape: tuple[int, ...], expected: tuple[int, ...], stride: tuple[int, int]
) -> None:
    """The projection ends in the shape of the layers beside it."""
    block = laid(layer, shape)
    (projection,) = block.branches[1]

    assert block.output == projection.output == expected
    assert projection.layer.stride == stride


def test_branches_merge_as_they_say() -> None:
    """'concat' lays outputs side by side, 'add' and 'mean' make one of them, an empty branch hands on its input: exactly."""
    branches: list[list[dict[str, Any]]] = [[dense(4, "relu")], [], [dense(4)]]
    for merge, expected in {
        "concat": lambda parts: torch.cat(parts, dim=2),
        "add": lambda parts: parts[0] + parts[1] + parts[2],
        "mean": lambda parts: (parts[0] + parts[1] + parts[2]) / 3,
    }.items():
        block = laid(split(*branches, merge=merge), (4,))
        x, weights = tensors(block)
        here = places(block, training=True)
        parts = [run(branch[0], x, weights, here) if branch else x for branch in block.branches]

        torch.testing.assert_close(run(block, x, weights, here), expected(parts), rtol=1e-14, atol=1e-14)


def test_names_count_through_what_is_nested() -> None:
    """Layers are counted by kind over the whole net in the order of the forward pass; a composite comes after its branches."""
    model = settings(
        [dense(4), residual(dense(4), split([dense(2)], [dense(2)]), repeat=2), residual(dense(3)), dense(2)]
    )["model"]
    blocks = outline(model, (4,), 1)

    assert names(blocks) == [
        "dense1",
        *["dense2", "dense3", "dense4", "split1", "residual1"],
        *["dense5", "dense6", "dense7", "split2", "residual2"],
        *["dense8", "shortcut1", "residual3"],
        "dense9",
        "output",
    ]  # fmt: skip
    assert [row.name for row in rows_of(blocks)].count("split1") == 0


def test_layers_in_a_row_repeat_together() -> None:
    """A repeated sequence trains as its layers written out: the same names, the same draw, the same gradient, exactly."""
    norm = {"kind": "batch_norm"}
    written = [FLATTEN, dense(6), norm, dense(6), norm]
    together = [FLATTEN, {"kind": "sequential", "repeat": 2, "layers": [dense(6), norm]}]
    gradients = []
    for layers in (written, together):
        trainer, _ = trainer_of(plan_of({"a": settings(layers, data="digits", batch_size=50)}))
        trainer.ways._steps["torch"]._gradients(0)
        gradients.append(trainer.tensors.gradient)
    (inner, own) = list(leaves(trainer.blocks))[4:6]

    assert torch.equal(gradients[1], gradients[0])
    assert (inner.name, own.name) == ("dense2", "batch_norm2")


def test_inside_of_blocks_the_same_draw() -> None:
    """Dense layers inside of residual blocks and branches start from the weights of the plain chain of the same seed."""
    plain = [FLATTEN, *(dense(8, init=NORMAL) for _ in range(5))]
    nested = [
        FLATTEN,
        dense(8, init=NORMAL),
        residual(dense(8, init=NORMAL, repeat=2), activation=RELU, init=NORMAL),
        split([dense(8, init=NORMAL)], [dense(8, init=NORMAL)], merge="add"),
    ]
    weights = []
    for layers in (plain, nested):
        trainer, _ = trainer_of(plan_of({"a": settings(layers, data="digits", init=NORMAL)}, seeds=[3]))
        weights.append(
            {slot.name: slot.of(trainer.tensors.weights) for slot in slots_of(trainer.blocks) if "dense" in slot.name}
        )

    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[1][name], weights[0][name]) for name in weights[0])


@pytest.mark.parametrize(
    ("layers", "path", "says"),
    [
        (
            [FLATTEN, dense(4), split([dense(4)], [FLATTEN, POOL])],
            ("layers", 2, "branches", 1, 1),
            r"'max_pool' takes images",
        ),
        (
            [FLATTEN, residual(dense(4), residual(dense(3), {**CONV, "kernel": 1}))],
            ("layers", 1, "layers", 1, "layers", 1),
            r"'conv' takes images \(channels, height, width\), but gets \(3,\)",
        ),
        (
            [split([POOL], [{**CONV, "padding": "valid"}])],
            ("layers", 0),
            r"'split' can concat shapes that differ in their channels only, .* \(1, 4, 4\), \(3, 6, 6\)",
        ),
        (
            [FLATTEN, split([dense(4)], [dense(5)], merge="add")],
            ("layers", 1),
            r"'split' can add equal shapes only, but its branches end in \(4,\), \(5,\)",
        ),
        (
            [FLATTEN, residual(dense(5), shortcut="identity")],
            ("layers", 1),
            r"'residual' adds its input \(64,\) to the output of its layers, \(5,\); .*projection",
        ),
        (
            [residual(FLATTEN, dense(5))],
            ("layers", 0),
            r"'residual' has no projection from its input \(1, 8, 8\) to the output of its layers, \(5,\)",
        ),
    ],
)
def test_what_does_not_fit_inside_is_found_there(
    layers: list[dict[str, Any]], path: tuple[str | int, ...], says: str
) -> None:
    """An error inside of nested layers leads to the very layer, and names it and both shapes."""
    with pytest.raises(LayerError, match=says) as caught:
        outline(settings(layers)["model"], (1, 8, 8), 10)

    assert caught.value.path == path


def test_neither_without_layers() -> None:
    """A residual block or a sequence without layers, and a split with one branch, are errors that say what is missing."""
    nothing = {"kind": "sequential", "layers": []}
    for layer, says in (
        (residual(), "at least one layer"),
        (nothing, "'sequential' needs at least one"),
        (split([]), "at least two branches, but has 1"),
    ):
        with pytest.raises(ShapeError, match=says):
            laid(layer, (4,))


def test_a_trial_that_breaks_inside_of_a_block_breaks_alone() -> None:
    """NaN in the nested weights of one trial leaves the gradient of the other as it was, bit for bit."""
    layers = [FLATTEN, dense(6), residual(split([dense(3)], [dense(3)]), dense(6))]
    trainer, _ = trainer_of(plan_of({"a": settings(layers, data="digits", batch_size=BATCH)}, seeds=range(TRIALS)))
    trainer.ways._steps["torch"]._gradients(0)
    clean = trainer.tensors.gradient[0].clone()
    slot = next(slot for slot in slots_of(trainer.blocks) if slot.name == "dense3.weight")
    with torch.no_grad():
        slot.of(trainer.tensors.weights)[1] = torch.nan
    trainer.ways._steps["torch"]._gradients(0)

    assert torch.isnan(trainer.tensors.gradient[1]).any()
    assert torch.equal(trainer.tensors.gradient[0], clean)
