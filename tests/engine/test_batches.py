"""Batches: every sample once an epoch, the same order for all who share a seed; evaluation in pieces is evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from cases import dense, plan_of, settings, trained, trainer_of

from dlbench.engine import evaluate as evaluation
from dlbench.engine.batches import DataSplit, FullBatch, MiniBatches, batches

SAMPLES, BATCH = 23, 5
TRAIN = DataSplit(torch.arange(SAMPLES).float()[:, None], torch.arange(SAMPLES))


def epoch_of(source: MiniBatches, epoch: int) -> list[torch.Tensor]:
    """The labels of all batches of an epoch."""
    first = epoch * source.steps_per_epoch
    return [source.take(first + step)[1] for step in range(source.steps_per_epoch)]


def test_an_epoch_shows_every_sample_once() -> None:
    """Each trial sees each sample exactly once an epoch, in batches of which only the last is smaller, labels with their x."""
    source = MiniBatches(TRAIN, [0, 1], BATCH)
    labels = epoch_of(source, 0)
    x, y = source.take(3)

    assert [own.shape[1] for own in labels] == [5, 5, 5, 5, 3]
    assert all(sorted(torch.cat(labels, 1)[trial].tolist()) == list(range(SAMPLES)) for trial in range(2))
    assert torch.equal(x[..., 0].long(), y)


def test_the_last_batch_can_be_left_out() -> None:
    """With `drop_last` an epoch shows the same batches but the smaller last one, and the next begins where it would."""
    whole, dropping = MiniBatches(TRAIN, [0, 1], BATCH), MiniBatches(TRAIN, [0, 1], BATCH, drop_last=True)

    assert dropping.steps_per_epoch == 4
    for epoch in range(2):
        for own, other in zip(epoch_of(dropping, epoch), epoch_of(whole, epoch), strict=False):
            assert torch.equal(own, other)
            assert own.shape[1] == BATCH


def test_the_order_is_the_seeds_and_the_epochs() -> None:
    """Trials of one seed see the same batches in whatever company; another seed and another epoch have another order."""
    together, alone = MiniBatches(TRAIN, [4, 9, 4], BATCH), MiniBatches(TRAIN, [4], BATCH)
    first, second = torch.cat(epoch_of(together, 0), 1), torch.cat(epoch_of(together, 1), 1)

    assert torch.equal(first[0], first[2])
    assert torch.equal(first[:1], torch.cat(epoch_of(alone, 0), 1))
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first[0], second[0])


def test_a_step_can_be_taken_up_anywhere() -> None:
    """A resumed training, which begins in the middle of an epoch, sees the batch that an undisturbed one sees there."""
    undisturbed, resumed = MiniBatches(TRAIN, [2], BATCH), MiniBatches(TRAIN, [2], BATCH)
    seen = [undisturbed.take(step)[1] for step in range(8)]

    assert torch.equal(resumed.take(7)[1], seen[7])


@pytest.mark.parametrize(
    ("size", "kind"), [("full", FullBatch), (SAMPLES, FullBatch), (SAMPLES - 1, MiniBatches), (1, MiniBatches)]
)
def test_a_batch_of_everything_is_the_full_batch(size: int | str, kind: type) -> None:
    """Whoever asks for all samples, by word or by number, sees them in their own order at every step."""
    source = batches(TRAIN, [0, 1], size)

    assert isinstance(source, kind)
    if kind is FullBatch:
        assert source.steps_per_epoch == 1
        assert torch.equal(source.take(3)[1], torch.arange(SAMPLES).expand(2, -1))


def test_a_sample_has_the_shares_of_the_classes_and_is_the_same_for_all() -> None:
    """Of 60 rows of class 0 and 30 of class 1, sorted, 30 are 20 and 10, in their order, and so for whoever asks."""
    split = DataSplit(torch.arange(90).float()[:, None], torch.arange(90) // 60)
    sample, again = split.sample(30), split.sample(30)

    assert torch.bincount(sample.labels).tolist() == [20, 10]
    assert torch.equal(split.labels[sample.x[:, 0].long()], sample.labels)
    assert torch.equal(sample.x, sample.x.unique(dim=0))
    assert torch.equal(sample.x, again.x)
    assert sample.x[:, 0].tolist()[:20] != list(range(20))
    assert split.sample(90) is split


def test_train_metrics_are_of_all_classes_of_a_sorted_training_set(tmp_path: Path) -> None:
    """A net that always says 0 has accuracy 1/3 on rows sorted by class, though all rows in front are of class 0."""
    x, y = np.zeros((300, 2), np.float32), np.repeat([0, 1, 2], 100)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[::10], y_test=y[::10])
    own = settings(data={"kind": "npz", "path": str(tmp_path / "a.npz")}, init={"kind": "zeros"}, steps=1)
    own["evaluate"]["train_samples"] = 90
    _, events = trained(plan_of({"a": own}))

    assert events.of("metrics")[0]["train_accuracy"] == pytest.approx([1 / 3], abs=1e-6)


def test_evaluation_in_pieces_is_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss and accuracy of a split are the same, to 1e-6, whether it fits in one batch or takes hundreds, the last smaller."""
    layers = [{"kind": "flatten"}, dense(6, "relu")]
    trainer, _ = trainer_of(plan_of({"a": settings(layers, data="digits")}, seeds=[0, 1]))
    split, task = trainer.data.test, trainer.evaluation._task
    whole = evaluation.evaluate(trainer._nets, split, task)
    monkeypatch.setattr(evaluation, "ROOM", 7 * 2 * 64)
    pieces = evaluation.evaluate(trainer._nets, split, task)

    assert len(split) % 7
    torch.testing.assert_close(pieces, whole, rtol=1e-6, atol=0)
