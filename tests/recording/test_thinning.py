"""How much of a long loop is kept: probes by their time, logged numbers by their steps."""

from itertools import pairwise

import pytest

from dlbench.recording.budget import FREE_STEPS, Stopwatch, TimeBudget
from dlbench.recording.looks import LookPace
from dlbench.recording.series import LoggedSeries


class Clock:
    """A time that a test sets."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        """Seconds."""
        return self.now

    def process_time(self):
        """Of the processor, which has others to serve."""
        return self.now * self.attention

    attention = 1.0


def probed(monkeypatch, share, step_seconds, probe_seconds, steps):
    """The steps that are probed, and the share of the time that they took."""
    clock = Clock()
    monkeypatch.setattr("dlbench.recording.budget.time", clock)
    budget, found = TimeBudget(share), []
    for step in range(steps):
        if budget.wants(step):
            clock.now += probe_seconds
            budget.probed(step, probe_seconds, probe_seconds)
            found.append(step)
        clock.now += step_seconds
    return found, budget


@pytest.mark.parametrize("price", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("share", [0.01, 0.03, 0.2])
def test_probes_keep_to_their_share(monkeypatch, price, share):
    """However dear a probe is, all of them take no more than their share of a loop that is long enough for the first ones."""
    found, budget = probed(monkeypatch, share, 0.01, 0.01 * price, 100_000)

    early = FREE_STEPS.intersection(found)
    assert early == FREE_STEPS if 10 * share > 10 * 0.01 * price else 0 in early
    assert len(found) * 0.01 * price <= share * (budget.elapsed + 0.01)
    assert budget.cost <= share


def test_nothing_is_missed_while_a_budget_rests(monkeypatch):
    """Who asks only after the rest that was told finds as many probes as who asks at every step, and asks far less often."""
    clock = Clock()
    monkeypatch.setattr("dlbench.recording.budget.time", clock)
    eager, patient = TimeBudget(0.03), TimeBudget(0.03)
    asked, until, found = 0, 0.0, {eager: 0, patient: 0}
    for step in range(100_000):
        for budget in (eager, patient):
            if budget is patient and clock.now < until:
                continue
            asked += budget is patient
            if budget.wants(step):
                budget.probed(step, 0.003, 0.003)
                found[budget] += 1
            until = clock.now + patient.rest if budget is patient else until
        clock.now += 0.001

    assert found[patient] == pytest.approx(found[eager], rel=0.05)
    assert found[patient] > 350
    assert asked < 20_000


def test_a_machine_that_others_share_is_not_taken_for_a_slow_loop(monkeypatch):
    """Where a loop gets a tenth of the processor, probes keep to their share of that."""
    monkeypatch.setattr(Clock, "attention", 0.1)
    found, budget = probed(monkeypatch, 0.1, 0.01, 0.01, 50_000)

    assert 0.005 < len(found) * 0.01 / budget.elapsed <= 0.0101


def test_what_the_beginning_has_cost_is_paid_in_ten_seconds(monkeypatch):
    """A debt from before the loop leaves room for probes from the beginning on, and from ten seconds on all is within the share."""
    clock = Clock()
    monkeypatch.setattr("dlbench.recording.budget.time", clock)
    budget, found = TimeBudget(0.03), []
    budget.owes(0.1, 0.1)
    began = clock.now
    for step in range(20_000):
        if budget.wants(step):
            clock.now += 0.003
            budget.probed(step, 0.003, 0.003)
            found.append(clock.now - began)
        clock.now += 0.001

    assert len([at for at in found if at < 5]) > 8
    for at in (10.0, 15.0, 19.0):
        assert 0.1 + 0.003 * len([one for one in found if one < at]) <= 0.03 * at
    assert 0.1 + 0.003 * len(found) > 0.5 * 0.03 * found[-1]


def test_probes_thin_out(monkeypatch):
    """Cheap probes are dense at the beginning and keep a part of the steps between each other later on."""
    found, _ = probed(monkeypatch, 0.5, 0.01, 0.0001, 100_000)

    assert found[:200] == list(range(200))
    assert 1500 < len(found) < 2500
    assert all(later - sooner >= later / 256 - 1 for sooner, later in pairwise(found))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 1000)])
def test_none_and_all(monkeypatch, share, expected):
    """A budget of 0 probes nothing, one of 1 every step."""
    assert len(probed(monkeypatch, share, 0.01, 1.0, 1000)[0]) == expected


def test_numbers_of_every_step_are_thinned_and_the_last_stays():
    """A number that is logged at every step is thinned out like probes; one that is rare always."""
    series, kept = LoggedSeries(), []
    for step in range(1, 20_001):
        series.log(step, {"train_loss": float(step)}, 0.0)
        if step % 5000 == 1:
            series.log(step, {"test_accuracy": step / 1e6}, 0.0)
        kept += series.take(step)
    kept += series.take()

    losses = [record.step for record in kept if "train_loss" in record.values]
    assert losses[:256] == list(range(1, 257))
    assert 1000 < len(losses) < 1500
    assert losses[-1] == 20_000
    assert losses == sorted(set(losses))
    assert all(record.values["train_loss"] == record.step for record in kept)
    assert [record.step for record in kept if "test_accuracy" in record.values] == [1, 5001, 10_001, 15_001]


def test_one_record_a_step():
    """What is logged in several calls after one step is one record, which is not handed out before the step is over."""
    series = LoggedSeries()
    series.log(3, {"train_loss": 1.0}, 0.5)
    assert series.take(3) == []
    series.log(3, {"test_loss": 2.0}, 0.75)
    (record,) = series.take(4)

    assert (record.step, record.values, record.seconds) == (3, {"train_loss": 1.0, "test_loss": 2.0}, 0.75)
    assert series.take() == []


def test_a_crowded_machine_has_the_probes_of_the_beginning(monkeypatch):
    """What a probe takes by the clock, while others have the processor, keeps no early probe away; nor does what is owed."""
    clock = Clock()
    clock.attention = 0.05
    monkeypatch.setattr("dlbench.recording.budget.time", clock)
    budget, stopwatch, found = TimeBudget(0.03), Stopwatch(), []
    budget.owes(0.15, 0.15)
    for step in range(12):
        clock.now += 5.0
        if budget.wants(step):
            budget.begin_probe(step)
            with stopwatch:
                clock.now += 0.8
            budget.probed(step, *stopwatch.reset())
            found.append(step)

    assert found == [0, 1, 2, 4, 8]


class OwnClock(Clock):
    """With the clock that looks go by."""

    def monotonic(self):
        """Seconds."""
        return self.now


def test_dear_looks_come_seldom_and_a_sign_of_life_in_time(monkeypatch):
    """LookPace come five times a second; where they would take more than their share of the processor, about once a second."""
    found = {}
    for attention, price in ((1.0, 0.0005), (0.02, 0.0005), (0.02, 0.00001)):
        clock = OwnClock()
        clock.attention = attention
        monkeypatch.setattr("dlbench.recording.looks.time", clock)
        looks, looked, beats = LookPace(), 0, 0
        while clock.now < 200.0:
            if looks.wait() == 0:
                with looks.looking():
                    clock.now += price / attention
                    looked += 1
                    beats += looks.beat(looked) is not None
            clock.now += 0.01
        found[attention, price] = looked, beats

    assert 450 < found[1.0, 0.0005][0] <= 500
    assert 90 < found[0.02, 0.0005][0] < 110
    assert 430 < found[0.02, 0.00001][0] <= 500
    assert all(80 < beats <= 100 for _, beats in found.values())
