from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from synthetic_run import LN2, finished, make_plan, metrics_event, probe_event, stack_event, state_of

from dlbench.analysis.comparison import DIFFERENCE, SHOWN, build_table
from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.format import fine_format, number
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import Compare
from dlbench.text.cells import cell_parts, seeds_text
from dlbench.text.findings import told_of
from dlbench.text.notes import table_notes
from dlbench.words.printable import to_ascii

SOLVED = Compare("solved", "sigmoid")
ACCURACY = Compare("test_accuracy", "sigmoid")


def learned(accuracy=1.0, loss=0.01):
    """The numbers at the end of a trial with this accuracy and loss."""
    return {"train_loss": loss, "train_accuracy": accuracy, "test_loss": loss + 0.1, "test_accuracy": accuracy - 0.1}


def lecture(trial):
    """Sigmoid never learns; every second ReLU does, and its last seed diverges."""
    if trial.variant == "sigmoid":
        return learned(0.5, LN2 + trial.seed * 1e-6)
    if trial.seed == 5:
        return {"diverged_at": 42}
    return learned() if trial.seed % 2 == 0 else learned(0.75, 0.4)


def tabled(plan, final, compare):
    """The state and the table of a finished run."""
    state = state_of(plan, finished(plan, final))
    return state, build_table(state, plan, compare)


def rows_of(table):
    """Rows by variant."""
    return {row.variant: row for row in table.rows}


def test_every_number_is_that_of_its_trials():
    """Mean, deviation, n and interval of every cell follow from the trials' own metrics, recomputed with numpy and scipy."""
    plan = make_plan(["sigmoid", "relu"], 6)
    state, table = tabled(plan, lecture, SOLVED)
    checked = 0
    for row in table.rows:
        trials = [trial for trial in state.trials if trial.plan.variant == row.variant]
        for column in (column for column in table.all_columns if not column.is_difference):
            found = [column.metric.value(trial, column.at_step) for trial in trials]
            values = [value for value in found if value is not None]
            cell = row.cells[column.key]
            assert (cell.n, cell.n_run) == (len(values), 6)
            is_ratio = column.metric.quantity.is_ratio
            back, numbers = (np.exp, np.log(values)) if is_ratio else (np.float64, values)
            assert cell.mean == (pytest.approx(back(np.mean(numbers))) if values else None)
            spread = back(np.std(numbers, ddof=1)) if len(values) > 1 else None
            assert cell.std == (None if spread is None else pytest.approx(spread, abs=1e-12))
            if column.metric.is_share:
                oracle = stats.binomtest(int(sum(values)), len(values)).proportion_ci(method="exact")
                assert (cell.interval.low, cell.interval.high) == pytest.approx(tuple(oracle))
            checked += 1
    assert checked > 20


def test_failures_are_counted_and_never_averaged():
    """A diverged trial is in the count of its row and in the diagnosis; its losses are in no mean, its share of solved is 0."""
    plan = make_plan(["sigmoid", "relu"], 6)
    state, table = tabled(plan, lecture, SOLVED)
    relu = rows_of(table)["relu"]
    assert (relu.n_ok, relu.n_run, relu.counts[Status.DIVERGED]) == (5, 6, 1)
    assert seeds_text(relu) == "5/6, 1 diverged"
    assert relu.cells["train_loss"].n == 5
    assert (relu.cells["solved"].mean, relu.cells["solved"].n) == (pytest.approx(0.5), 6)
    assert list(map(str, told_of(state, diagnose(state)).found)) == [
        (
            "relu: 1 of 6 seeds diverged at step 42; in 2 of 6 seeds too few steps: after 100 the loss is 0.577 of guessing's, "
            "and fell by 42.3 % in the last fifth"
        )
    ]


def test_explosions_are_told_under_the_table():
    """A variant whose trials explode without diverging has a sentence: how many, in which words, and the first step of all."""
    plan = make_plan(["calm", "wild"], 3)
    usual, huge = [[0.3, None, 0.2]] * 3, [[0.3, None, 0.2], [7e8, None, 1e9], [0.3, None, 0.2]]
    weights = {"weight_norm": [[1.0, None, 1.0]] * 3}
    events = [stack_event(0), stack_event(1)]
    for step, norms in ((0, usual), (10, huge), (20, huge)):
        losses = [{"train_loss": 0.7}, {"train_loss": 0.7}, {"train_loss": 2e9 if step == 20 else 0.7}]
        events += [metrics_event(0, step, losses[:1] * 3), probe_event(0, step, usual, **weights)]
        events += [metrics_event(1, step, losses), probe_event(1, step, norms, **weights)]
    state = state_of(plan, events)
    lines = told_of(state, diagnose(state)).lines()

    told = "gradients are too large: their norm is 1.2e+09, 8.6e+08 times that of all weights"
    assert lines == [
        f"wild: in 2 of 3 seeds {told}, since step 10 (in seed 1, the first)",
        "nothing found so far in calm",
    ]


def test_the_difference_is_paired_by_seed():
    """Noise that both variants share cancels: the interval is that of the paired differences."""
    plan = make_plan(["sigmoid", "relu"], 5)
    noise = [0.3, -0.2, 0.1, 0.25, -0.3]
    gain = [0.010, 0.012, 0.011, 0.009, 0.010]

    def final(trial):
        return {"test_accuracy": 0.5 + noise[trial.seed] + (trial.variant == "relu") * gain[trial.seed]}

    _state, table = tabled(plan, final, ACCURACY)
    cell = rows_of(table)["relu"].cells[DIFFERENCE]
    oracle = stats.t.interval(0.95, 4, np.mean(gain), stats.sem(gain))
    assert cell.mean == pytest.approx(np.mean(gain))
    assert (cell.interval.low, cell.interval.high) == pytest.approx(oracle)
    assert rows_of(table)["sigmoid"].cells[DIFFERENCE].n == 0


def test_the_difference_uses_common_seeds_only():
    """A seed that diverged in one variant is in no pair."""
    plan = make_plan(["sigmoid", "relu"], 6)
    _state, table = tabled(plan, lecture, ACCURACY)
    assert rows_of(table)["relu"].cells[DIFFERENCE].n == 5


def marks(table):
    """The variants whose cell is marked as best."""
    return {row.variant for row in table.rows if row.cells[table.metric].best}


@pytest.mark.parametrize(
    ("means", "marked"),
    [
        ({"a": 0.5, "b": 0.9, "c": 0.7}, {"b"}),
        ({"a": 0.5, "b": 0.9, "c": 0.9}, {"b", "c"}),
        ({"a": 0.9, "b": 0.9, "c": 0.9}, set()),
    ],
)
def test_best_is_marked_where_the_seeds_can_tell(means, marked):
    """The best mean and what is not distinguishable from it are marked; when that is all, nothing is."""
    jitter = {"a": [0.001, 0.0, -0.001], "b": [0.0, 0.001, -0.001], "c": [-0.001, 0.0, 0.001]}
    plan = make_plan(list(means), 3)
    state, table = tabled(
        plan, lambda t: {"test_accuracy": means[t.variant] + jitter[t.variant][t.seed]}, Compare("test_accuracy")
    )
    assert marks(table) == marked
    assert any("best" in note for note in table_notes(table, state) if "distinguishable" in note)


def test_the_lowest_loss_is_the_best():
    """Best follows the metric's direction."""
    plan = make_plan(["a", "b"], 3)
    _state, table = tabled(
        plan, lambda t: {"test_loss": (t.variant == "a") * (1 + 0.001 * t.seed)}, Compare("test_loss")
    )
    assert marks(table) == {"b"}


def test_one_seed_marks_nothing():
    """With a single seed there is no interval, so no best; the table says so."""
    plan = make_plan(["a", "b"], 1)
    state, table = tabled(
        plan, lambda t: {"test_accuracy": 0.9 if t.variant == "a" else 0.5}, Compare("test_accuracy", "a")
    )
    assert marks(table) == set()
    assert any("one seed has no interval" in note for note in table_notes(table, state))
    cell = rows_of(table)["b"].cells["test_accuracy"]
    assert (cell.mean, cell.std, cell.interval) == (0.5, None, None)


def test_survivors_are_not_called_best():
    """Where a seed has no value, the mean of the others is not marked."""
    plan = make_plan(["sigmoid", "relu"], 6)
    state, table = tabled(plan, lecture, ACCURACY)
    assert marks(table) == set()
    assert "no best is marked: 1 seed has no test_accuracy" in table_notes(table, state)


def test_a_run_in_progress_is_tabled_with_what_it_has():
    """Unfinished trials show their values so far, are counted as running, and nothing is marked."""
    plan = make_plan(["sigmoid", "relu"], 4)
    events = finished(plan, lecture)
    state = state_of(plan, events[: next(i for i, e in enumerate(events) if e["kind"] == "end") + 4])
    table = build_table(state, plan, SOLVED)
    relu = rows_of(table)["relu"]
    assert relu.counts == {Status.RUNNING: 4}
    assert relu.cells["test_loss"].mean == pytest.approx(LN2)
    assert marks(table) == set()
    assert "4 of 8 trials are still training: values so far" in table_notes(table, state)


def test_nothing_yet_is_a_table_too():
    """Before the first event every row is there, waiting, without a number."""
    plan = make_plan(["sigmoid", "relu"], 2)
    table = build_table(state := state_of(plan, []), plan, SOLVED)
    assert [seeds_text(row) for row in table.rows] == ["0/2, 2 waiting"] * 2
    assert all(cell.n == 0 for row in table.rows for key, cell in row.cells.items() if key != "parameters")
    assert "4 of 4 trials have not started" in table_notes(table, state)


SEARCH = {"sgd": [{"train.optimizer.lr": lr} for lr in (0.01, 0.1, 1.0)], "adam": [{"train.optimizer.lr": 0.001}]}
LOSSES = {0.01: 0.5, 0.1: 0.3, 1.0: 0.1, 0.001: 0.4}


def searched(trial):
    """The numbers of a trial of the search."""
    lr = trial.choice["train.optimizer.lr"]
    if lr == 1.0 and trial.seed == 0:
        return {"diverged_at": 5}
    return {"validation_loss": LOSSES[lr], "test_accuracy": 1 - LOSSES[lr] + 0.01 * trial.seed}


def test_a_search_shows_the_selected_and_lists_all():
    """Each variant stands with its best candidate by the validation loss; one with a diverged seed is not picked, but listed."""
    plan = make_plan(SEARCH, 3)
    _state, table = tabled(plan, searched, Compare("test_accuracy", "sgd", select="validation_loss"))
    assert [row.choice for row in table.rows] == [{"train.optimizer.lr": 0.1}, {"train.optimizer.lr": 0.001}]
    assert [row.is_chosen for row in table.sweep] == [False, True, False, True]
    assert table.sweep[2].counts[Status.DIVERGED] == 1
    assert table.sweep[0].cells["validation_loss"].mean == pytest.approx(0.5)
    assert any(column.key == "validation_loss" for column in table.all_columns)


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("test_accuracy", "chosen on test data by the same seeds, so the test numbers are optimistic"),
        ("train_loss", "chosen on train data by the same seeds, so the train numbers are optimistic"),
        ("solved", "chosen by the same seeds, so solved is optimistic"),
    ],
)
def test_choosing_by_the_same_seeds_is_told(select, told):
    """A search flatters the numbers that it picks by; the table says so."""
    plan = make_plan(SEARCH, 3)
    state, table = tabled(plan, searched, Compare("test_accuracy", select=select))
    assert any(told in note for note in table_notes(table, state))


def test_choosing_the_best_evaluation_on_test_data_is_told():
    """A column of the best evaluation by test data flatters, with or without a search; the table says which."""
    ends = {"a": [0.4, 0.6, 0.7], "b": [0.4, 0.8, 0.9]}
    compare = Compare("test_accuracy", columns=["best_test_accuracy"])
    state, table = tabled(
        make_plan(["a", "b"], 3), lambda trial: {"test_accuracy": ends[trial.variant][trial.seed]}, compare
    )
    assert "best_test_accuracy: the evaluation was chosen on test data, so the number is optimistic" in table_notes(
        table, state
    )


def test_columns_without_news_are_folded_into_notes():
    """What no trial has is left out, what is the same in every row stands in a note, and the cells keep both numbers."""
    plan = make_plan(["sigmoid", "relu"], 3)
    state, table = tabled(plan, lecture, SOLVED)
    shown, folded = ([column.key for column in columns] for columns in (table.columns, table.folded))
    assert shown[:2] == ["solved", DIFFERENCE]
    assert not any("validation" in key for key in shown + folded)
    assert "parameters" in folded
    assert "best_train_accuracy" in folded
    assert any("parameters = 21" in note for note in table_notes(table, state))
    assert table.rows[0].cells["parameters"].mean == 21


def test_a_recipe_may_choose_its_columns():
    """`[compare] columns` replaces the usual ones; the deciding metric and its difference stay in front."""
    plan = make_plan(["sigmoid", "relu"], 3)
    _state, table = tabled(plan, lecture, Compare("solved", "sigmoid", columns=["train_loss", "seconds"]))
    assert [column.key for column in table.all_columns] == ["solved", DIFFERENCE, "train_loss", "seconds"]


def test_all_shown_columns_are_metrics():
    """The usual columns name metrics that there are."""
    assert {key.partition("@")[0] for key in SHOWN} <= set(METRICS)


def test_tiny_and_huge_numbers_alone_are_printed_in_powers_of_ten():
    """A loss of 1e-6 is not printed as 0.0000, nor one of 1e30 in thirty digits, and their neighbours stay as they are."""
    losses = {"tiny": 1e-6, "usual": 0.5, "huge": 1e30}
    _state, table = tabled(
        make_plan(list(losses), 2), lambda t: {"train_loss": losses[t.variant]}, Compare("train_loss")
    )
    parts = [cell_parts(row.cells["train_loss"], table.columns[0]) for row in table.rows]
    assert parts == [("1.0e-06", "± 0.0e+00"), ("0.5000", "± 0.0000"), ("1.0e+30", "± 0.0e+00")]


def test_rounding_of_float32_is_no_difference():
    """Accuracies that differ in the last bit of a float32 are printed as +0.0000, and equal values of something bounded leave room for others."""
    plan = make_plan(["a", "b"], 3)
    accuracy = {"a": 0.9, "b": 0.9 * (1 - 2.0**-23)}
    _state, table = tabled(plan, lambda t: {"test_accuracy": accuracy[t.variant]}, Compare("test_accuracy", "b"))
    cell = rows_of(table)["a"].cells[DIFFERENCE]
    assert cell_parts(cell, table.columns[1]) == ("+0.0000", "[−0.7076, +0.7076]")


def test_differences_that_cancel_leave_no_rounding():
    """One seed better and one worse by as much, each rounded to float32, are a mean difference of +0.0000."""
    accuracy = {"a": [0.96666664, 0.9], "b": [0.93333334, 0.93333334]}
    plan = make_plan(["a", "b"], 2)
    _state, table = tabled(
        plan, lambda t: {"test_accuracy": accuracy[t.variant][t.seed]}, Compare("test_accuracy", "b")
    )
    cell = rows_of(table)["a"].cells[DIFFERENCE]
    assert cell_parts(cell, table.columns[1]) == ("+0.0000", "[−0.4235, +0.4235]")


def test_what_seeds_cannot_change_has_no_deviation():
    """Parameters are printed as a number alone, without a `± 0` that would claim a finding."""
    plan = make_plan(["a"], 3)
    _state, table = tabled(plan, lecture, Compare("solved", columns=["parameters"]))
    assert cell_parts(table.rows[0].cells["parameters"], table.columns[1]) == ("21", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(None, ".2f"), "·"),
        (number(-0.5, ".2f"), "−0.50"),
        (number(1e-6, ".1e"), "1.0e-06"),
        (fine_format(".4f", 1e-5), ".6f"),
        (fine_format(".4f", 0.5), ".4f"),
        (fine_format(".1e", 1e-9), ".1e"),
        (fine_format(".4f", 0.0), ".4f"),
        (to_ascii("0.5 ± 0.1 ▲ −1 · ✔ 한"), "0.5 +- 0.1 * -1 . + ?"),
    ],
)
def test_numbers_as_text(text, expected):
    """Numbers have a real minus sign, enough decimals, and a plain form for terminals without Unicode."""
    assert text == expected
