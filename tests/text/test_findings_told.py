"""The diagnosis as people read it: one sentence a variant, bounded, and none that claims too much."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from agreeing_runs import KINDS, made
from synthetic_run import finished, make_plan, metrics_event, probe_event, stack_event, state_of

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.diagnosis.rules import probe_rules
from dlbench.analysis.summary import report
from dlbench.export import EXPORTERS
from dlbench.plan.questions import Compare, Questions
from dlbench.text.findings import MOST, diagnosis, told_of

USUAL, VANISHED = [0.3, None, 0.2], [1e-8, None, 0.1]


def probed(plan, norms_of, *, ended=True):
    """A run of which `norms_of(trial, step)` gives the gradients at four probes."""
    events = []
    for index, stack in enumerate(plan.stacks):
        trials = [plan.trials[trial] for trial in stack.trials]
        many = len(trials)
        events.append(stack_event(index))
        for step in (0, 10, 20, 30):
            events.append(metrics_event(index, step, [{"train_loss": 0.7}] * many))
            norms = [norms_of(trial, step) for trial in trials]
            same = {"weight_norm": [[1.0, None, 1.0]] * many, "update_ratio": [[1e-3, None, 1e-3]] * many}
            events.append(probe_event(index, step, norms, **same))
        if ended:
            events.append({"kind": "end", "stack": index, "status": "done", "error": None, "step": 40})
    return state_of(plan, events)


def test_many_variants_are_bounded_and_told():
    """Of thirty variants with findings twelve have sentences, the others are named, and no variant is left out."""
    plan = make_plan([f"v{number}" for number in range(30)], 2)
    state = probed(plan, lambda trial, step: VANISHED)
    lines = told_of(state, diagnose(state)).lines()

    assert len(lines) == MOST + 1
    assert lines[-1].startswith("findings also in v12; ")
    assert lines[-1].endswith("and 6 more; --json has them all")


def test_the_worst_are_kept():
    """An alarm is told before warnings, wherever it stands in the table."""
    plan = make_plan([f"v{number}" for number in range(20)], 1)
    state = probed(plan, lambda trial, step: [0.0, None, 0.1] if trial.variant == "v19" else VANISHED)

    assert any(line.startswith("v19: the gradient is exactly zero") for line in told_of(state, diagnose(state)).lines())


def test_of_several_as_bad_what_most_seeds_have_is_told():
    """One seed's alarm does not stand for a variant of which two seeds have another one."""
    plan = make_plan(["a"], 3)
    state = probed(plan, lambda trial, step: VANISHED if trial.seed else [0.0, None, 0.1])
    found = {trial: [replace(one, severity="alarm") for one in own] for trial, own in diagnose(state).items()}

    assert [one.kind for one in found[0]][:1] == ["zero-gradient"]
    assert told_of(state, found).lines()[0].startswith("a: in 2 of 3 seeds the gradient vanishes")


def test_numbers_name_their_seed_where_seeds_differ():
    """Numbers that are not those of all seeds say whose they are."""
    plan = make_plan(["alike", "unlike"], 2)
    norm = {("alike", 0): 1e-8, ("alike", 1): 1e-8, ("unlike", 0): 1e-8, ("unlike", 1): 1e-9}
    state = probed(plan, lambda trial, step: [norm[trial.variant, trial.seed], None, 0.1])
    alike, unlike = told_of(state, diagnose(state)).lines()

    assert "seed 0" not in alike
    assert unlike.endswith("(in seed 0, the first)")


def test_times_that_differ_are_the_earliest():
    """Where seeds differ in the time alone, the sentence has the first of them and says so."""
    plan = make_plan(["a"], 2)
    state = probed(plan, lambda trial, step: VANISHED if step >= 10 * trial.seed else USUAL)
    (line,) = told_of(state, diagnose(state)).lines()

    assert line.endswith(", since step 0 at the earliest")


def test_a_run_without_probes_is_not_called_healthy():
    """Where nothing could be found, nothing is said."""
    plan = make_plan(["a"], 2)
    events = [event for event in finished(plan, lambda trial: {"train_loss": 0.1}) if event["kind"] != "probe"]
    state = state_of(plan, events)

    assert told_of(state, diagnose(state)).lines() == []


def test_what_still_trains_is_healthy_so_far():
    """Of a run under way it is said that nothing was found so far."""
    plan = make_plan(["a"], 1)
    state = probed(plan, lambda trial, step: USUAL, ended=False)

    assert told_of(state, diagnose(state)).lines() == ["nothing found so far in a"]


def test_candidates_that_were_not_picked_are_left_to_json():
    """Of a search the picked candidates alone have a sentence."""
    plan = make_plan({"a": [{"lr": 0.1}, {"lr": 1.0}]}, 2)
    state = probed(plan, lambda trial, step: VANISHED)
    found = diagnosis(report(state, Questions(compare=Compare("train_loss"))))

    assert [one.name for one in found.found] == ["a, lr = 0.1"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_compared_variant_is_spoken_of_once_at_most(kind, tmp_path):
    """A variant has one sentence or is called healthy, never both; all its lines stand in Markdown."""
    found = made(kind, tmp_path)
    told = diagnosis(found)
    names = [one.name for one in told.found] + list(told.healthy)
    text = re.sub(r"\\(.)", r"\1", EXPORTERS["markdown"].make(found))

    assert len(names) == len(set(names)) <= len(found.table.rows)
    assert all(f"- {line}" in text for line in told.lines())


@pytest.mark.parametrize("rule", probe_rules(), ids=lambda rule: type(rule).__name__)
def test_every_rule_has_a_clause_of_its_own(rule):
    """The rules that come along speak in sentences, not in titles."""
    assert "clause" in vars(type(rule))
