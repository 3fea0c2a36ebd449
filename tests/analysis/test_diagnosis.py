"""Findings: the same in dashboard, table, plain display and JSON, however they are asked for; and rules of one's own."""

from __future__ import annotations

import inspect
import io
import json
from functools import cached_property

import numpy as np
import pytest
from each import each
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_run import make_plan, metrics_event, probe_event, stack_event, state_of

from dlbench.analysis.diagnosis.as_data import findings_as_data
from dlbench.analysis.diagnosis.diagnose import Diagnosis, diagnose
from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding
from dlbench.analysis.diagnosis.folding import explains
from dlbench.analysis.diagnosis.rule import ProbeRule, rule
from dlbench.analysis.diagnosis.rules import RULES, probe_rules
from dlbench.analysis.diagnosis.streak import LASTING
from dlbench.analysis.diagnosis.training import TrainingEvidence
from dlbench.analysis.summary import report
from dlbench.display.lines import Lines
from dlbench.export.json_data import as_data
from dlbench.plan.questions import Questions
from dlbench.text.document import document_of
from dlbench.text.findings import diagnosis
from dlbench.text.notes import notes_of
from dlbench.tui.model.view import RunInfo, View

USUAL = [0.3, None, 0.2]
VANISHED = [2e-8, None, 0.2]
HUGE = [7e8, None, 1e9]
WEIGHTS = {"weight_norm": [[1.0, None, 1.0]] * 3, "update_ratio": [[1e-3, None, 1e-3]] * 3}


def probed(norms, plan, ended=()):
    """A run of one stack a variant: the gradient norms of every trial at steps 0, 10, 20 ...; all trials ended as `ended` says."""
    events = []
    for stack, trials in enumerate(norms):
        events.append(stack_event(stack))
        for place, own in enumerate(trials):
            events.append(metrics_event(stack, 10 * place, [{"train_loss": 0.7}] * 3))
            events.append(probe_event(stack, 10 * place, own, **WEIGHTS))
    return state_of(plan, [*events, *ended])


def sick():
    """Three variants: one healthy, one whose gradient vanishes in two seeds, one that exploded for a while in one."""
    plan = make_plan(["calm", "faint", "wild"], 3)
    calm = [[USUAL] * 3] * 4
    faint = [[USUAL] * 3] + [[VANISHED, USUAL, VANISHED]] * 3
    wild = [[USUAL] * 3, [USUAL, HUGE, USUAL], [USUAL, HUGE, USUAL], [USUAL] * 3]
    ends = [{"kind": "end", "stack": stack, "status": "done", "error": None, "step": 40} for stack in range(3)]
    return plan, probed([calm, faint, wild], plan, ends)


FAINT = "vanishing gradient: dense1's is 1.0e-07 of output's"
LARGE = "gradients too large: their norm is 1.2e+09, 8.6e+08 times that of all weights"


def test_everyone_says_the_same():
    """The sentence of the table is that of the plain display and of the JSON; a trial's finding is in the dashboard's words."""
    plan, state = sick()
    view = View(RunInfo("run", plan))
    view.state = state
    found = report(state, Questions())
    names = [layer.name for layer in state.trials[0].layers]
    faint = FAINT.replace("dense1", names[0]).replace("output", names[-1])
    stream = io.StringIO()
    Lines(stream, every=0).update(state, [])
    data = json.loads(json.dumps(as_data(found)))["findings"]
    told = [
        f"faint: in 2 of 3 seeds the gradient vanishes towards {names[0]}, 1.0e-07 of the output's, since step 10",
        f"wild: in 1 of 3 seeds {LARGE.replace('gradients', 'gradients are')}, from step 10 to 20",
    ]

    assert [one.text for one in view.findings(3)] == [f"{faint}, since step 10"]
    assert diagnosis(found).lines() == list(document_of(found).diagnosis) == [*told, "nothing found in calm"]
    assert [f"{one['variant']}: {one['says']}" for one in as_data(found)["diagnosis"]] == told
    assert not any(note.startswith(("calm", "faint", "wild")) for note in notes_of(found))
    assert [line for line in stream.getvalue().splitlines() if line.startswith("finding")] == [
        f"finding: {sentence}" for sentence in told
    ]
    assert [(one["variant"], one["seed"], [own["says"] for own in one["findings"]]) for one in data["trials"]] == [
        ("faint", 0, [faint]),
        ("faint", 2, [faint]),
        ("wild", 1, [LARGE]),
    ]
    assert [(one["variant"], one["findings"][0]["seeds"], one["findings"][0]["of"]) for one in data["variants"]] == [
        ("faint", 2, 3),
        ("wild", 1, 3),
    ]


def test_a_finding_as_data():
    """In JSON a finding has its kind, its severity, layers by name, its time, and the numbers that it was told by."""
    _, state = sick()
    *_, wild = as_data(report(state, Questions()))["findings"]["trials"]
    (one,) = wild["findings"]
    names = [layer.name for layer in state.trials[0].layers if layer.weight is not None]

    assert (one["kind"], one["severity"], one["layers"]) == ("exploding-gradient", "alarm", names)
    assert (one["since"], one["until"]) == (10, 20)
    assert one["evidence"] == {
        "gradient_norm": pytest.approx(np.hypot(7e8, 1e9)),
        "times_weight_norm": pytest.approx(np.hypot(7e8, 1e9) / np.sqrt(2)),
    }


def test_a_variant_has_the_worst_of_its_seeds():
    """A variant's finding is that of the seed where it is worst, and those with a mere note are not among its seeds."""
    state = state_of(make_plan(["a"], 4), [stack_event(0)])
    severities = ("note", "warning", "alarm", "alarm")
    found = {
        seed: [Finding("dead-units", severity, severity, (severity,), 10 * seed)]
        for seed, severity in enumerate(severities)
    }
    (variant,) = findings_as_data(state, found)["variants"]
    (told,) = variant["findings"]

    assert (told["severity"], told["since"], told["seeds"], told["of"]) == ("alarm", 20, 3, 4)


@each("name", [name for name, own in vars(TrainingEvidence).items() if isinstance(own, cached_property)])
def test_losses_at_their_ends_warn_of_nothing(name):
    """Each number of a whole training is there, without a warning of numpy, where a loss is infinite or exactly 0 throughout."""
    state = state_of(make_plan(["a"], 2), [stack_event(0)])
    evidence = TrainingEvidence(state.trials)
    evidence.steps = np.arange(0, 60, 10)
    evidence.loss = np.tile([np.inf, 0.0], (6, 1))

    getattr(evidence, name)


def test_what_is_over_is_told_only_where_it_is_remembered():
    """An explosion that is over stands in table and exports, not in the dashboard, which says what holds now."""
    _, state = sick()
    (found,) = diagnose(state)[7]

    assert (found.since, found.until) == (10, 20)
    assert Diagnosis(state.trials[7]).now() == []


norms = st.sampled_from([USUAL, VANISHED, HUGE, [0.0, None, 0.1], [None, None, None], [1e4, None, 1e-2]])


@settings(max_examples=30)
@given(st.lists(st.lists(norms, min_size=3, max_size=3), min_size=1, max_size=8), st.integers(0, 80), st.booleans())
def test_all_at_once_is_each_alone(history, step, dropped):
    """Trials looked at together have the findings that each has alone, dropped ones too; those without any are left out."""
    plan = make_plan(["a"], 3)
    drop = {"kind": "control", "id": "a", "action": "drop", "stack": 0, "step": step, "trials": [1], "error": None}
    state = probed([history], plan, [drop] if dropped else [])
    alone = {trial.index: Diagnosis(trial).findings() for trial in state.trials}

    assert diagnose(state) == {index: found for index, found in alone.items() if found}


@each("one", RULES, ids=lambda one: type(one).__name__)
def test_every_rule_finds_by_itself_what_all_find(one):
    """What a rule finds alone is told among the others, or explained by what is; with a kind and a severity that are known."""
    _, state = sick()
    for trial in state.trials:
        told = Diagnosis(trial).findings()
        alone = one.finds(trial)
        assert all(found in told or any(explains(other, found) for other in told) for found in alone)
    assert one.kind == one.kind.lower().replace("_", "-")
    assert one.severity in SEVERITIES
    assert inspect.getdoc(type(one)).endswith(".")


@pytest.mark.parametrize("one", probe_rules(), ids=lambda one: type(one).__name__)
def test_every_rule_says_how_long(one):
    """A rule holds at once or lasting, and its title is short."""
    assert one.lasting in {1, LASTING}
    assert len(one.title) <= 20


def test_a_rule_of_ones_own_is_told_everywhere():
    """A class that is decorated is all: its findings stand in dashboard, table and JSON, in its words."""
    before = list(RULES)
    try:

        @rule
        class QuietOutput(ProbeRule):
            """The output layer's gradient is below 0.25."""

            kind = "quiet-output"
            severity = "note"
            title = "quiet output"

            def holds(self, probes):
                marks = np.zeros_like(probes["gradient_norm"], dtype=bool)
                marks[..., -1] = probes["gradient_norm"][..., -1] < 0.25
                return marks

            def evidence(self, probe, layers):
                return {"gradient_norm": float(probe["gradient_norm"][-1])}

            def words(self, probe, layers, found):
                return f"{probe.named(layers)} has {found['gradient_norm']:.2f}"

        _, state = sick()
        found = report(state, Questions())
        output = state.trials[0].layers[-1].name

        assert (
            f"calm: in all 3 seeds there is quiet output: {output} has 0.20, since step 0" in diagnosis(found).lines()
        )
        assert diagnose(state)[0][0].kind == "quiet-output"
        assert as_data(found)["findings"]["variants"][0]["findings"][0]["says"] == f"quiet output: {output} has 0.20"
    finally:
        RULES[:] = before
