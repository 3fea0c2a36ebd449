"""What is wrong in words: every rule with a history that breaks it, and one that breaks none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_runs import begins, diverged, ended, evaluated, make_plan, probed, view_of

from dlbench.analysis.diagnosis.diagnose import Diagnosis
from dlbench.analysis.diagnosis.rules import probe_rules

SICK = {
    "NaN or infinity: the gradient of dense2 is not a number": {"gradient_norm": [1.0, None, None, 1.0]},
    "zero gradient: dense1, dense2 learn nothing at all": {"gradient_norm": [0.0, None, 0.0, 0.3]},
    "zero gradient: output learns nothing at all": {"gradient_norm": [1e-3, None, 1e-3, 0.0]},
    "exploding gradient: dense1's is 2.0e+06 times output's": {"gradient_norm": [20.0, None, 0.1, 1e-5]},
    "gradients too large: their norm is 14,142, 5,774 times that of all weights": {
        "gradient_norm": [1e4, None, 1e4, 47.0]
    },
    "vanishing gradient: dense1's is 1.0e-05 of output's": {"gradient_norm": [1e-6, None, 1e-3, 0.1]},
    "steps too large: one moves dense2 by 80 % of its weights' norm": {"update_ratio": [1e-3, None, 0.8, 0.1]},
    "stuck: no layer moves, and the loss is no better than guessing": {"update_ratio": [0.0, None, 1e-9, 5e-8]},
    "dead units: 97 % of the outputs of activation1 are exactly zero": {"zero_fraction": [0.0, 0.97, 0.0, 0.0]},
    "saturated: 95 % of the outputs of dense1, dense2 are at the ends of their range": {
        "saturated_fraction": [0.95, 0.2, 0.91, 0.2]
    },
}


def texts(view, trial=0):
    """What is found, in words."""
    return [finding.text for finding in view.findings(trial)]


def history(before, after=()):
    """Five healthy probes, five sick ones from step 50 on, then others, with a loss that does not fall."""
    healthy = [probed(step) for step in range(0, 50, 10)]
    sick = [probed(step, **before) for step in range(50, 100, 10)]
    return [begins(), evaluated(0, [0.7, 0.7]), *healthy, *sick, *after, evaluated(99, [0.69, 0.69])]


@pytest.mark.parametrize(("text", "measures"), SICK.items(), ids=[text.split(":")[0] for text in SICK])
def test_every_illness_is_told_in_words_with_its_beginning(text, measures):
    """A trial with one illness is told of that one alone, with its numbers, and since which step."""
    found = view_of(make_plan(), history(measures)).findings(0)
    assert [finding.text for finding in found] == [f"{text}, since step 50"]
    assert found[0].shorter == (f"{text.split(':')[0]} since step 50",)


@pytest.mark.parametrize("measures", SICK.values(), ids=[text.split(":")[0] for text in SICK])
def test_an_illness_that_is_over_is_not_told(measures):
    """One healthy probe, and there is nothing to say any more."""
    assert texts(view_of(make_plan(), history(measures, after=[probed(100)]))) == []


def test_every_rule_is_tried():
    """No rule is without a history that breaks it; that of the loss has one of its own."""
    assert {text.split(":")[0] for text in SICK} | {"exploding loss"} == {rule.title for rule in probe_rules()}


def test_a_loss_explodes_by_itself():
    """A loss of 2e9 is told though gradients are usual and alike, from the first probe after its evaluation on; its neighbour is fine."""
    steps = (0, 10, 20, 30)
    events = [
        begins(),
        *(event for step in steps for event in (evaluated(step, [0.7 if step < 20 else 2e9, 0.7]), probed(step))),
    ]
    view = view_of(make_plan(), events)

    assert texts(view) == ["exploding loss: 2.9e+09 times what blind guessing costs, since step 20"]
    assert texts(view, 1) == []


@pytest.mark.parametrize(
    "measures",
    [
        {"gradient_norm": [90.0, None, 30.0, 20.0], "weight_norm": [0.1, None, 0.1, 0.1]},
        {"gradient_norm": [9e3, None, 7e3, 1e4], "weight_norm": [90.0, None, 100.0, 80.0]},
        {"gradient_norm": [0.1, None, 0.1, 50.0], "weight_norm": [0.0, None, 0.0, 1e-9]},
        {"gradient_norm": [0.1, None, 500.0, 50.0], "weight_norm": [0.0, None, 0.0, 0.0]},
    ],
)
def test_large_for_tiny_weights_and_tiny_for_large_ones_is_usual(measures):
    """A gradient is too large by its size and by the weights' together; weights that are all zero say nothing of it."""
    assert texts(view_of(make_plan(), history(measures))) == []


def test_a_healthy_trial_is_told_nothing():
    """Usual numbers, a sure output layer, half of a ReLU's units off, one large first step: nothing is wrong."""
    sure = {"saturated_fraction": [0.3, None, 0.6, 1.0], "zero_fraction": [0.0, 0.85, 0.0, 0.99]}
    events = [
        begins(),
        evaluated(0, [0.7, 0.7]),
        probed(0, update_ratio=[0.9, None, 1.5, 0.9]),
        *(probed(step) for step in range(1, 5)),
        *(probed(step, **sure) for step in range(5, 9)),
        evaluated(9, [0.1, 0.1]),
    ]
    assert texts(view_of(make_plan(), events)) == []


def test_a_net_that_has_learnt_may_stand_still():
    """Weights that no longer move are nothing wrong where the loss has fallen."""
    still = {"update_ratio": [0.0, None, 0.0, 0.0]}
    events = [
        begins(),
        evaluated(0, [0.7, 0.7]),
        *(probed(step, **still) for step in range(9)),
        evaluated(9, [0.01, 0.69]),
    ]
    view = view_of(make_plan(), events)
    assert texts(view) == []
    assert texts(view, 1) == ["stuck: no layer moves, and the loss is no better than guessing, since step 0"]


def test_a_plateau_remembers_how_it_came():
    """Where a gradient vanished until nothing moves any more, the last word is not that all gradients are alike."""
    events = [begins(), evaluated(0, [0.7, 0.7])]
    events += [probed(step, gradient_norm=[1e-7, None, 1e-3, 0.1]) for step in range(0, 50, 10)]
    events += [probed(step, gradient_norm=[1e-8] * 4, update_ratio=[1e-9] * 4) for step in range(50, 100, 10)]
    events += [evaluated(99, [0.69, 0.69])]
    (found,) = view_of(make_plan(), events).findings(0)
    assert found.text.startswith("stuck: no layer moves, and the loss is no better than guessing, since step 50; ")
    assert found.text.endswith("its gradient had vanished from step 0 to 40")
    assert found.shorter == (
        "gradient vanished from step 0 to 40, stuck since step 50",
        "gradient vanished, stuck since step 50",
        "vanished, stuck since step 50",
    )


def test_a_divergence_comes_first_and_what_led_to_it_next():
    """What made it diverge stands in the place of the divergence, which it explains; NaN that only follows from it is not told."""
    events = [begins(), *(probed(step, update_ratio=[0.9, None, 0.9, 0.9]) for step in range(5))]
    events += [diverged(5), probed(6, gradient_norm=[None] * 4, update_ratio=[None] * 4)]
    (found,) = view_of(make_plan(), events).findings(0)
    moved = "a step moves the weights by up to 90 % of their norm"
    assert found.text == f"rate too high: {moved}, until the loss is no number at step 5"
    assert found.severity == "alarm"
    assert found.because.endswith("That explains: diverged at step 5.")


def test_a_divergence_without_a_cause_is_told_with_its_last_loss():
    """Where nothing tells why, a divergence is what is told, with the last loss that was a number."""
    events = [begins(), *(probed(step) for step in range(5)), diverged(5)]
    (found,) = view_of(make_plan(), events).findings(0)
    assert found.text == "diverged: the loss is NaN or infinite at step 5, the last finite loss was 9.0e+09"
    assert found.severity == "alarm"


def test_a_dropped_trial_is_judged_by_what_it_trained():
    """Probes after a trial was dropped do not count; that it was dropped is told."""
    dropped = {"kind": "control", "id": "a", "action": "end_trial", "stack": 0, "step": 5, "trials": [0], "error": None}
    events = [begins(), probed(0), dropped, probed(8, gradient_norm=[None] * 4)]
    view = view_of(make_plan(), events)
    assert texts(view) == ["dropped at step 5: it trains no further"]
    assert texts(view, 1) == ["NaN or infinity: the gradient of dense1, dense2, output is not a number, since step 8"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("failed", "failed at step 40: no memory left"),
        ("crashed", "crashed at step 40: its process has gone without a word"),
    ],
)
def test_an_early_end_is_told_first(status, text):
    """That a trial's stack failed, with why, or crashed, comes before what its probes tell, which stays."""
    events = [begins(), *(probed(step, update_ratio=[0.9, None, 0.9, 0.9]) for step in range(5))]
    found = view_of(make_plan(), [*events, ended(status=status, step=40, error="no\nmemory  left")]).findings(0)
    assert [found[0].text, found[0].shorter] == [text, (text.partition(":")[0],)]
    assert found[1].text.startswith("steps too large")


def test_without_probes_there_is_nothing_to_say():
    """Before a stack has begun, without layers that have weights, and without gradients nothing is found."""
    assert texts(view_of(make_plan(), [])) == []
    bare = [{"name": "activation1", "kind": "activation", "weight": None}]
    event = {"kind": "probe", "stack": 0, "step": 0, "zero_fraction": [[1.0], [1.0]]}
    assert texts(view_of(make_plan(), [begins(layers=bare), event])) == []


probes = st.lists(
    st.fixed_dictionaries(
        {
            "gradient_norm": st.lists(st.sampled_from([0.0, 1e-6, 0.1, 1e5, None]), min_size=4, max_size=4),
            "update_ratio": st.lists(st.sampled_from([0.0, 1e-3, 0.8, None]), min_size=4, max_size=4),
            "zero_fraction": st.lists(st.sampled_from([0.0, 0.95]), min_size=4, max_size=4),
        }
    ),
    max_size=12,
)


@given(probes, st.lists(st.integers(1, 4)))
def test_looking_often_finds_what_looking_once_finds(measures, pieces):
    """Findings after every few probes end as those of one look at the whole history."""
    events = [probed(step, **values) for step, values in enumerate(measures)]
    view = view_of(make_plan(), [begins(), evaluated(0, [0.7, 0.7])])
    start = 0
    for size in [*pieces, len(events)]:
        view.state.apply(events[start : start + size])
        view.findings(0)
        start += size
    assert view.findings(0) == Diagnosis(view.state.trials[0]).now()


def test_a_resume_is_looked_at_anew():
    """Probes that a later session voids are forgotten with what they said."""
    view = view_of(make_plan(), history(SICK["vanishing gradient: dense1's is 1.0e-05 of output's"]))
    assert len(view.findings(0)) == 1
    view.state.apply([begins(step=40, session=1)])
    assert view.findings(0) == []


def test_no_probe_is_looked_at_twice():
    """A second look reads new probes alone: what an old one says changes nothing any more."""
    view = view_of(make_plan(), [begins(), *(probed(step) for step in range(5))])
    view.findings(0)
    view.state.stacks[0].probes.series("gradient_norm")[:] = np.nan
    assert view.findings(0) == []


@pytest.mark.parametrize(("counts", "is_stuck"), [([199, 1], True), ([100, 100], False)])
def test_guessing_a_rare_class_is_no_learning(counts, is_stuck):
    """A loss of 0.0315 that stands still is the price of guessing where 1 sample in 200 is positive; of equal classes it is learnt."""
    still = {"update_ratio": [0.0, None, 0.0, 0.0]}
    events = [begins(class_counts={"train": counts, "validation": None, "test": counts}), evaluated(0, [0.7, 0.7])]
    events += [*(probed(step, **still) for step in range(9)), evaluated(9, [0.0315, 0.0315])]

    assert any("no better than guessing" in text for text in texts(view_of(make_plan(), events))) == is_stuck
