"""Illnesses that look alike: what tells one from the other, and what is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_training_rules import (
    FACTS,
    FALLING,
    FLAT,
    GUESS,
    LAYERS,
    RANGES,
    SETTINGS,
    everywhere,
    kinds,
    made,
    mended,
    over_time,
    trained,
    with_settings,
)  # fmt: skip

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.diagnosis.folding import folded
from dlbench.data_facts import Ranges

OUTPUT = [LAYERS[-1]]
FAR_TARGETS = Ranges("feature", (100.0,), (900.0,), (400.0,), (150.0,), (400,))
LARGE = replace(RANGES, mean=(500.0,) * 8)
SLOWING = GUESS * (0.35 + 0.65 * np.exp(-np.arange(20) / 6))
NARROW = [{"name": "dense1", "kind": "dense", "weight": [8, 1]}, *LAYERS[1:]]
EVENLY = GUESS * np.linspace(1.0, 0.3, 20)


def linear(*kinds_of_layers):
    """Settings whose hidden layers are of these kinds, dense ones without an activation, and the layers that they have."""
    layers = [
        {"kind": kind} | ({"activation": {"kind": "identity"}} if kind == "dense" else {}) for kind in kinds_of_layers
    ]
    own = [{"name": f"{kind}{place}", "kind": kind, "weight": [8, 8]} for place, kind in enumerate(kinds_of_layers)]
    return {"settings": with_settings(model__layers=layers), "layers": [*own, *OUTPUT], "facts": None}


def test_wild_steps_of_one_layer_alone_are_no_illness():
    """Weights of a line may belong near 0, so that every step is long beside them; those of hidden layers may not."""

    def wild_at_first(layers):
        return trained(
            0.6 * FLAT, layers=layers, probes=lambda place: {"update_ratio": [3e-3 if place else 0.8] * len(layers)}
        )

    assert kinds(wild_at_first(OUTPUT)) == []
    assert kinds(wild_at_first(LAYERS)) == ["learning-rate-too-high"]


@pytest.mark.parametrize("symptom", ["vanishing-gradient", "exploding-gradient"])
def test_tiny_batches_explain_what_they_do_to_the_gradient(symptom):
    """Batch norm of two samples makes gradients vanish and explode: it is told alone."""
    (found,) = folded([made(symptom), made("batch-norm-statistics")])

    assert found.kind == "batch-norm-statistics"


@pytest.mark.parametrize(("activation", "kind"), [("sigmoid", "wrong-output"), ("identity", "unscaled-input")])
def test_targets_out_of_reach_and_targets_out_of_scale(activation, kind):
    """Large targets are out of reach of an output that ends at 1, and out of scale for one that does not end."""
    output = {"units": 1, "activation": {"kind": activation}}
    settings = with_settings(model__output=output, train__loss={"kind": "mse"}, data__target="price")
    facts = mended(target_ranges=FAR_TARGETS, class_names=())

    assert kinds(trained(FLAT, settings=settings, facts=facts, counts=(400,))) == [kind]


def test_inputs_that_saturate_the_first_layer_are_told_before_it():
    """Pixels of 0 to 255 drive sigmoids to their ends: the inputs are the cause, though something is learned."""
    probes = everywhere(saturated_fraction=[0.99, 0.1, 0.0])

    assert kinds(trained(SLOWING, facts=mended(ranges=LARGE), probes=probes)) == ["unscaled-input"]
    assert kinds(trained(SLOWING, probes=probes)) == ["saturated-units"]


def test_a_bottleneck_is_told_while_the_loss_still_creeps():
    """Behind one unit a loss goes on falling for long, by ever less; with room enough that is no illness."""
    creeping = GUESS * (0.35 + 0.65 / (1 + np.arange(20)))

    assert kinds(trained(creeping, layers=NARROW)) == ["underfitting"]
    assert kinds(trained(creeping)) == []


def test_a_loss_that_falls_as_fast_as_ever_had_too_few_steps():
    """At a third of the price of guessing a training is not done, unless it has slowed down: a note, since most is learned."""
    (found,) = diagnose(trained(EVENLY))[0]

    assert (found.kind, found.severity) == ("too-few-steps", "note")
    assert 0 not in diagnose(trained(SLOWING))


def test_a_loss_without_a_gradient_is_a_wrong_one_and_no_low_rate():
    """Squared errors behind a softmax that is sure give hardly any gradient: steps are small, and the rate is not to blame."""
    settings = with_settings(train__loss={"kind": "mse"})
    small = everywhere(update_ratio=[1e-5] * 3, gradient_norm=[1e-3] * 3)

    assert kinds(trained(0.9 * FLAT, settings=settings, probes=small)) == ["wrong-loss"]
    assert kinds(trained(0.9 * FLAT, probes=everywhere(update_ratio=[1e-5] * 3))) == ["learning-rate-too-low"]


@pytest.mark.parametrize(("samples", "told"), [(100, ["overfitting"]), (40, [])])
def test_wrong_answers_that_chance_would_have_are_not_overfitting(samples, told):
    """Samples known by heart and seven in a hundred more told wrong are overfitting, unless that is two or three answers."""
    state = trained(
        GUESS * np.geomspace(1.0, 0.004, 20), GUESS * np.geomspace(1.0, 0.25, 20),
        accuracy=np.full(20, 1.0), unseen_accuracy=np.full(20, 0.93),
    )  # fmt: skip
    state.stacks[0].samples["test"] = samples

    assert kinds(state) == told


@pytest.mark.parametrize(
    ("hidden", "told"),
    [(("dense",), "warning"), (("dense", "dense"), "warning"), (("lstm",), None), (("module",), None), ((), "note")],
    ids=str,
)
def test_what_is_linear_is_told_by_its_layers(hidden, told):
    """Products alone make a linear net; a gate or a module bends; a line that was asked for and learns something is a note."""
    found = diagnose(trained(0.6 * FLAT, **linear(*hidden))).get(0, [])

    assert [one.severity for one in found if one.kind == "underfitting"] == ([] if told is None else [told])


@pytest.mark.parametrize(
    ("settings", "rate", "first", "says"),
    [
        (SETTINGS, 0.1 ** np.arange(20), "constant-rate", "the schedule has left 1.0e-19 of the rate"),
        (
            with_settings(train__regularizers=[{"kind": "clip_norm", "norm": 1e-5}]),
            np.ones(20),
            "no-clipping",
            "with a clip_norm of 1.0e-05, a step",
        ),
    ],
    ids=["schedule", "clipping"],
)
def test_what_makes_the_rate_low_is_told_and_mended_first(settings, rate, first, says):
    """Steps that a schedule or clipping makes small are not mended by a larger rate first, and not by one ten times as large."""
    pace = everywhere(update_ratio=[1e-6] * 3)
    (found,) = diagnose(trained(0.95 * FLAT, settings=settings, rate=rate, probes=pace, facts=FACTS))[0]

    assert found.kind == "learning-rate-too-low"
    assert says in found.says
    assert found.remedies[0].name == first


def test_targets_out_of_reach_explain_an_explosion():
    """What an output cannot answer leaves errors as large as the targets, and gradients by them: the output is told alone."""
    (found,) = folded([made("exploding-gradient"), made("wrong-output"), made("diverged", 3)])

    assert found.kind == "wrong-output"


def test_weighted_classes_are_held_against_an_equal_guess():
    """Where rare classes count as much as others, no answer is cheap: a loss above that of frequencies is none of a guess."""
    counts = (2970, 10, 10, 10)
    loss = GUESS * np.geomspace(1.0, 0.15, 20)  # guessing by these frequencies costs 0.05 of that of four equal classes

    weighted = with_settings(train__class_weights="balanced")
    assert kinds(trained(loss, settings=weighted, counts=counts, facts=None)) == []
    assert kinds(trained(loss, counts=counts, facts=None)) == ["too-few-steps"]


def test_large_targets_of_a_net_that_has_learned_are_no_illness():
    """A first loss is as large as the targets are far from 0: where the net gets there, nothing is told."""
    settings = with_settings(
        model__output={"units": 1, "activation": {"kind": "identity"}}, train__loss={"kind": "mse"}
    )
    facts = mended(target_ranges=FAR_TARGETS, class_names=())
    falling = 8.0 * np.geomspace(1.0, 0.001, 20)

    assert kinds(trained(falling, settings=settings, facts=facts, counts=(400,))) == []


def test_a_falling_training_stays_healthy():
    """The training that all these are changed from is told nothing."""
    assert kinds(trained(FALLING)) == []


def test_a_loss_that_cannot_fall_is_told_however_many_answers_are_right():
    """Behind two softmaxes a net may be right and never sure: a warning; where the loss has fallen all the same, a note."""
    twice = with_settings(model__output={"units": 4, "activation": {"kind": "softmax"}})

    def found(loss):
        return diagnose(trained(loss, settings=twice, accuracy=np.full(20, 0.99)))[0]

    assert [(one.kind, one.severity) for one in found(0.6 * FLAT)] == [("wrong-output", "warning")]
    assert [(one.kind, one.severity) for one in found(FALLING)] == [("wrong-output", "note")]


def test_a_loss_that_gives_the_output_no_gradient_is_told_and_not_the_depth():
    """A squared error behind sigmoids that are sure and wrong: the gradient is gone where it begins, not on its way back."""
    faint = everywhere(gradient_norm=[1e-4, 1e-4, 3e-4])
    squared = with_settings(train__loss={"kind": "mse"})

    assert kinds(trained(FLAT, probes=faint)) == ["vanishing-gradient"]
    assert kinds(trained(FLAT, probes=faint, settings=squared)) == ["wrong-loss"]
    assert kinds(trained(FLAT, probes=everywhere(gradient_norm=[1e-6, 1e-3, 1.0]), settings=squared)) == [
        "vanishing-gradient"
    ]


def test_a_gradient_that_has_found_its_way_back_through_time_is_a_note():
    """What vanished before the first steps alone has cost time, and no more: it is told until when."""
    layers = [{"name": f"t={t}", "kind": "time", "weight": None} for t in (1, 2, 3)] + LAYERS

    def probes(place):
        return over_time(1e-8 if place < 3 else 1e-2)(place)

    (found,) = diagnose(trained(FALLING, layers=layers, probes=probes))[0]
    assert (found.kind, found.severity) == ("vanishing-through-time", "note")
    assert found.says.endswith("arrived at the first in the beginning, enough of it from step 30 on")
