"""The noise of seeds and test samples together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.claims import Outcome
from dlbench.analysis.statistics.item_noise import item_noise
from dlbench.analysis.summary import report
from dlbench.export.json_data import as_data
from dlbench.metrics.quantity import Interval
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.run.correct import Correct, write
from dlbench.run.folder import RunFolder
from dlbench.text.notes import notes_of


def two_way(table):
    """Mean squares of seeds, samples and rest, by least squares on dummies."""
    n, m = table.shape
    seeds, samples = np.kron(np.eye(n), np.ones((m, 1))), np.kron(np.ones((n, 1)), np.eye(m))
    ones = np.ones((n * m, 1))

    def residual(*columns):
        design = np.hstack([ones, *columns])
        return ((table.ravel() - design @ np.linalg.lstsq(design, table.ravel(), rcond=None)[0]) ** 2).sum()

    rest = residual(seeds, samples)
    return (
        (residual(samples) - rest) / (n - 1),
        (residual(seeds) - rest) / (m - 1),
        rest / ((n - 1) * (m - 1)),
    )


@pytest.mark.parametrize("n", [2, 5])
def test_the_variance_is_that_of_the_two_way_analysis(n):
    """Variance and Satterthwaite's freedom come from mean squares by least squares (1e-9)."""
    random = np.random.default_rng(n)
    table = (random.random((n, 12)) < random.random(12)).astype(float)
    squares, degrees = np.array(two_way(table)) / table.size, np.array([n - 1, 11, 11 * (n - 1)])
    variance = squares @ [1, 1, -1]
    found = item_noise(table)
    assert found.mean == pytest.approx(table.mean())
    assert found.variance == pytest.approx(variance, rel=1e-9)
    assert found.freedom == pytest.approx(variance**2 / (squares**2 / degrees).sum(), rel=1e-9)


def test_samples_that_add_nothing_leave_the_seeds_interval():
    """Where all samples are alike but for the rest, the variance is the seeds' own: Student's interval of the seeds' means."""
    table = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=bool)
    means = table.mean(axis=1)
    found = item_noise(table)
    low, high = stats.t.interval(0.95, 3, means.mean(), stats.sem(means))
    interval = found.interval_at(0.05, Interval(means.mean(), means.mean()))
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_the_interval_is_never_narrower_than_the_seeds():
    """With three seeds t(2) of their own spread may be wider than all noise at its larger freedom: the wider end counts."""
    found = item_noise(np.random.default_rng(0).random((3, 200)) < 0.9)
    wide = found.interval_at(0.05, Interval(found.mean - 1, found.mean + 1))
    assert (wide.low, wide.high) == (found.mean - 1, found.mean + 1)


def test_one_seed_or_sample_has_no_noise():
    """With one row or column nothing can be told apart."""
    assert item_noise(np.ones((1, 9))) is None
    assert item_noise(np.ones((9, 1))) is None


def test_the_variance_is_that_over_other_seeds_and_samples():
    """Over 2,000 draws of seeds and samples, the estimates' mean is s_seeds^2 / n + s_samples^2 / m + s_rest^2 / (n m) (3 %)."""
    random, n, m = np.random.default_rng(3), 5, 40
    tables = (
        0.1 * random.normal(size=(n, 1)) + random.normal(size=(1, m)) + random.normal(size=(n, m)) for _ in range(2000)
    )
    estimates = [item_noise(table).variance for table in tables]
    assert np.mean(estimates) == pytest.approx(0.1**2 / n + 1 / m + 1 / (n * m), rel=0.03)


def run_with_answers(path, ours, theirs):
    """The report on a run of two variants whose trials got these samples right, `[seeds, samples]`, and its folder."""
    plan = make_plan(["a", "b"], len(ours))
    accuracy = {"a": ours.mean(axis=1), "b": theirs.mean(axis=1)}
    events = finished(plan, lambda trial: {"test_accuracy": float(accuracy[trial.variant][trial.seed])})
    folder = RunFolder(path)
    for index, right in enumerate((ours, theirs)):
        ids = [plan.trials[i].id for i in plan.stacks[index].trials]
        file = folder.correct_file(index)
        write(file, Correct(right, np.ones(len(right), dtype=bool), ids))
        told = {"v": 1, "kind": "correct", "stack": index, "step": 100, "file": f"correct/{file.name}"}
        events.insert(-1, told | {"samples": right.shape[1], "bytes": 1, "session": 0})
    return state_of(plan, events), folder


CLAIM = Claim(says="it is so", source="theory", variant="a", metric="test_accuracy", better_than="b")


def judged(state, folder, **claim):
    """The verdict on `a` being better than `b`."""
    return report(
        state, Questions(compare=Compare("test_accuracy", "a"), claims=[replace(CLAIM, **claim)]), folder=folder
    ).verdicts[0]


@pytest.fixture
def close(tmp_path):
    """Two variants whose seeds all agree, each right about a few samples that the other misses: 20 against 12 of 400."""
    random = np.random.default_rng(0)
    ours, theirs = np.ones((5, 400), dtype=bool), np.ones((5, 400), dtype=bool)
    ours[:, :12] = theirs[:, 12:32] = False
    for table in (ours, theirs):
        table[random.integers(5, size=6), 350 + random.integers(50, size=6)] = False
    return run_with_answers(tmp_path, ours, theirs)


def test_what_only_the_seeds_show_is_confirmed_on_these_samples(close):
    """Eight more samples of 400 with every seed: sure of these samples, not of others; word, JSON and interval say so."""
    state, folder = close
    found = judged(state, folder)
    assert found.outcome is Outcome.CONFIRMED
    assert found.on_these_samples
    assert found.word == "confirmed on these samples"
    assert found.interval.low > 0 > found.interval_of_samples.low
    assert "for other test samples too [" in found.text
    without = judged(state, None)
    assert (without.outcome, without.on_these_samples, without.interval) == (Outcome.CONFIRMED, False, found.interval)
    told = as_data(report(state, Questions(compare=Compare("test_accuracy", "a"), claims=[CLAIM]), folder=folder))[
        "claims"
    ][0]
    assert told["on_these_samples"] is True
    assert told["interval_of_samples"] == [found.interval_of_samples.low, found.interval_of_samples.high]


def test_what_holds_for_other_samples_too_is_confirmed(close):
    """That the accuracy is above 0.9 holds for other samples as well; p is then by seeds and samples."""
    found = judged(*close, better_than=None, at_least=0.9)
    assert (found.outcome, found.on_these_samples) == (Outcome.CONFIRMED, False)
    noise = found.interval_of_samples
    assert noise.low < found.interval.low
    assert noise.high > found.interval.high


def test_no_interval_for_other_samples_goes_beyond_what_can_be(tmp_path):
    """Nearly all right, the accuracy is uncertain downwards only: the interval ends at 1."""
    ours = np.ones((4, 20), dtype=bool)
    ours[0, 0] = ours[1, 3] = ours[2, 0] = False
    found = judged(*run_with_answers(tmp_path, ours, ours), better_than=None, at_least=0.5)
    assert found.interval_of_samples.high == 1.0
    assert found.interval_of_samples.low < found.interval.low


def test_other_metrics_and_steps_have_no_noise_of_samples(close):
    """A claim on another metric, or on a step before the end, is of the seeds alone."""
    assert judged(*close, metric="test_loss").interval_of_samples is None
    assert judged(*close, at_step=50).interval_of_samples is None


def test_a_damaged_file_is_noted_and_hides_no_verdict(close):
    """Without its answers the claim is judged by the seeds, and a note says which file is damaged."""
    state, folder = close
    folder.correct_file(0).write_bytes(b"no numbers")
    found = report(state, Questions(compare=Compare("test_accuracy", "a"), claims=[CLAIM]), folder=folder)
    assert found.verdicts[0].interval_of_samples is None
    assert any("correct/stack-0.npz" in note for note in notes_of(found))
