"""The native loop takes the steps that torch takes, to rounding, and gives every trial the same bits in any company."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import Events, dense, in_way, never, plan_of, settings, trained, trainer_of
from part_examples import example
from torch.nn import functional

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine import ways
from dlbench.engine.native import build
from dlbench.engine.native.build import Built, library
from dlbench.engine.trainer import Trainer
from dlbench.plan import native
from dlbench.plan.native import why_torch_trains

pytestmark = pytest.mark.skipif(library().train is None, reason=library().says)

FLATTEN = {"kind": "flatten"}
LAYERS_OF_DIGITS = [FLATTEN, dense(13, "sigmoid"), dense(7, "tanh")]
DIGITS = {"kind": "digits", "limit": 60, "validation": 30}

FUNCTIONS = {
    "identity": lambda x, **_: x,
    "sigmoid": lambda x, **_: torch.sigmoid(x),
    "tanh": lambda x, **_: torch.tanh(x),
    "relu": lambda x, **_: torch.relu(x),
    "leaky_relu": lambda x, **own: functional.leaky_relu(x, own["slope"]),
    "elu": functional.elu,
    "selu": lambda x, **_: functional.selu(x),
    "softplus": lambda x, **_: torch.logaddexp(x, torch.zeros_like(x)),
    "softsign": lambda x, **_: functional.softsign(x),
    "silu": lambda x, **_: functional.silu(x),
    "gelu": lambda x, **_: functional.gelu(x),
    "softmax": lambda x, **_: torch.softmax(x, dim=-1),
}
"""In double precision, independent of dlbench's own."""

LOSSES = {
    "cross_entropy": functional.cross_entropy,
    "one logit": lambda z, t: functional.binary_cross_entropy_with_logits(z[:, 0], t.double()),
    "bce": lambda z, t: functional.binary_cross_entropy_with_logits(z, functional.one_hot(t, z.shape[1]).double()),
    "mse": lambda z, t: functional.mse_loss(z, functional.one_hot(t, z.shape[1]).double()),
    "regression mse": functional.mse_loss,
    "regression l1": functional.l1_loss,
    "regression huber": functional.huber_loss,
}


def native_trainer(own: dict[str, Any], seeds: Any = (0, 3)) -> tuple[Trainer, Events]:
    """A trainer that the plan gives to the native loop."""
    trainer, events = trainer_of(plan_of({"a": own}, seeds))
    assert trainer.ways.taken == "native"
    return trainer, events


def in_double(trainer: Trainer, trial: int, loss: Any) -> tuple[float, torch.Tensor]:
    """Loss and gradient of the first batch, by autograd over the row's weights in double precision."""
    row = trainer.tensors.weights[trial].double().requires_grad_()
    slots = {slot.name: slot for slot in trainer._update.groups[0][0].slots}
    inputs, labels = trainer._batches.take(0)
    x = inputs[trial].double()
    for block in trainer.blocks:
        if block.settings["kind"] == "flatten":
            x = x.flatten(1)
            continue
        if block.weights:
            x = x @ slots[f"{block.name}.weight"].of(row[None])[0] + slots[f"{block.name}.bias"].of(row[None])[0]
        own = dict(block.settings.get("activation") or {"kind": "identity"})
        x = FUNCTIONS[own.pop("kind")](x, **own)
    found = loss(x, labels[trial].double() if labels.dtype.is_floating_point else labels[trial])
    (gradient,) = torch.autograd.grad(found, row)
    return found.item(), gradient


def holds_in_double(own: dict[str, Any], loss: Any) -> None:
    """The first step's loss and gradient are those of double precision, to a few units of the last digit of the largest."""
    trainer, _ = native_trainer(own)
    expected = [in_double(trainer, trial, loss) for trial in range(2)]
    taken = trainer.ways.steps.probed(0)
    for trial, (value, gradient) in enumerate(expected):
        assert taken.losses[trial].item() == pytest.approx(value, rel=2e-6)
        far = (taken.gradient[trial].double() - gradient).abs().max()
        assert far < 2e-6 * gradient.abs().max()


@pytest.mark.parametrize("kind", native.ACTIVATIONS)
def test_activations_in_double(kind: str) -> None:
    """Loss and gradient through every activation that it has, hidden, by itself and at the output, agree with autograd in double."""
    function = example("activations", kind)
    layer = dense(13) | {"activation": function}
    own = settings(
        [FLATTEN, layer, {"kind": "activation", "activation": function}, {**layer, "units": 6}],
        data=DIGITS,
        batch_size=9,
    )
    own["model"]["output"]["activation"] = function
    holds_in_double(own, LOSSES["cross_entropy"])


@pytest.mark.parametrize("name", LOSSES)
def test_losses_in_double(name: str, tmp_path: Path) -> None:
    """Every loss that it has, of classes and of numbers."""
    kind = name.rpartition(" ")[2]
    data: dict[str, Any] = DIGITS
    if name == "one logit":
        kind, data = "cross_entropy", {"kind": "xor"}
    if name.startswith("regression"):
        random = np.random.default_rng(0)
        x, y = random.normal(size=(40, 3)).astype("f4"), random.normal(size=(40, 2)).astype("f4")
        np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
        data = {"kind": "npz", "path": str(tmp_path / "a.npz")}
    own = settings([FLATTEN, dense(7, "tanh")], data=data, batch_size=11)
    own["train"]["loss"] = example("losses", kind)
    holds_in_double(own, LOSSES[name])


@pytest.mark.parametrize("kind", native.ACTIVATIONS)
def test_activations_everywhere(kind: str, tmp_path: Path) -> None:
    """From -120 to 120, near 0 and at it, every activation is that of double precision, to a few units of the last digit."""
    near = np.geomspace(1e-30, 1e-3, 300)
    x = np.concatenate([np.linspace(-120, 120, 1501), near, -near, [0.0]]).astype("f4")[:, None]
    np.savez(tmp_path / "a.npz", x_train=x, y_train=x, x_test=x[:2], y_test=x[:2])
    function = example("activations", kind)
    own = settings(
        [{"kind": "activation", "activation": function}], data={"kind": "npz", "path": str(tmp_path / "a.npz")}
    )
    trainer, _ = native_trainer(own, [0])
    found = trainer.ways.steps.probed(0).taps.outputs[0][0].double()
    arguments = {name: value for name, value in function.items() if name != "kind"}
    expected = FUNCTIONS[kind](torch.from_numpy(x).double(), **arguments)
    # Beyond exp(89), which is no float any more, a sigmoid is 0, by torch too.
    assert ((found - expected).abs() <= 4e-7 * expected.abs() + 3e-37).all()


CHANGES = {
    "plain": {},
    "decay": {"weight_decay": 0.03},
    "momentum": {"momentum": 0.6},
}


def assert_close_to_torch(plan: Any, rtol: float = 1e-4) -> None:
    """Both ways end with the same weights, losses and counts, to rounding."""
    assert {stack.way for stack in plan.stacks} == {"native"}
    (ours, told), (theirs, expected) = trained(plan), trained(in_way(plan, "torch"))
    torch.testing.assert_close(ours.tensors.weights, theirs.tensors.weights, rtol=rtol, atol=1e-5)
    for one, other in zip(told.of("metrics"), expected.of("metrics"), strict=True):
        for name in ("batch_loss", "train_loss", "learning_rate"):
            np.testing.assert_allclose(one[name], other[name], rtol=rtol)
        assert (one["clipped_fraction"] is None) == (other["clipped_fraction"] is None)
        if one["clipped_fraction"] is not None:
            np.testing.assert_array_equal(one["clipped_fraction"], other["clipped_fraction"])


def with_optimizer(kind: str, **changes: Any) -> dict[str, Any]:
    """Digits, batches of 17, the last one smaller, and a rate that falls."""
    own = settings(
        LAYERS_OF_DIGITS, data=DIGITS, batch_size=17, steps=14, points=3, every=7, optimizer=example("optimizers", kind)
    )
    own["train"]["optimizer"] |= changes
    own["train"]["schedule"] = {"kind": "cosine", "floor": 0.1}
    return own


@pytest.mark.parametrize("kind", native.OPTIMIZERS)
def test_optimizers_as_torch(kind: str) -> None:
    """Every optimizer that it has, with trials of other numbers in the same stack, takes torch's steps."""
    known = example("optimizers", kind)
    changes = {name: own for name, own in CHANGES.items() if own.keys() <= known.keys()}
    variants = {name: with_optimizer(kind, **own) for name, own in changes.items()}
    assert_close_to_torch(plan_of({**variants, "fast": with_optimizer(kind, lr=3 * known["lr"])}, [0, 1]))


@pytest.mark.parametrize("kind", native.REGULARIZERS)
def test_regularizers_as_torch(kind: str) -> None:
    """Every regularizer that it has, at two strengths, one of which binds, cuts and counts as torch's do."""
    (name,) = (key for key in example("regularizers", kind) if key != "kind")
    variants = {
        str(number): settings(
            LAYERS_OF_DIGITS,
            data=DIGITS,
            batch_size=17,
            steps=14,
            every=7,
            points=3,
            regularizers=[{"kind": "l2", "strength": 0.001}, {"kind": kind, name: number}],
        )
        for number in (0.02, 0.5)
    }
    assert_close_to_torch(plan_of(variants, [0, 1]))


def test_weights_of_zero_as_torch() -> None:
    """A net that starts from zeros stays where torch leaves it, bit for bit where nothing moves."""
    own = settings([dense(5, "relu", init={"kind": "zeros"})], init={"kind": "zeros"}, steps=9, every=3)
    plan = plan_of({"a": own}, [0, 1])
    ours, theirs = trained(plan)[0].tensors.weights, trained(in_way(plan, "torch"))[0].tensors.weights
    assert torch.equal(ours == 0, theirs == 0)
    torch.testing.assert_close(ours, theirs)


def test_any_number_of_trials() -> None:
    """A trial's bits are the same whether 1, 2, 15, 16, 17 or 35 train, each in a place of its own."""
    rates = {f"lr{index}": with_optimizer("adam", lr=0.001 * (index + 1)) for index in range(5)}
    whole = plan_of(rates, range(7))
    every, _ = trained(whole)
    weights = dict(zip(every.ids, every.tensors.weights, strict=True))
    for count, first in ((1, 9), (2, 33), (15, 3), (16, 0), (17, 18)):
        stack = replace(whole.stacks[0], trials=whole.stacks[0].trials[first : first + count])
        few, _ = trained(replace(whole, stacks=[stack]))
        assert len(few.ids) == count
        for name, row in zip(few.ids, few.tensors.weights, strict=True):
            assert torch.equal(row, weights[name]), (count, name)


@pytest.mark.parametrize("batch_size", ["full", 17])
def test_any_chunks(batch_size: int | str) -> None:
    """Step by step, in chunks, with probes at every step or none: the bits are the same."""
    own = settings(LAYERS_OF_DIGITS, data=DIGITS, batch_size=batch_size, steps=23, every=23, points=0)
    whole, _ = native_trainer(own)
    losses = whole.ways.steps.take(0, 23)
    for way in ("one by one", "probed", "in chunks"):
        parts, _ = native_trainer(own)
        if way == "in chunks":
            found = torch.cat([parts.ways.steps.take(first, count) for first, count in ((0, 1), (1, 9), (10, 13))])
        else:
            steps = range(23)
            found = torch.stack(
                [
                    parts.ways.steps.probed(s).losses if way == "probed" else parts.ways.steps.take(s, 1)[0]
                    for s in steps
                ]
            )
        assert torch.equal(found, losses), way
        assert torch.equal(parts.tensors.weights, whole.tensors.weights), way


def test_what_diverges_ends_as_by_torch() -> None:
    """A trial that diverges does so at the same step, or the next one, and nobody beside it notices."""
    own, wild = (
        settings([FLATTEN, dense(8, "relu")], data=DIGITS, steps=30, every=10, optimizer={"kind": "sgd", "lr": lr})
        for lr in (0.1, 40.0)
    )
    own["train"]["loss"] = wild["train"]["loss"] = {"kind": "mse"}
    plan = plan_of({"own": own, "wild": wild}, range(4))
    told = {way: trained(in_way(plan, way)) for way in ("native", "torch")}
    ends = {
        way: [(e["trial"], e["step"], e["last_loss"]) for e in events.of("diverged")]
        for way, (_, events) in told.items()
    }
    assert len(ends["torch"]) > 1
    assert {end[0] for end in ends["native"]} == {end[0] for end in ends["torch"]}
    # torch sums a batch before it divides, so that it is beyond all floats a little earlier.
    last = {end[0]: end[1] for end in ends["torch"]}
    assert all(0 <= step - last[trial] <= 1 and np.isfinite(loss) for trial, step, loss in ends["native"])
    alone, _ = trained(plan_of({"own": own}, range(4)))
    assert alone.ways.taken == "native"
    rows = [told["native"][0].ids.index(name) for name in alone.ids]
    assert torch.equal(told["native"][0].tensors.weights[rows], alone.tensors.weights)


# --- which stacks it trains -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"layers": [FLATTEN, dense(4, "gelu")]}, "activation gelu of dense1"),
        ({"layers": [FLATTEN, dense(4), {"kind": "batch_norm"}]}, "layer batch_norm1"),
        ({"optimizer": {"kind": "muon", "lr": 0.1}}, "optimizer muon"),
        ({"optimizer": {"kind": "rmsprop", "lr": 0.1, "centered": True}}, "rmsprop with centered"),
        ({"layers": [FLATTEN, dense(200)]}, "15,010 parameters, more than 5,000"),
        ({"layers": [FLATTEN, dense(32)], "batch_size": 100}, "241,000 products a step, more than 80,000 a layer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_plan_says_why_torch_trains(change: dict[str, Any], reason: str) -> None:
    """What it cannot do, or would not do faster, is planned for torch, and the reason is told."""
    own = settings(**{"layers": [FLATTEN, dense(4)], "data": "digits"} | change)
    assert why_torch_trains(own) == reason
    assert plan_of({"a": own}).stacks[0].way == "torch"


# --- where it is not there --------------------------------------------------------------------------------------------


def absent() -> Built:
    """What `library` says on another machine."""
    return Built(None, "no C compiler")


def test_a_stack_is_trained_in_the_way_it_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun by torch, it goes on by torch with the same bits where the loop has come; begun by the loop where there is none now, it says so."""
    plan, path = plan_of({"a": settings([dense(5)], steps=30)}, [0, 1]), tmp_path / "stack.pt"
    monkeypatch.setattr(ways, "library", absent)
    whole, _ = trained(plan)
    half, _ = trainer_of(plan)
    half.ways.steps.take(0, 10)
    half.step = 10
    checkpoints.save(half.checkpoint(), path)
    monkeypatch.setattr(ways, "library", library)
    resumed, events = trainer_of(plan)
    assert resumed.ways.taken == "native"
    assert resumed.restore(path)
    resumed.train(never)
    assert (resumed.ways.taken, events.of("stack")[0]["way"], events.of("note")) == ("torch", "torch", [])
    assert torch.equal(resumed.tensors.weights, whole.tensors.weights)

    ours, _ = trainer_of(plan)
    ours.ways.steps.take(0, 10)
    ours.step = 10
    checkpoints.save(ours.checkpoint(), path)
    monkeypatch.setattr(ways, "library", absent)
    moved, events = trainer_of(plan)
    moved.restore(path)
    moved.train(never)
    assert moved.ways.taken == "torch"
    assert "the native loop took 10 steps of this stack and is not here (no C compiler)" in events.of("note")[0]["text"]


@pytest.mark.parametrize(
    ("compiler", "says"),
    [
        (None, "no C compiler (cc, gcc, clang) on this machine"),
        (
            "#!/bin/sh\necho 'loop.c:1: error: no such processor' >&2; exit 1\n",
            "it does not compile here: loop.c:1: error: no such processor",
        ),
    ],
    ids=["no compiler", "one that fails"],
)
def test_without_a_compiler_it_says_why(
    compiler: str | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no compiler, or it refuses, the reason is told in a line, and nothing fails."""
    if compiler:
        (tmp_path / "cc").write_text(compiler, encoding="utf-8")
        (tmp_path / "cc").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert build.library.__wrapped__() == Built(None, says)


@pytest.mark.extras
@pytest.mark.skipif("AVX-512" not in library().says, reason="only a machine with AVX-512 can be asked for less")
def test_the_same_bits_with_registers_of_half_the_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled for AVX2, the loop ends with the bits of AVX-512, through every activation."""
    layers = [FLATTEN, *(dense(5) | {"activation": example("activations", kind)} for kind in native.ACTIVATIONS)]
    plan = plan_of(
        {"a": settings(layers, data=DIGITS, batch_size=17, steps=30, optimizer=example("optimizers", "adam"))}
    )
    wide, _ = trained(plan)
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-mno-avx512f"))
    monkeypatch.setattr(build, "user_cache_path", lambda _: tmp_path)
    narrow = build.library.__wrapped__()
    assert "AVX2" in narrow.says
    monkeypatch.setattr(ways, "library", lambda: narrow)
    other, _ = trained(plan)
    assert other.ways.taken == "native"
    assert torch.equal(wide.tensors.weights, other.tensors.weights)
