"""The gradient over time: a probe's rows, against autograd and closed forms, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cases import Events, dense, plan_of, settings, trained, trainer_of
from recurrent_nets import IDENTITY, KINDS, Oracle, digits, recurrent
from torch import nn

import dlbench.parts.outline as on_paper
from dlbench.measures import names as measures
from dlbench.metrics.catalog import METRICS
from dlbench.parts import make
from dlbench.parts.layers.base import LayerContext
from dlbench.parts.outline import MOST_TIMES, outline, rows_of
from dlbench.plan.breakpoints import parse
from dlbench.state.run_state import RunState


def as_written(events: Events) -> list[dict[str, Any]]:
    """Events as a reader hands them out: lists in place of arrays, with their file's session and worker."""
    return [
        {"v": 1, "session": 0, "worker": 0}
        | {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in event.items()}
        for event in events
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_over_time_is_autograds(kind: str) -> None:
    """A probe's gradient norm at each step of time is that of dL/dh_t, which torch's cells retain, to 1e-4; so is h_t's mean."""
    plan = plan_of({"a": digits(recurrent(kind), steps=1, points=1)}, seeds=[0, 3])
    trainer, _ = trainer_of(plan)
    oracles = [Oracle(trainer, trial) for trial in range(2)]
    x, labels = trainer._batches.take(0)
    _, events = trained(plan)
    (probe,), (stack,) = events.of("probe"), events.of("stack")

    assert [(layer["name"], layer["kind"], layer["weight"]) for layer in stack["layers"]][:8] == [
        (f"{kind}1 t={time}", "time", None) for time in range(1, 9)
    ]
    assert [layer["name"] for layer in stack["layers"]][8:] == [f"{kind}1", "output"]
    for trial, net in enumerate(oracles):
        states, logits = net.states(x[trial])
        nn.functional.cross_entropy(logits, labels[trial]).backward()
        for time, state in enumerate(states):
            assert probe["gradient_norm"][trial][time] == pytest.approx(state.grad.double().norm().item(), rel=1e-4)
            assert probe["activation_mean"][trial][time] == pytest.approx(state.mean().item(), rel=1e-3, abs=1e-6)
    assert np.isnan(probe["weight_norm"][:, :8]).all()
    assert np.isnan(probe["update_ratio"][:, :8]).all()
    assert (probe["gradient_histogram"][:, :8] == 0).all()


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0, 1e-4])
def test_a_linear_rnn_shrinks_its_gradient_by_its_recurrent_weights(gain: float) -> None:
    """With h = x W + h U and U = gain Q, Q orthogonal, |dL/dh_t| is gain^(T - t) |dL/dh_T| to 1e-4, down to 1e-28."""
    linear = recurrent("rnn", activation=IDENTITY, recurrent_init={"kind": "orthogonal", "gain": gain})
    _, events = trained(plan_of({"a": digits(linear, steps=1, points=1)}))
    norms = events.of("probe")[0]["gradient_norm"][0][:8].astype(np.float64)

    np.testing.assert_allclose(norms, norms[7] * gain ** np.arange(7, -1, -1.0), rtol=2e-4)


def test_the_gradient_of_a_linear_rnn_is_a_power_of_its_recurrent_weights() -> None:
    """With h = x W + h U, dL/dh_t is dL/dh_T (U^T)^(T - t), to 1e-9 in float64."""
    layer = make("layers", {**recurrent("rnn", 3), "activation": IDENTITY})
    weights = {name: torch.randn(2, *own.shape, dtype=torch.float64) for name, own in layer.weights((5, 4)).items()}
    x = torch.randn(2, 6, 5, 4, dtype=torch.float64, requires_grad=True)
    place, downstream = LayerContext(training=True, states=[]), torch.randn(2, 6, 3, dtype=torch.float64)
    gradients = torch.autograd.grad((layer.forward(x, weights, place) * downstream).sum(), place.states)

    for time, gradient in enumerate(gradients):
        power = torch.linalg.matrix_power(weights["recurrent"].mT, 4 - time)
        torch.testing.assert_close(gradient, downstream @ power, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_probes_of_time_change_no_bit(kind: str) -> None:
    """The weights after training with a probe at every step equal those without any, bit for bit."""
    layers = [recurrent(kind, sequences=True), recurrent(kind)]
    often, never = (
        trained(plan_of({"a": digits(*layers, steps=12, points=points)}, seeds=[0, 1]))[0] for points in (12, 0)
    )

    assert torch.equal(often.tensors.weights, never.tensors.weights)


def test_slices_show_the_same_time() -> None:
    """A stack that goes through its layers in slices has the probes of one that does not, to 1e-4."""
    plan = plan_of({"a": digits(recurrent("lstm"), steps=2, points=2)}, seeds=range(3))
    whole, sliced = (trained(plan, slices=slices)[1].of("probe")[-1] for slices in (1, 2))

    for measure in ("gradient_norm", "activation_std", "saturated_fraction"):
        np.testing.assert_allclose(sliced[measure], whole[measure], rtol=1e-4, atol=1e-9)


def test_long_sequences_are_thinned_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long sequence so many steps have a row, the first and the last among them, and they show what they would anyhow."""
    (long, _) = outline(settings([recurrent("rnn")])["model"], (1, 100, 3), 10)
    assert (len(long.times), long.times[0], long.times[-1]) == (MOST_TIMES, 0, 99)
    assert set(np.diff(long.times)) == {3, 4}

    plan = plan_of({"a": digits(recurrent("rnn"), steps=1, points=1)})
    every = trained(plan)[1].of("probe")[0]["gradient_norm"]
    monkeypatch.setattr(on_paper, "MOST_TIMES", 3)
    _, events = trained(plan)

    assert [layer["name"] for layer in events.of("stack")[0]["layers"]][:3] == ["rnn1 t=1", "rnn1 t=5", "rnn1 t=8"]
    np.testing.assert_array_equal(events.of("probe")[0]["gradient_norm"][:, :3], every[:, [0, 4, 7]])


def test_names_of_a_net_with_two_recurrent_layers() -> None:
    """Each recurrent layer has its steps of time before its own row, in the order of the forward pass."""
    model = settings([recurrent("rnn", sequences=True), recurrent("rnn")])["model"]
    names = [row.name for row in rows_of(outline(model, (3, 2), 10))]

    assert names == [
        "rnn1 t=1", "rnn1 t=2", "rnn1 t=3", "rnn1", "rnn2 t=1", "rnn2 t=2", "rnn2 t=3", "rnn2", "output",
    ]  # fmt: skip


def test_time_has_a_ratio_of_its_own() -> None:
    """`time_gradient_ratio` is the first over the last step of the first recurrent layer, `first_last_gradient_ratio` that of weights."""
    plan = plan_of({"a": digits(recurrent("rnn", sequences=True), recurrent("rnn"), steps=2, points=2)}, seeds=[0, 1])
    _, events = trained(plan)
    state = RunState(plan)
    state.apply(as_written(events))
    norms = events.of("probe")[0]["gradient_norm"].astype(np.float64)

    assert measures.TIME == on_paper.TIME
    for trial, own in zip(state.trials, norms, strict=True):
        assert METRICS["time_gradient_ratio"].value(trial, 0) == pytest.approx(own[0] / own[7], rel=1e-6)
        assert METRICS["first_last_gradient_ratio"].value(trial, 0) == pytest.approx(own[8] / own[-1], rel=1e-6)


def test_a_breakpoint_watches_the_ratio_over_time() -> None:
    """A condition on it comes true for the trials that meet it, with their value, and never in a net without time."""
    plan = plan_of({"a": digits(recurrent("rnn"), steps=1, points=1)}, seeds=range(4))
    norms = trained(plan)[1].of("probe")[0]["gradient_norm"].astype(np.float64)
    ratios = norms[:, 0] / norms[:, 7]
    condition = parse(f"time_gradient_ratio < {float(np.median(ratios))}")
    hits = {}
    for name, own in {"time": plan, "none": plan_of({"a": settings([dense(4)], steps=1, points=1)})}.items():
        trainer, events = trainer_of(own)
        trainer.pausing.conditions = {condition: False}
        trainer.train(lambda _: False)
        hits[name] = {event["trial"]: (event["value"], event["layer"]) for event in events.of("breakpoint")}

    assert hits["none"] == {}
    assert set(hits["time"]) == set(np.flatnonzero(ratios < np.median(ratios)))
    for trial, (value, layer) in hits["time"].items():
        assert (value, layer) == (pytest.approx(ratios[trial], rel=1e-5), None)
