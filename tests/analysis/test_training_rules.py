"""Rules about whole trainings: each with a training that breaks it, and a healthy one that breaks none; symptoms under causes."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_run import make_plan, metrics_event, probe_event, stack_event, state_of

import dlbench
from dlbench.analysis.diagnosis.diagnose import Diagnosis, diagnose
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.folding import EXPLAINS, ORDER, folded
from dlbench.analysis.diagnosis.rules import RULES, training_rules
from dlbench.data_facts import DataFacts, Ranges
from dlbench.plan import Candidate
from dlbench.plan.finding_kinds import KINDS

GUESS = float(np.log(4))
LAYERS = [
    {"name": "dense1", "kind": "dense", "weight": [8, 16]},
    {"name": "dense2", "kind": "dense", "weight": [16, 16]},
    {"name": "output", "kind": "dense", "weight": [16, 4]},
]
TIMES = [{"name": f"t={t}", "kind": "time", "weight": None} for t in (1, 2, 3)]
SETTINGS = {
    "data": {"kind": "csv", "normalize": "none", "normalize_target": None, "label_noise": 0.0},
    "model": {
        "activation": {"kind": "relu"},
        "init": {"kind": "he"},
        "bias_init": {"kind": "zeros"},
        "layers": [
            {"kind": "dense", "units": 16, "activation": {"kind": "relu"}, "init": {"kind": "he"}, "repeat": 2},
        ],
        "output": {"units": 4, "activation": {"kind": "identity"}, "init": {"kind": "he"}},
    },
    "train": {
        "loss": {"kind": "cross_entropy"},
        "optimizer": {"kind": "adam", "lr": 0.003, "weight_decay": 0.0},
        "regularizers": [],
        "batch_size": 50,
        "class_weights": None,
        "steps": 200,
        "epochs": None,
    },
}
FALLING = GUESS * np.exp(-np.arange(20) / 4)
FLAT = np.full(20, GUESS)
RANGES = Ranges("feature", (-3.0,) * 8, (3.0,) * 8, (0.0,) * 8, (1.0,) * 8, (400,) * 8)
FACTS = DataFacts(
    "csv", (8,), tuple("abcd"), {"train": 400, "validation": 0, "test": 100},
    {"train": (100,) * 4, "validation": (0,) * 4, "test": (25,) * 4}, (125,) * 4, 0,
    ranges=RANGES, repeated={"train": 0, "validation": 0, "test": 0},
)  # fmt: skip


def with_settings(**changes):
    """Settings with some keys, by dotted path with `__`, changed."""
    found = {name: dict(own) for name, own in SETTINGS.items()}
    for path, value in changes.items():
        section, _, key = path.partition("__")
        found[section][key] = value
    return found


def trained(
    loss=FALLING, unseen=None, *, settings=SETTINGS, facts=FACTS, probes=None, layers=LAYERS, status="done",
    accuracy=None, unseen_accuracy=None, batch=None, counts=(100,) * 4, confusion=None, steps=10, rate=None, test=100,
):  # fmt: skip
    """The state of a run of one trial: an evaluation and a probe every ten steps."""
    plan = make_plan(["a"], 1)
    plan = replace(plan, candidates=[Candidate("a", {}, settings)])
    unseen = np.asarray(loss) * 1.05 if unseen is None else unseen
    usual = {
        "gradient_norm": [0.3] * len(layers), "weight_norm": [3.0] * len(layers), "update_ratio": [3e-3] * len(layers),
        "zero_fraction": [0.4] * len(layers), "unit_spread": [0.6] * len(layers),
    }  # fmt: skip
    classes = {"train": list(counts), "validation": [0] * len(counts), "test": list(counts)}
    events = [stack_event(0, layers=layers, train=400, test=test, classes=len(counts), class_counts=classes)]
    if facts is not None:
        events.append({"kind": "data", "stacks": [0], **asdict(facts)})
    for place, (own, other) in enumerate(zip(loss, unseen, strict=True)):
        measures = usual | (probes(place) if probes else {})
        norms = measures.pop("gradient_norm")
        row = {"train_loss": own, "test_loss": other}
        row |= {} if accuracy is None else {"train_accuracy": accuracy[place]}
        row |= {} if unseen_accuracy is None else {"test_accuracy": unseen_accuracy[place]}
        more = {"batch_loss": [own if batch is None else batch[place]]}
        more |= {} if rate is None else {"learning_rate": [rate[place]]}
        events.append(metrics_event(0, steps * place, [row], **more))
        events.append(probe_event(0, steps * place, [norms], **{name: [values] for name, values in measures.items()}))
    if confusion is not None:
        events.append({"kind": "confusion", "stack": 0, "step": steps * 19, "train": [confusion], "test": [confusion]})
    ends = {
        "done": [{"kind": "end", "stack": 0, "status": "done", "error": None, "step": steps * len(loss)}],
        "diverged": [{"kind": "diverged", "stack": 0, "step": steps * len(loss), "trial": 0, "last_loss": 9.0}],
        "running": [],
    }
    return state_of(plan, [*events, *ends[status]])


def kinds(state):
    """What is told as an alarm or a warning."""
    return [one.kind for one in diagnose(state).get(0, []) if one.severity != "note"]


def everywhere(**measures):
    """These measures at every probe."""
    return lambda place: {name: list(values) for name, values in measures.items()}


def over_time(first):
    """Gradients by three steps of time before those of the layers."""
    return everywhere(
        gradient_norm=[first, first**0.5, 1.0, 0.3, 0.3, 0.3],
        **{name: [None, None, None, 0.5, 0.5, 0.5] for name in ("zero_fraction", "unit_spread")},
        weight_norm=[None, None, None, 3.0, 3.0, 3.0],
        update_ratio=[None, None, None, 3e-3, 3e-3, 3e-3],
    )


def mended(**changes):
    """The facts with some changed."""
    return replace(FACTS, **changes)


NOISY = np.concatenate([FALLING[:10], np.full(10, 0.45 * GUESS) * (1 - 0.9 * (-1) ** np.arange(10))])
EQUAL = with_settings(model__layers=[{**SETTINGS["model"]["layers"][0], "init": {"kind": "constant", "value": 0.1}}])
SHRINKING = {"train__regularizers": [{"kind": "l2", "strength": 1.0}]}
MISSED = [[380, 0, 0, 0], [0, 400, 0, 0], [0, 0, 400, 0], [9, 0, 0, 1]]

SICK = {
    "DataLeak": lambda: trained(facts=mended(repeated={"train": 0, "validation": 0, "test": 40})),
    "UnscaledInput": lambda: trained(FLAT, facts=mended(ranges=replace(RANGES, mean=(500.0, *[0.0] * 7)))),
    "SymmetricUnits": lambda: trained(settings=EQUAL, probes=everywhere(unit_spread=[1e-8, 1e-8, 0.6])),
    "WrongOutput": lambda: trained(
        FLAT, settings=with_settings(model__output={"units": 4, "activation": {"kind": "softmax"}})
    ),
    "DisconnectedLayer": lambda: trained(
        probes=everywhere(gradient_missing=[0, 1, 0], gradient_norm=[0.3, None, 0.3]), settings={}
    ),
    "VanishingOverDepth": lambda: trained(FLAT, probes=everywhere(gradient_norm=[1e-3, 3e-2, 1.0])),
    "ExplodingOverDepth": lambda: trained(FLAT, probes=everywhere(gradient_norm=[3e3, 50.0, 1.0])),
    "ExplodingSignal": lambda: trained(
        GUESS * np.linspace(60, 20, 20), probes=everywhere(activation_std=[9.0, 80.0, 200.0])
    ),
    "VanishingThroughTime": lambda: trained(FLAT, layers=[*TIMES, *LAYERS], probes=over_time(1e-8)),
    "ExplodingThroughTime": lambda: trained(FLAT, layers=[*TIMES, *LAYERS], probes=over_time(1e8)),
    "BatchNormStatistics": lambda: trained(
        np.full(20, 0.25 * GUESS),
        batch=np.full(20, 0.01),
        layers=[LAYERS[0], {"name": "batch_norm1", "kind": "batch_norm", "weight": [16]}, *LAYERS[1:]],
    ),
    "OverRegularised": lambda: trained(
        FLAT, settings=with_settings(**SHRINKING), probes=lambda place: {"weight_norm": [3.0 * 0.8**place] * 3}
    ),
    "DropoutAtTest": lambda: trained(
        settings=with_settings(
            model__layers=[
                *SETTINGS["model"]["layers"],
                {"kind": "dropout", "rate": None, "keep": 0.5, "at_test": True},
            ]
        )
    ),
    "LearningRateTooHigh": lambda: trained(FLAT, probes=everywhere(update_ratio=[0.8, 0.7, 0.9])),
    "WrongLoss": lambda: trained(0.6 * FLAT, settings=with_settings(train__loss={"kind": "mse"})),
    "LearningRateTooLow": lambda: trained(
        GUESS * (1 - 1e-4 * np.arange(20)), probes=everywhere(update_ratio=[1e-6, 2e-6, 3e-6])
    ),
    "ClassImbalance": lambda: trained(
        counts=(380, 400, 400, 10), confusion=MISSED, facts=None, accuracy=np.full(20, 0.98)
    ),
    "LabelNoise": lambda: trained(
        0.7 * FLAT, 0.4 * FLAT, accuracy=np.full(20, 0.6), unseen_accuracy=np.full(20, 0.95), facts=None
    ),
    "Overfitting": lambda: trained(FALLING, np.concatenate([FALLING[:8], np.linspace(0.4, 1.2, 12)])),
    "OscillatingLoss": lambda: trained(NOISY),
    "TooFewSteps": lambda: trained(GUESS * np.linspace(1.1, 0.8, 20)),
    "Underfitting": lambda: trained(
        0.7 * FLAT, layers=[{"name": "dense1", "kind": "dense", "weight": [8, 1]}, *LAYERS[1:]], facts=None
    ),
    "NotLearning": lambda: trained(FLAT),
}
"""By its class, a training that breaks each rule."""


@pytest.mark.parametrize("one", training_rules(), ids=lambda one: type(one).__name__)
def test_a_training_that_breaks_it(one):
    """Every rule finds its kind in a training that breaks it, and it is what the whole diagnosis tells, alone."""
    state = SICK[type(one).__name__]()
    (found,) = one.finds(state.trials[0])

    assert found.kind == one.kind
    assert kinds(state) == [one.kind]
    assert all(np.isfinite(value) for value in found.evidence.values())
    assert found.says.startswith(f"{one.title}: ")
    assert found.remedies


@pytest.mark.parametrize("one", training_rules(), ids=lambda one: type(one).__name__)
def test_a_healthy_training_breaks_none(one):
    """A loss that falls by usual steps on unseen data as on the training data is told nothing, while it trains and at its end."""
    assert one.finds(trained(accuracy=np.full(20, 0.97)).trials[0]) == []
    assert one.finds(trained(status="running").trials[0]) == []


@pytest.mark.parametrize(
    "name", sorted({"LearningRateTooLow", "TooFewSteps", "NotLearning", "WrongLoss", "Underfitting"})
)
def test_what_is_no_better_than_a_guess_is_judged_at_its_end(name):
    """Before it has ended nothing is said of what a training will come to."""
    rule = next(one for one in training_rules() if type(one).__name__ == name)
    state = SICK[name]()
    running = state_of(state.plan, [])
    for stack, own in zip(running.stacks, state.stacks, strict=True):
        vars(stack).update({**vars(own), "ends": {}})

    assert rule.finds(running.trials[0]) == []


def test_titles_are_short_and_kinds_known():
    """Every rule's kind is one of the contract's, or how a trial ended; titles fit into a line."""
    ends = {"failed", "crashed", "dropped"}
    assert {one.kind for one in RULES} <= {*KINDS, *ends}
    assert all(len(one.title) <= 24 for one in training_rules())
    assert {one.kind for one in RULES} - ends == set(KINDS)


def test_the_table_of_causes_knows_every_kind():
    """Each kind has its place in the order and in the table, and explains only kinds that there are."""
    assert sorted(ORDER) == sorted(KINDS) == sorted(EXPLAINS)
    assert all(set(own) <= set(KINDS) for own in EXPLAINS.values())


def test_the_page_tells_of_every_kind():
    """The table of docs/diagnosis.md has a row for each kind, and for nothing else."""
    page = (Path(dlbench.__file__).parent.parent / "docs" / "diagnosis.md").read_text(encoding="utf-8")

    table = page.partition("## What is found")[2].partition("## ")[0]

    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == list(KINDS)


def made(kind, since=0, severity="warning", **fields):
    """A finding of a kind."""
    return Finding(kind, severity, kind, (kind, kind), since, **fields)


def test_symptoms_stand_under_their_cause():
    """Dead units that come after steps that were too large are explained by them, and the cause says so."""
    (found,) = folded([made("dead-units", 30), made("learning-rate-too-high", 10), made("diverged", 40)])

    assert found.kind == "learning-rate-too-high"
    assert found.because == "That explains: dead-units; diverged."


def test_a_cause_is_as_grave_as_what_it_explains():
    """Dead units for which a net does not learn are an alarm, as not learning is."""
    (found,) = folded([made("dead-units"), made("not-learning", 30, "alarm")])

    assert (found.kind, found.severity) == ("dead-units", "alarm")


def test_what_was_there_before_any_step_was_made_by_none():
    """Units that are dead from the beginning are the cause of what steps do afterwards, not their work."""
    (found,) = folded([made("learning-rate-too-high"), made("dead-units")])

    assert found.kind == "dead-units"


def test_what_nothing_explains_stays():
    """Two illnesses that have nothing to do with each other are both told, in the order in which they were found."""
    found = folded([made("overfitting", 40), made("data-leak")])

    assert [one.kind for one in found] == ["overfitting", "data-leak"]


def test_a_net_that_has_learned_is_told_what_costs_it_alone():
    """Of a good net symptoms are not told; what is over and remembered is a note; what it will cost with new data stays."""
    over = made("exploding-gradient", 0, until=10)
    found = folded([made("dead-units"), over, made("overfitting", 40)], is_good=True)

    assert [(one.kind, one.severity) for one in found] == [("exploding-gradient", "note"), ("overfitting", "warning")]


def test_a_kind_is_told_once():
    """Where two rules find one kind, the first of them tells it."""
    first, second = made("vanishing-gradient", 10), replace(made("vanishing-gradient"), says="other")

    assert [one.says for one in folded([first, second], {"vanishing-gradient"})] == ["vanishing-gradient"]


def test_a_divergence_is_explained_by_its_steps():
    """A net that diverged by its steps is told of these, with the step at which the loss is no number."""
    state = trained(FALLING, status="diverged", probes=everywhere(update_ratio=[0.2, 0.3, 0.2]))
    (found,) = diagnose(state)[0]

    assert (found.kind, found.severity) == ("learning-rate-too-high", "alarm")
    assert "no number at step 200" in found.says
    assert "diverged at step 200" in found.because


@pytest.mark.parametrize(
    ("facts", "is_leak"),
    [
        ({"repeated": {"train": 0, "validation": 0, "test": 5}}, False),
        ({"repeated": {"train": 300, "validation": 0, "test": 90}}, True),
        ({"repeated": {"train": 0, "validation": 0, "test": 40}, "test_repeats_train": True}, False),
        (
            {"repeated": {"train": 100, "validation": 0, "test": 40}, "ranges": replace(RANGES, distinct=(2,) * 8)},
            False,
        ),
        ({"repeated": None}, False),
    ],
    ids=["few", "every row stands there often", "on purpose", "few combinations of values", "not known"],
)
def test_rows_that_meet_by_chance_are_no_leak(facts, is_leak):
    """What is a leak is told by how many samples repeat, and by whether rows of such columns would meet by chance."""
    assert ("data-leak" in kinds(trained(facts=mended(**facts)))) == is_leak


def test_one_at_a_time_is_all_together():
    """Trials of one stack that are judged together are told what each is told alone."""
    rng = np.random.default_rng(0)
    plan = make_plan(["a"], 6)
    losses = [FALLING, FLAT, 0.7 * FLAT, NOISY, GUESS * np.linspace(1.1, 0.8, 20), FALLING * 2]
    paces = 10.0 ** rng.uniform(-7, 0, (6, 3))
    events = [stack_event(0, layers=LAYERS, classes=4)]
    for place in range(20):
        rows = [{"train_loss": own[place], "test_loss": own[place] + 0.05 * place} for own in losses]
        events.append(metrics_event(0, 10 * place, rows))
        measures = {"weight_norm": [[3.0] * 3] * 6, "update_ratio": paces.tolist()}
        events.append(probe_event(0, 10 * place, (10.0 ** rng.uniform(-3, 0, (6, 3))).tolist(), **measures))
    events.append({"kind": "end", "stack": 0, "status": "done", "error": None, "step": 200})
    state = state_of(plan, events)
    alone = {trial.index: Diagnosis(trial).findings() for trial in state.trials}

    assert diagnose(state) == {index: found for index, found in alone.items() if found}
    assert len(diagnose(state)) > 3
