"""The plan's number of steps is the engine's, and torch's own DataLoader's."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from dlbench.engine.batches import DataSplit, batches
from dlbench.plan.duration import batch_size, last_batch, steps_per_epoch, total_steps

SAMPLES = st.integers(1, 300)


def train(size: int | str, *, steps: int | None = None, epochs: int | None = None, **more: Any) -> dict[str, Any]:
    """The `[train]` settings that say how long a training is."""
    return {"batch_size": size, "steps": steps, "epochs": epochs, **more}


@given(samples=SAMPLES, size=st.integers(1, 300) | st.just("full"), epochs=st.integers(1, 20), drop_last=st.booleans())
def test_epochs_are_as_many_steps_as_the_engine_takes(
    samples: int, size: int | str, epochs: int, drop_last: bool
) -> None:
    """So many epochs are as many steps as the engine's batches make of them, whatever the sizes."""
    data = DataSplit(torch.zeros(samples, 1), torch.zeros(samples, dtype=torch.int64))
    settings = train(size, epochs=epochs, drop_last=drop_last)

    assert total_steps(settings, samples) == epochs * batches(data, [0], size, drop_last=drop_last).steps_per_epoch
    assert batch_size(settings, samples) == (samples if size == "full" else size)


@given(samples=SAMPLES, steps=st.integers(1, 10**6))
def test_steps_are_taken_by_their_word(samples: int, steps: int) -> None:
    """A recipe that counts in steps gets these, whatever the data; settings of before know no `drop_last`."""
    assert total_steps(train(10, steps=steps), samples) == steps


@given(samples=SAMPLES, part=st.floats(0.01, 1), steps=st.integers(1, 400), drop_last=st.booleans())
def test_batches_are_those_of_torchs_loader(samples: int, part: float, steps: int, drop_last: bool) -> None:
    """An epoch has as many batches as torch's DataLoader, and the smallest of the steps is its smallest of as many."""
    size = max(1, int(part * samples))
    sizes = [len(own) for own in DataLoader(range(samples), batch_size=size, drop_last=drop_last)]  # type: ignore[arg-type]
    settings = train(size, steps=steps, drop_last=drop_last)

    assert steps_per_epoch(settings, samples) == len(sizes)
    assert last_batch(settings, samples) == min(sizes[:steps])
