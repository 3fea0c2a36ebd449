"""Random streams are a function of seed, purpose and place, and of nothing else."""

from __future__ import annotations

import hashlib

import torch
from cases import dense, plan_of, settings, trainer_of
from hypothesis import given
from hypothesis import strategies as st

from dlbench.engine.rng import stream, stream_seed

DROPOUT = {"kind": "dropout", "keep": 0.5, "rate": None}


def drawn(seed: int, purpose: str, place: object) -> list[float]:
    """The first numbers of a stream."""
    return torch.rand(8, generator=stream(seed, purpose, place)).tolist()


@given(seed=st.integers(0, 2**63 - 1), purpose=st.text(max_size=9), place=st.integers(0, 99) | st.text(max_size=9))
def test_the_seed_of_a_stream_is_its_hash(seed: int, purpose: str, place: int | str) -> None:
    """The seed is the first 63 bits of SHA-256 of `seed/purpose/place`, so every machine has the same streams."""
    whole = hashlib.sha256(f"{seed}/{purpose}/{place}".encode()).hexdigest()

    assert stream_seed(seed, purpose, place) == int(whole[:16], 16) // 2


def test_streams_agree_only_with_themselves() -> None:
    """The same three words give the same numbers; another seed, purpose or place gives others."""
    first = drawn(3, "init", "dense1.weight")

    assert drawn(3, "init", "dense1.weight") == first
    others = [drawn(4, "init", "dense1.weight"), drawn(3, "order", "dense1.weight"), drawn(3, "init", "dense2.weight")]
    assert all(first != other for other in others)


def test_dropout_between_layers_leaves_the_start_alone() -> None:
    """A net with dropout starts from the weights of the net without: the place of a weight is its layer's own name."""
    layers = [dense(5), dense(4)]
    plain, dropped = (
        trainer_of(plan_of({"a": settings(own)}, seeds=[0, 7]))[0].tensors.weights
        for own in (layers, [layers[0], DROPOUT, layers[1], DROPOUT])
    )

    assert torch.equal(plain, dropped)
    assert not torch.equal(plain[0], plain[1])


def test_every_trial_drops_units_by_its_own_stream() -> None:
    """Each layer that draws has one stream a trial, and no two trials or layers share their numbers."""
    trainer, _ = trainer_of(plan_of({"a": settings([dense(5), DROPOUT, dense(5), DROPOUT])}, seeds=[0, 1]))
    streams = trainer.tensors.generators

    assert sorted(streams) == ["dropout1", "dropout2"]
    numbers = [tuple(torch.rand(4, generator=own).tolist()) for layer in streams.values() for own in layer]
    assert len(set(numbers)) == 4
