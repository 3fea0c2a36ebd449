"""What people do to a run while it trains: how it is folded, told, and kept out of the verdicts."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from each import each
from hypothesis import given
from hypothesis import strategies as st
from synthetic_run import (
    LN2,
    breakpoint_event,
    control_event,
    finished,
    make_plan,
    metrics_event,
    probe_event,
    stack_event,
    state_of,
)

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.comparison import build_table
from dlbench.analysis.interventions import which_seeds
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import Claim, Compare
from dlbench.state.event_records import Answer
from dlbench.state.run_state import RunState
from dlbench.text.cells import CHANGED, name_text, seeds_text
from dlbench.text.notes import table_notes

PLAN = make_plan(["sigmoid", "relu"], seeds=3)
ROWS = [{"train_loss": value, "train_accuracy": 1.0, "test_accuracy": 0.9} for value in (0.1, 0.2, 0.3)]
RUN = {"kind": "run", "session": 0, "worker": 0, "stacks": [0, 1]}


def of(session, *events, worker=0):
    """Events as a reader hands them out."""
    return [event | {"v": 1, "session": session, "worker": worker} for event in events]


def heartbeat(step, **fields):
    """A sign of life of stack 0."""
    return {"kind": "heartbeat", "stack": 0, "step": step, "rate": 50.0} | fields


# --- pauses, memory, workers, answers ------------------------------------------------------------------------------


def test_paused_follows_what_is_said():
    """Paused by control, by breakpoint and by heartbeat; no longer when resumed, resumed elsewhere, ended, or lost."""
    state, seen = RunState(PLAN), []
    for event in (
        *of(0, RUN, stack_event(0), control_event("pause", 0, 5), control_event("resume", 0, 5)),
        *of(0, heartbeat(5, paused=True), heartbeat(6, paused=False)),
        *of(0, breakpoint_event(0, 7, 1, paused=True), control_event("advance", 0, 7, steps=1)),
        *of(1, stack_event(0, 5), control_event("pause", 0, 9)),
        *of(1, {"kind": "end", "stack": 0, "step": 9, "status": "stopped", "error": None}),
    ):
        state.apply([event])
        seen.append(state.stacks[0].paused)
    assert seen == [False, False, True, False, True, False, True, True, False, True, False]
    lost = state_of(PLAN, of(0, stack_event(0), heartbeat(5, paused=True)))
    assert lost.stacks[0].paused
    lost.lost()
    assert not lost.stacks[0].paused


def test_a_refused_control_changes_nothing():
    """An error is an answer, and neither a pause nor a change nor a drop."""
    refused = {"error": "no such trial", "trials": [0], "lr": 0.1}
    events = [control_event(action, 0, 5, **refused) for action in ("pause", "set_lr", "end_trial")]
    state = state_of(PLAN, of(0, stack_event(0), *events))
    assert not state.stacks[0].paused
    assert state.trials[0].status is Status.RUNNING
    assert state.trials[0].changed_at == []
    assert [answer.error for answer in state.answers["c1"]] == ["no such trial"] * 3


def test_answers_are_kept_by_id():
    """Every worker's answer to one control, and what it did; one for no stack too."""
    state = state_of(
        PLAN,
        [
            control_event("pause", 0, 5),
            control_event("pause", 1, 7),
            control_event("end_trial", None, None, id="c2", error="stack 1 has ended"),
        ],
    )
    assert state.answers["c1"] == [Answer("pause", 0, 5, None), Answer("pause", 1, 7, None)]
    assert state.answers["c2"] == [Answer("end_trial", None, None, "stack 1 has ended")]


def test_memory_and_rate_are_of_the_newest_session():
    """A resumed stack has the memory and the pace of its own process, and none before its first heartbeat."""
    state = state_of(PLAN, of(0, stack_event(0), heartbeat(5, memory=1000)))
    assert (state.stacks[0].memory, state.stacks[0].rate) == (1000, 50.0)
    state.apply(of(1, stack_event(0, 3)))
    assert (state.stacks[0].memory, state.stacks[0].rate) == (None, None)
    state.apply([*of(1, heartbeat(6, memory=2000, rate=10.0)), *of(0, heartbeat(2, memory=999))])
    assert (state.stacks[0].memory, state.stacks[0].rate) == (2000, 10.0)


def test_workers_introduce_themselves():
    """Device, name, threads, host, pid and torch by session and worker; a stack knows who trains it."""
    facts = {
        "device": "cuda:0",
        "device_name": "H200",
        "threads": 2,
        "host": "here",
        "pid": 7,
        "torch": "2.15",
        "stacks": [0],
    }
    state = state_of(PLAN, of(0, RUN) + of(1, {"kind": "run", "session": 1, "worker": 3} | facts, worker=3))
    assert set(state.workers) == {(0, 0), (1, 3)}
    worker = state.stacks[0].worker
    assert {name: getattr(worker, name) for name in facts} == facts | {"stacks": (0,)}
    assert (state.stacks[1].worker.session, state.stacks[1].worker.device) == (0, None)


def test_a_worker_that_was_only_silent_is_not_lost():
    """Whoever was given up and speaks again runs on."""
    state = state_of(PLAN, of(0, stack_event(0)))
    state.lost()
    assert state.stacks[0].status is Status.CRASHED
    assert not Status.CRASHED.final
    state.apply(of(0, heartbeat(9)))
    assert state.stacks[0].status is Status.RUNNING


# --- sessions --------------------------------------------------------------------------------------------------------


def resumed(*, saved):
    """Changes and drops before, at, and after the step of a checkpoint from which a second session goes on."""
    late = [
        control_event("set_lr", 0, 50, trials=[1], lr=0.5),
        control_event("end_trial", 0, 50, trials=[2]),
    ]
    first = of(
        0,
        RUN,
        stack_event(0),
        control_event("set_lr", 0, 30, trials=[0, 1], lr=0.05),
        breakpoint_event(0, 40, 0),
        metrics_event(0, 50, ROWS),
        *late,
        control_event("set_lr", 0, 60, trials=[0], lr=0.9),
        control_event("end_trial", 0, 70, trials=[1]),
        breakpoint_event(0, 60, 1),
    )
    second = of(
        1,
        RUN | {"session": 1},
        stack_event(0, 50, rates=[0.05, 0.5 if saved else 0.05, 0.1], dropped=[2] if saved else []),
        breakpoint_event(0, 80, 2),
        metrics_event(0, 100, ROWS),
        {"kind": "end", "stack": 0, "step": 100, "status": "done", "error": None},
    )
    return first, second


def told(state):
    """Everything of stack 0 that people did, comparable: NaN equals NaN."""
    stack = state.stacks[0]
    return repr(
        (
            [(one.step, one.positions, one.lr) for one in stack.interventions],
            stack.dropped,
            [(hit.session, hit.step, hit.trial) for hit in state.hits],
            [(trial.status, trial.changed_at, trial.dropped_at) for trial in state.trials[:3]],
            [trial.curve("train_loss").tolist() for trial in state.trials[:3]],
        )
    )


@pytest.mark.parametrize("saved", [False, True])
def test_a_resumed_stack_knows_what_its_checkpoint_holds(saved):
    """What was done before the checkpoint holds, what was done after it is void; at the very step the stack itself tells."""
    first, second = resumed(saved=saved)
    state = state_of(PLAN, first + second)
    changes = [(30, (0, 1), 0.05)] + [(50, (1,), 0.5)] * saved
    assert [(one.step, one.positions, one.lr) for one in state.stacks[0].interventions] == changes
    assert state.stacks[0].dropped == ({2: 50} if saved else {})
    assert [trial.changed_at for trial in state.trials[:3]] == [[30], [30, 50] if saved else [30], []]
    assert [hit.step for hit in state.hits] == [40, 80]
    assert state.trials[2].status is (Status.DROPPED if saved else Status.OK)
    assert state.trials[1].status is Status.OK


def test_a_stack_that_does_not_say_what_it_took_up_is_marked():
    """Where nobody knows whether a change at the step of the checkpoint is in force, it counts: numbers must not pass for clean."""
    first, (run, _, *rest) = resumed(saved=True)
    state = state_of(PLAN, [*first, run, *of(1, stack_event(0, 50)), *rest])
    assert [trial.changed_at for trial in state.trials[:3]] == [[30], [30, 50], []]
    assert state.trials[2].dropped_at == 50


def test_a_stack_that_begins_again_voids_no_less():
    """A session that takes a stack up twice, as one does that ran out of memory, revives nothing of an older one."""
    first, second = resumed(saved=False)
    again = of(1, stack_event(0, 90, rates=[0.05, 0.05, 0.1], dropped=[]))
    assert told(state_of(PLAN, first + second + again)) == told(state_of(PLAN, first + second))


@given(st.booleans(), st.randoms(use_true_random=False))
def test_files_with_changes_may_be_read_in_any_order(saved, rng: random.Random):
    """However the files of two sessions interleave, the same changes, drops and breakpoints count."""
    files, mixed = [list(file) for file in resumed(saved=saved)], []
    while any(files):
        mixed.append(rng.choice([file for file in files if file]).pop(0))
    first, second = resumed(saved=saved)
    assert told(state_of(PLAN, mixed)) == told(state_of(PLAN, first + second))


def test_a_breakpoint_that_both_sessions_hit_counts_once():
    """A resumed stack that meets the same condition at the same step again tells nothing new."""
    state = state_of(
        PLAN,
        of(0, stack_event(0), breakpoint_event(0, 50, 1)) + of(1, stack_event(0, 50), breakpoint_event(0, 50, 1)),
    )
    assert [(hit.session, hit.step) for hit in state.hits] == [(1, 50)]


def test_hits_name_trials_of_the_plan():
    """A position in a stack becomes the trial's index, with layer, condition and value."""
    state = state_of(PLAN, of(0, stack_event(1), breakpoint_event(1, 4, 2), breakpoint_event(1, 4, 3)))
    (hit,) = state.hits
    assert (hit.stack, hit.trial, hit.layer, hit.value, hit.paused) == (1, 5, "0 dense", 3.1e-7, False)


# --- dropped trials --------------------------------------------------------------------------------------------------


def dropped_run(*, at=50, position=1):
    """A stack of three of which one is dropped; the others train on."""
    norms = [[0.5, None, 2.0]] * 3
    return of(
        0,
        stack_event(0),
        metrics_event(0, 0, ROWS),
        probe_event(0, 0, norms),
        metrics_event(0, 50, ROWS),
        control_event("end_trial", 0, at, trials=[position]),
        probe_event(0, 50, norms),
        metrics_event(0, 100, ROWS),
        {"kind": "end", "stack": 0, "step": 100, "status": "done", "error": None},
    )


def test_a_dropped_trial_ends_where_it_was_dropped():
    """It is final, at its own step; its curves and probes are NaN from there, those of the others go on."""
    state = state_of(PLAN, dropped_run())
    other, trial = state.trials[:2]
    assert (trial.status, trial.step, trial.dropped_at) == (Status.DROPPED, 50, 50)
    assert trial.status.final
    np.testing.assert_array_equal(trial.curve("train_loss"), [0.2, 0.2, np.nan])
    np.testing.assert_array_equal(trial.probe("gradient_norm")[:, 0], np.float32([0.5, np.nan]))
    np.testing.assert_array_equal(trial.gradient_norms(), [0.5, 2.0])
    assert (other.status, other.step) == (Status.OK, 100)
    assert other.curve("train_loss").tolist() == [0.1] * 3
    assert other.probe("gradient_norm")[:, 0].tolist() == [0.5, 0.5]


@each("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_dropped_trial_has_numbers_up_to_there(metric):
    """At its end it has no value of any metric that training makes; up to its step it has those that the others have."""
    other, trial = state_of(PLAN, dropped_run()).trials[:2]
    assert metric.value(trial) is None or metric.name == "parameters"
    assert metric.value(trial, 51) is None or metric.name == "parameters"
    if metric.name != "seconds":
        assert (metric.value(trial, 50) is None) == (metric.value(other, 50) is None) or metric.name == "diverged"


def test_divergence_and_drop_go_by_what_came_first():
    """A trial that had diverged cannot be dropped, one that was dropped cannot diverge."""
    diverged = {"kind": "diverged", "stack": 0, "step": 20, "trial": 0, "last_loss": 5.0}
    state = state_of(
        PLAN,
        of(
            0,
            stack_event(0),
            diverged,
            control_event("end_trial", 0, 30, trials=[0, 1]),
            diverged | {"trial": 1, "step": 40},
        ),
    )
    first, second = state.trials[:2]
    assert (first.status, first.diverged_at, first.dropped_at) == (Status.DIVERGED, 20, None)
    assert (second.status, second.diverged_at, second.dropped_at, second.last_loss) == (Status.DROPPED, None, 30, None)
    assert state.stacks[0].dropped == {1: 30}


def test_a_stack_may_be_done_before_its_last_step():
    """Where nobody is left to train the stack's step is the last that was trained, and the run is complete."""
    state = state_of(
        PLAN,
        of(
            0,
            stack_event(0),
            control_event("end_trial", 0, 40, trials=[0, 1, 2]),
            {"kind": "end", "stack": 0, "step": 40, "status": "done", "error": None},
            stack_event(1),
            {"kind": "end", "stack": 1, "step": 100, "status": "done", "error": None},
        ),
    )
    assert [stack.step for stack in state.stacks] == [40, 100]
    assert state.stacks[0].status is Status.OK
    assert state.progress == 1.0


# --- tables and claims ----------------------------------------------------------------------------------------------


def final(trial):
    """The numbers of a trial at its end: ReLU is better."""
    return {
        "test_accuracy": 0.9 + 0.001 * trial.seed if trial.variant == "relu" else 0.5 + 0.002 * trial.seed,
        "train_loss": 0.01 if trial.variant == "relu" else LN2,
    }


def touched(*events, plan=PLAN):
    """A finished run in which something was done before step 60; stack 1 is ReLU."""
    own = finished(plan, final)
    before = next(i for i, event in enumerate(own) if event["kind"] == "metrics" and event["step"] == 50)
    rest = next(i for i, e in enumerate(own) if e.get("stack") == 1 and e["kind"] == "metrics" and e["step"] == 50)
    assert before < rest
    return state_of(plan, [*own[: rest + 1], *events, *own[rest + 1 :]])


COMPARE = Compare("test_accuracy", "sigmoid")
CLAIM = Claim(says="it is so", source="theory", variant="relu", metric="test_accuracy", at_least=0.8)
CHANGE = control_event("set_lr", 1, 60, trials=[0, 1], lr=0.05)
DROP = control_event("end_trial", 1, 60, trials=[2])


def tabled(state):
    """The notes of the table, and its rows by variant."""
    table = build_table(state, PLAN, COMPARE)
    return table_notes(table, state), {row.variant: row for row in table.rows}


def verdict(state, **claim):
    """The verdict on one claim."""
    (found,) = judge(state, [replace(CLAIM, **claim)], COMPARE)
    return found


def test_a_change_is_marked_and_told():
    """The row's name has a mark, a note says what was done, and no best is marked; the untouched table has none of it."""
    notes, rows = tabled(touched(CHANGE))
    assert name_text(rows["relu"]) == f"relu {CHANGED}"
    assert name_text(rows["sigmoid"]) == "sigmoid"
    assert f"{CHANGED} lr of relu (seeds 0, 1) set to 0.05 by hand at step 60" in notes
    assert not any(row.cells["test_accuracy"].best for row in rows.values())
    notes, rows = tabled(touched())
    assert name_text(rows["relu"]) == "relu"
    assert rows["relu"].cells["test_accuracy"].best
    assert not any("by hand" in note for note in notes)


def test_a_dropped_trial_is_counted_and_in_no_mean():
    """It stands in the column of seeds and in a note; the means are those of the others."""
    notes, rows = tabled(touched(DROP))
    assert seeds_text(rows["relu"]) == "2/3, 1 dropped"
    assert "relu: 1 of 3 seeds dropped by hand, the first at step 60" in notes
    cell = rows["relu"].cells["test_accuracy"]
    assert (cell.n, cell.n_alive, cell.mean) == (2, 2, pytest.approx(0.9005))
    assert not any(row.cells["test_accuracy"].best for row in rows.values())


def test_a_breakpoint_is_told():
    """Which condition, whose, how many seeds, and where first."""
    hits = [breakpoint_event(1, 55, 2), breakpoint_event(1, 52, 0), breakpoint_event(0, 51, 0, layer=None, value=None)]
    notes, _ = tabled(touched(*hits))
    assert "breakpoint 'gradient_norm < 1e-06' hit by sigmoid (seed 0), at step 51" in notes
    assert "breakpoint 'gradient_norm < 1e-06' hit by relu (seeds 0, 2), first at step 52 in 0 dense (3.1e-07)" in notes


def test_many_changes_do_not_bury_the_table():
    """Of one candidate the first few changes are told one by one, the others counted."""
    changes = [control_event("set_lr", 1, 51 + i, trials=[0, 1, 2], lr=0.01 * (i + 1)) for i in range(9)]
    notes = [note for note in tabled(touched(*changes))[0] if "by hand" in note and CHANGED in note]
    assert notes[0] == f"{CHANGED} lr of relu (all 3 seeds) set to 0.01 by hand at step 51"
    assert notes[-1] == f"{CHANGED} lr of relu set by hand 5 more times, the last at step 59"
    assert len(notes) == 5


def test_the_last_change_of_a_step_counts():
    """Who tries two rates while paused trains with the second."""
    state = touched(CHANGE, CHANGE | {"lr": 0.07})
    assert [(one.step, one.lr) for one in state.trials[3].interventions] == [(60, 0.07)]


@pytest.mark.parametrize(("event", "why"), [(CHANGE, "seeds 0, 1 were changed"), (DROP, "seed 2 was dropped")])
@pytest.mark.parametrize("claim", [{}, {"every_seed": True}, {"at_least": None, "better_than": "sigmoid"}])
def test_claims_on_touched_trials_are_undecided(event, why, claim):
    """What the untouched run confirms is undecided, with the reason, by interval, by seed and by comparison."""
    assert verdict(touched(), **claim).outcome is Outcome.CONFIRMED
    found = verdict(touched(event), **claim)
    assert found.outcome is Outcome.UNDECIDED
    assert f"{why} by hand at step 60" in found.text


@pytest.mark.parametrize("event", [CHANGE, DROP])
def test_a_claim_about_an_earlier_step_stays_decidable(event):
    """What was measured before anything was done, at that step or earlier, still says something of the recipe."""
    early = {"metric": "train_loss", "at_least": 0.5}
    for step, outcome in ((50, Outcome.CONFIRMED), (60, Outcome.CONFIRMED), (61, Outcome.UNDECIDED)):
        assert verdict(touched(event), at_step=step, **early, every_seed=True).outcome is outcome
    assert verdict(touched(event), variant="sigmoid", at_least=0.4).outcome is Outcome.CONFIRMED


def test_the_reason_names_the_first_step():
    """Where several things were done, all kinds are told, and the first step."""
    text = verdict(touched(DROP, control_event("set_lr", 1, 70, trials=[0], lr=0.05))).text
    assert "seeds 0, 2 were changed or dropped by hand, the first at step 60" in text


def test_an_untouched_seed_may_still_refute():
    """One seed that nobody touched and that fails is enough against a claim about every seed."""
    found = verdict(touched(CHANGE), at_least=0.95, every_seed=True)
    assert (found.outcome, found.n) == (Outcome.REFUTED, 1)
    assert "not met by seed 2" in found.text


def test_a_touched_search_decides_nothing():
    """Where someone changed a candidate that lost, the pick is not the recipe's; a claim on one choice is judged as ever."""
    plan = make_plan({"relu": [{"lr": 0.1}, {"lr": 1.0}]}, seeds=3)
    state = touched(control_event("set_lr", 1, 60, trials=[0], lr=0.05), plan=plan)
    assert [bool(trial.changed_at) for trial in state.trials] == [False] * 3 + [True] + [False] * 2
    found = verdict(state)
    assert found.outcome is Outcome.UNDECIDED
    assert "the search of 'relu'" in found.text
    assert verdict(state, choice={"lr": 0.1}).outcome is Outcome.CONFIRMED
    assert verdict(state, choice={"lr": 1.0}).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize("act", [{"action": "set_lr", "lr": 0.05}, {"action": "end_trial"}])
def test_a_touched_search_has_no_best(act):
    """Nor is a best marked where the pick of a search is not the recipe's, and a note says why."""
    plan = make_plan({"relu": [{"lr": 0.1}, {"lr": 1.0}], "sigmoid": [{}]}, seeds=3)
    event = control_event(stack=1, step=60, trials=[0], **act)
    plain, hand = (build_table(_state := touched(*events, plan=plan), plan, COMPARE) for events in ([], [event]))
    assert [row.is_chosen for row in hand.sweep] == [True, False, True]
    assert [row.cells["test_accuracy"].best for row in plain.rows] == [True, False]
    assert [row.cells["test_accuracy"].best for row in hand.rows] == [False, False]
    assert (
        sum("no best is marked" in note and "by hand" in note for note in table_notes(hand, touched(event, plan=plan)))
        == 1
    )


def test_a_paused_run_is_not_told_to_train():
    """The note under the table of a run that waits says so."""
    events = of(0, stack_event(0), stack_event(1), metrics_event(0, 0, ROWS), heartbeat(0, paused=True))
    notes = table_notes(build_table(state := state_of(PLAN, events), PLAN, COMPARE), state)
    assert [note for note in notes if "of 6 trials" in note] == [
        "3 of 6 trials are still training: values so far",
        "3 of 6 trials are paused: values so far",
    ]


def test_a_session_that_died_before_it_began_leaves_what_there_was():
    """Trials of an older session wait to go on; if whoever had them on the list is gone, they are what they were."""
    state = state_of(PLAN, [*of(0, stack_event(0), metrics_event(0, 0, ROWS)), *of(1, RUN | {"session": 1})])
    assert "3 of 6 trials are waiting to continue: values up to that point" in table_notes(
        build_table(state, PLAN, COMPARE), state
    )
    assert "3 of 6 trials have not started" in table_notes(build_table(state, PLAN, COMPARE), state)
    state.lost()
    assert [trial.status for trial in state.trials] == [Status.CRASHED] * 3 + [Status.WAITING] * 3


def test_a_change_after_a_trial_had_ended_is_none():
    """A rate that was set for a trial that had diverged or been dropped changes nothing."""
    state = touched(DROP, CHANGE | {"trials": [2], "step": 70})
    assert state.trials[5].changed_at == []


def test_seeds_in_words():
    """One, several, all, and too many to list."""
    assert [which_seeds([3]), which_seeds([1, 0]), which_seeds([0], 1)] == ["seed 3", "seeds 0, 1", "seed 0"]
    assert which_seeds(range(5), 5) == "all 5 seeds"
    assert which_seeds(range(20), 30) == "seeds 0, 1, 2, 3, 4, 5, 6, 7 and 12 more"


@pytest.mark.parametrize("names", [("set_lr", "end_trial"), ("rate", "drop")], ids=["now", "0.1.0"])
def test_what_older_runs_tell_of_controls_counts(names):
    """Events by the names of 0.1.0 change trials as those of today do."""
    lr, end = names
    events = [control_event(lr, 0, 5, trials=[0], lr=0.1), control_event(end, 0, 6, trials=[1])]
    state = state_of(PLAN, of(0, stack_event(0), heartbeat(5), *events))

    assert state.trials[0].changed_at == [5]
    assert state.trials[1].status is Status.DROPPED
    assert [answer.action for answer in state.answers["c1"]] == ["set_lr", "end_trial"]
