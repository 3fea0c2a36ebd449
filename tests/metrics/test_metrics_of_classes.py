"""Metrics of single classes against scikit-learn, and where they have no number."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, recall_score
from synthetic_run import make_plan, stack_event, state_of
from test_metrics import FakeTrial, value

from dlbench.analysis.comparison import build_table
from dlbench.metrics.metric import METRICS, split_step
from dlbench.plan.questions import Compare

NAMES = ["cat", "dog", "a@5", "3"]


@st.composite
def answers(draw):
    """True and predicted labels of some samples of four classes."""
    samples = draw(st.integers(1, 40))
    labels = st.lists(st.integers(0, 3), min_size=samples, max_size=samples)
    return draw(labels), draw(labels)


@given(answers())
def test_as_scikit_learn(said):
    """balanced_accuracy, worst_recall and recall@NAME are scikit-learn's scores over the classes that the test data has (1e-12)."""
    true, predicted = said
    trial = FakeTrial(class_names=NAMES, confused=confusion_matrix(true, predicted, labels=range(4)).tolist())
    present = sorted(set(true))
    each = recall_score(true, predicted, labels=present, average=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that are only predicted
        balanced = balanced_accuracy_score(true, predicted)

    assert value("balanced_accuracy", trial) == pytest.approx(balanced, abs=1e-12)
    assert value("worst_recall", trial) == pytest.approx(each.min(), abs=1e-12)
    expected = dict(zip(present, each, strict=True))
    for label, name in enumerate(NAMES):
        assert value(f"recall@{name}", trial) == (pytest.approx(expected[label]) if label in expected else None)


@pytest.mark.parametrize("name", ["balanced_accuracy", "worst_recall", "recall@cat"])
def test_they_are_known_at_the_end_alone(name):
    """At an earlier step they are missing; of a trial that stopped early they hold from there on; of runs of before, never."""
    counts = [[3, 1], [0, 4]]
    done = FakeTrial(class_names=["cat", "dog"], confused=counts)
    stopped = FakeTrial(class_names=["cat", "dog"], confused=counts, step=50, stopped_at=50)

    assert [value(name, done, step) is None for step in (None, 100, 99, 0, 101)] == [False, False, True, True, True]
    assert [value(name, stopped, step) is None for step in (None, 50, 49, 100)] == [False, False, True, False]
    assert value(name, FakeTrial(class_names=["cat", "dog"])) is None


@pytest.mark.parametrize(
    ("column", "metric", "step"),
    [
        ("test_loss", "test_loss", None),
        ("test_loss@50", "test_loss", "50"),
        ("test_loss@", "test_loss", ""),
        ("recall@cat", "recall@cat", None),
        ("recall@cat@50", "recall@cat", "50"),
        ("recall@3", "recall@3", None),
        ("recall@3@50", "recall@3", "50"),
        ("recall@a@b", "recall@a@b", None),
        ("recall@a@b@50", "recall@a@b", "50"),
        ("recall@@50", "recall@@50", None),
    ],
)
def test_a_step_is_told_from_a_class(column, metric, step):
    """Behind a class's name only a whole number is a step, so that a class may be called 3, and be asked at a step."""
    assert split_step(column) == (metric, step)


@pytest.mark.parametrize("name", ["recall", "recall@", "precision@cat", "nothing"])
def test_nothing_else_is_a_metric(name):
    """Only a name behind the `@` makes a metric, and none of these is listed."""
    with pytest.raises(KeyError):
        METRICS[name]
    assert METRICS["recall@cat"].name == "recall@cat"
    assert "recall@cat" not in METRICS


def confusion_event(trials, **fields):
    """The event of a stack whose trials ended with these counts of the test data."""
    return {
        "v": 1,
        "kind": "confusion",
        "stack": 0,
        "step": 100,
        "train": None,
        "validation": None,
        "test": trials,
    } | fields


def test_a_table_has_columns_of_classes():
    """`recall@NAME` is a column like any other: the mean over the seeds, titled by its name; one without numbers is left out."""
    plan = make_plan(["a"], seeds=2)
    counts = [[[8, 2], [1, 3]], [[10, 0], [2, 2]]]
    events = [stack_event(0, class_names=["cat", "a dog"]), confusion_event(counts)]
    events += [{"v": 1, "kind": "end", "stack": 0, "step": 100, "status": "done", "error": None}]
    compare = Compare(
        metric="recall@cat", columns=["recall@a dog", "recall@a dog@100", "recall@cat@50", "worst_recall"]
    )
    table = build_table(state_of(plan, events), plan, compare)
    (row,) = table.rows
    means = {column.title: row.cells[column.key].mean for column in table.all_columns}

    assert means == {
        "recall@cat": pytest.approx(0.9),
        "recall@a dog": pytest.approx(0.625),
        "recall@a dog, step 100": pytest.approx(0.625),
        "worst_recall": pytest.approx((0.75 + 0.5) / 2),
    }


@pytest.mark.parametrize(
    "counts",
    [None, 3, [], [[1, 2], [3]], [[1, 2, 3], [4, 5, 6]], [[1, -2], [3, 4]], [[1, 0.5], [3, 4]], [["a", "b"], [1, 2]], [[2**60, 0], [0, 1]]],
)  # fmt: skip
def test_counts_that_are_none_are_nothing(counts):
    """What is no square of whole numbers leaves its trial without counts, and the others with theirs."""
    plan = make_plan(["a"], seeds=2)
    state = state_of(plan, [stack_event(0), confusion_event([counts, [[1, 2], [3, 4]]])])

    assert state.trials[0].confusion() is None
    assert np.array_equal(state.trials[1].confusion(), [[1, 2], [3, 4]])


def test_what_a_later_session_trains_again_has_other_counts():
    """Counts of an older session are void where a later one began before its end; the newest that hold are read."""
    plan = make_plan(["a"], seeds=1)
    first = [stack_event(0, session=0), confusion_event([[[1, 0], [0, 1]]], session=0)]
    again = [stack_event(0, 40, session=1)]
    ended = [confusion_event([[[5, 0], [0, 5]]], session=1)]

    assert state_of(plan, first).trials[0].confusion()[0, 0] == 1
    assert state_of(plan, [*first, *again]).trials[0].confusion() is None
    assert state_of(plan, [*ended, *again, *first]).trials[0].confusion()[0, 0] == 5
