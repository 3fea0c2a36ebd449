"""Dropout that stays on at test shows in evaluations, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cases import Events, dense, plan_of, settings, trained

from dlbench.engine.outcome import predictions_of


def own_settings(*, at_test: bool, keep: float = 0.5, steps: int = 60) -> dict[str, Any]:
    """A thousand digits."""
    layers = [
        {"kind": "flatten"},
        dense(30, "relu"),
        {"kind": "dropout", "keep": keep, "rate": None, "at_test": at_test},
    ]
    data = {"kind": "digits", "limit": 1000}
    return settings(layers, data=data, optimizer={"kind": "adam", "lr": 0.01}, batch_size=50, steps=steps, every=20)


def curve(events: Events, name: str) -> np.ndarray:
    """One metric of all trials at every evaluation."""
    return np.array([event[name] for event in events.of("metrics")])


def test_training_does_not_notice() -> None:
    """Left on at test or not, and however often it is evaluated, the weights end the same, bit for bit."""
    often = own_settings(at_test=True)
    often["evaluate"]["every"] = 3
    ends = [
        trained(plan_of({"a": own}, seeds=[0, 1]))[0].tensors.weights
        for own in (own_settings(at_test=False), own_settings(at_test=True), often)
    ]
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2])


def test_every_trial_is_worse_with_it() -> None:
    """The same nets with half of their units off at test are right less often, and surer of what is wrong."""
    clean, noisy = (trained(plan_of({"a": own_settings(at_test=on)}, seeds=[0, 1, 2]))[1] for on in (False, True))
    assert (curve(noisy, "test_accuracy")[-1] < curve(clean, "test_accuracy")[-1]).all()
    assert (curve(noisy, "test_loss")[-1] > curve(clean, "test_loss")[-1]).all()


def test_what_is_kept_is_what_was_evaluated() -> None:
    """Predictions, and answers, are those of the last evaluation: looked at again, the same units are off."""
    trainer, events = trained(plan_of({"a": own_settings(at_test=True)}, seeds=[0, 1]))
    found = predictions_of(trainer)
    right = (found.logits.argmax(axis=2) == found.labels).mean(axis=1)
    trainer.evaluation.forget()
    again = trainer.evaluation.answers()["test"].right.mean(axis=1)

    np.testing.assert_allclose(right, curve(events, "test_accuracy")[-1], rtol=1e-6)
    np.testing.assert_allclose(again, right, rtol=1e-12)


def test_samples_and_trials_have_units_of_their_own_off() -> None:
    """Samples, and trials, are answered by thinned nets of their own: of equal pictures nearly all outputs differ."""
    trainer, _ = trained(plan_of({"a": own_settings(at_test=True, steps=1)}, seeds=[0, 1]))
    split = trainer.data.test
    same = split.x[:1].expand(len(split), *split.x.shape[1:])
    (net,) = trainer._nets
    net.rewind()
    outputs = net.forward(same.expand(2, *same.shape), training=False).detach()

    for trial in outputs:
        assert len(torch.unique(trial, dim=0)) > 0.9 * len(split)
    trainer.tensors.weights[1].copy_(trainer.tensors.weights[0])
    net.rewind()
    outputs = net.forward(same.expand(2, *same.shape), training=False).detach()
    assert not torch.equal(outputs[0], outputs[1])
