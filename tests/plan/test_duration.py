"""The plan's number of steps is the engine's."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from dlbench.engine.batches import Split, batches
from dlbench.plan.duration import batch_size, total_steps

SAMPLES = st.integers(1, 300)


@given(samples=SAMPLES, size=st.integers(1, 300) | st.just("full"), epochs=st.integers(1, 20))
def test_epochs_are_as_many_steps_as_the_engine_takes(samples: int, size: int | str, epochs: int) -> None:
    """So many epochs are as many steps as the engine's batches make of them, whatever the sizes."""
    train = Split(torch.zeros(samples, 1), torch.zeros(samples, dtype=torch.int64))
    settings = {"batch_size": size, "steps": None, "epochs": epochs}

    assert total_steps(settings, samples) == epochs * batches(train, [0], size).steps_per_epoch
    assert batch_size(settings, samples) == (samples if size == "full" else size)


@given(samples=SAMPLES, steps=st.integers(1, 10**6))
def test_steps_are_taken_by_their_word(samples: int, steps: int) -> None:
    """A recipe that counts in steps gets these, whatever the data."""
    assert total_steps({"batch_size": 10, "steps": steps, "epochs": None}, samples) == steps
