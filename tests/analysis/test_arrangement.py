"""A table as it is asked for: other columns, rows and order, and never another number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from agreeing_runs import KINDS, accurate, empty, made
from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.arrangement import TableWishes, arranged
from dlbench.analysis.factors import Factors
from dlbench.analysis.pivot import pivoted
from dlbench.analysis.summary import report
from dlbench.errors import UsageError
from dlbench.plan.questions import Compare, Questions
from dlbench.text.cells import comparison_table
from dlbench.text.document import document_of
from dlbench.text.notes import notes_of

SETTINGS = {
    "plain sigmoid": ("sigmoid", {"kind": "normal", "std": 1.0}, 0.1),
    "plain relu": ("relu", {"kind": "normal", "std": 1.0}, 0.1),
    "small relu": ("relu", {"kind": "normal", "std": 0.1}, 0.1),
    "he relu": ("relu", {"kind": "he"}, 0.1),
    "he slow": ("relu", {"kind": "he"}, 0.01),
}


def settings_of(name):
    """Settings as a plan has them: layers repeat what the model says."""
    activation, init, lr = SETTINGS[name]
    layer = {"kind": "dense", "units": 5, "activation": {"kind": activation}, "init": init}
    model = {"activation": {"kind": activation}, "init": init, "layers": [layer, layer]}
    return {"model": model, "train": {"optimizer": {"kind": "sgd", "lr": lr}, "batch_size": 100}}


def compared(names=SETTINGS, final=accurate, compare=None, seeds=3):
    """A run of variants with settings."""
    plan = make_plan(list(names), seeds)
    plan = replace(plan, candidates=[replace(one, settings=settings_of(one.variant)) for one in plan.candidates])
    asked = compare or Compare("test_accuracy", "plain sigmoid")
    return report(state_of(plan, finished(plan, final)), Questions(compare=asked))


def apart(trial):
    """Ends so far apart that seeds do not hide it."""
    return {"train_loss": 0.1, "test_accuracy": 0.1 + 0.2 * trial.candidate + trial.seed / 1000}


def names_of(found):
    """The variants of a report in their order."""
    return [row.variant for row in found.table.rows]


def test_nothing_asked_is_the_same_report():
    """Without wishes the report is what it was."""
    found = compared()
    assert arranged(found, TableWishes()) is found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_number_changes(kind, tmp_path):
    """Whatever is asked for, each cell that is shown is the cell of the whole table, its mark and interval among it."""
    found = made(kind, tmp_path)
    first = found.table.rows[0]
    wishes = TableWishes(sort="-variant", filters=[first.variant])
    table = arranged(found, wishes).table
    whole = {row.candidate: row for row in found.table.rows}

    assert table.columns == found.table.columns
    for row in table.rows:
        assert row.variant == first.variant
        assert {key: row.cells[key] for key in whole[row.candidate].cells} == whole[row.candidate].cells


def test_columns_are_those_asked_for_in_their_order():
    """Metrics by name, at a step and by pattern, settings by their last word; columns the recipe does not name among them."""
    wanted = ["lr", "best_test_*", "train_loss@50", "test_accuracy", "model.init"]
    table = arranged(compared(), TableWishes(columns=wanted)).table
    text = comparison_table(table, table.rows)

    assert [heading.key for heading in text.headings] == [
        "variant", "train.optimizer.lr", "model.init", "seeds",
        "best_test_accuracy", "best_test_loss", "train_loss@50", "test_accuracy",
    ]  # fmt: skip
    assert [cell.text for cell in text.column("train.optimizer.lr")] == ["0.1"] * 4 + ["0.01"]
    assert [cell.text for cell in text.column("model.init")] == ["normal(std=1.0)"] * 2 + ["normal(std=0.1)"] + [
        "he"
    ] * 2


def test_a_column_that_is_asked_for_has_the_trials_numbers():
    """Its mean is that over the trials, also where the recipe does not compare it."""
    found = compared(compare=Compare("test_accuracy", columns=["train_loss"]))
    table = arranged(found, TableWishes(columns=["test_loss"])).table
    for row in table.rows:
        ends = [accurate(trial)["test_loss"] for trial in found.state.plan.trials if trial.variant == row.variant]
        assert row.cells["test_loss"].mean == pytest.approx(np.mean(ends))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("test_accuracy", ["plain sigmoid", "plain relu", "small relu", "he relu", "he slow"]),
        ("-test_accuracy", ["he slow", "he relu", "small relu", "plain relu", "plain sigmoid"]),
        ("variant", ["he relu", "he slow", "plain relu", "plain sigmoid", "small relu"]),
        ("lr", ["he slow", "plain sigmoid", "plain relu", "small relu", "he relu"]),
        ("-test_loss@50", list(SETTINGS)),
    ],
)
def test_rows_are_sorted(sort, expected):
    """By a metric, a name or a setting, from either end; rows that are alike keep their order."""
    assert names_of(arranged(compared(), TableWishes(sort=sort))) == expected


def test_rows_without_a_number_come_last():
    """From either end."""

    def final(trial):
        return {"diverged_at": 7} if trial.variant == "plain relu" else accurate(trial)

    for sort in ("test_loss", "-test_loss"):
        assert names_of(arranged(compared(final=final), TableWishes(sort=sort)))[-1] == "plain relu"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["test_accuracy>0.3"], ["plain relu", "small relu", "he relu", "he slow"]),
        (["test_accuracy > 30%", "test_accuracy<=0.5"], ["plain relu", "small relu", "he relu"]),
        (["*relu"], ["plain relu", "small relu", "he relu"]),
        (["!*relu"], ["plain sigmoid", "he slow"]),
        (["lr=0.1", "init=he"], ["he relu"]),
        (["init=normal"], ["plain sigmoid", "plain relu", "small relu"]),
        (["init=normal(std=0.1)"], ["small relu"]),
        (["activation!=relu"], ["plain sigmoid"]),
        (["lr<0.1"], ["he slow"]),
        (["train.optimizer.lr >= 0.1", "variant=plain*"], ["plain sigmoid", "plain relu"]),
        (["he slow"], ["he slow"]),
    ],
)
def test_rows_are_filtered(filters, expected):
    """By a metric, a setting or the name; several conditions must all hold."""
    assert names_of(arranged(compared(), TableWishes(filters=filters))) == expected


def test_filtering_says_that_m_stays():
    """A note says how many rows of how many are shown, that m is that of all, and that rows picked by a number are flattered."""
    found = compared()
    few = arranged(found, TableWishes(filters=["test_accuracy>0.45"]))
    notes = notes_of(few)

    assert notes[0] == "2 of 5 variants are shown (test_accuracy>0.45); intervals, marks and m are those of all 5"
    assert notes[1].startswith("the rows were picked by their own test_accuracy")
    assert [note for note in notes if "m = " in note] == [note for note in notes_of(found) if "m = " in note]
    assert few.table.columns[1].comparisons == found.table.columns[1].comparisons == 4


def test_marks_are_explained_where_they_are_shown():
    """The note on the best stands where its column is; where no row with the mark is left, it says so."""
    found = compared(final=apart, seeds=12)
    assert any(note.startswith("▲ best test_accuracy") for note in notes_of(found))
    assert not any("▲" in note for note in notes_of(arranged(found, TableWishes(columns=["train_loss"]))))
    worst = notes_of(arranged(found, TableWishes(filters=["plain sigmoid"])))
    assert any(note.endswith("; no row that has it is shown") for note in worst)


def test_diagnosis_trials_and_exports_follow_the_rows():
    """What is told and written of trials is of those that are shown."""
    few = arranged(compared(), TableWishes(filters=["he*"]))
    assert {trial.plan.variant for trial in few.trials} == {"he relu", "he slow"}
    assert all(line.count("plain") == 0 for line in document_of(few).diagnosis)


def test_what_is_the_same_in_every_row_is_hidden_and_told():
    """Settings and columns that do not differ among the rows that are shown are named with their value."""
    wanted = TableWishes(columns=["train.*", "parameters", "test_accuracy"], filters=["*relu"], hide_unchanged=True)
    table = arranged(compared(), wanted).table

    assert [one.path for one in table.settings] == []
    assert [column.key for column in table.columns] == ["test_accuracy"]
    (told,) = [note for note in table.remarks if note.startswith("the same in every row, and hidden: ")]
    for fact in ("train.optimizer.lr = 0.1", "train.batch_size = 100", "parameters = 21"):
        assert fact in told


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"columns": ["tset_loss"]}, "no metric or setting is called 'tset_loss'; did you mean 'test_loss'"),
        ({"columns": ["test_rmse"]}, "no trial of this run has a test_rmse; it has"),
        ({"columns": ["zz*"]}, "nothing that this run has matches 'zz*'"),
        ({"columns": ["test_loss@x"]}, "what stands behind the @ is a step"),
        ({"sort": "-actvation"}, "did you mean 'activation'"),
        ({"filters": ["test_accuracy>2"]}, "no row meets 'test_accuracy>2'; test_accuracy goes from 0.2"),
        ({"filters": ["test_accuracy>high"]}, "compared with a number, not 'high'"),
        ({"filters": ["lr<a"]}, "'<' takes a number, not 'a'"),
        ({"filters": ["nobody"]}, "no variant is called 'nobody'; there are plain sigmoid"),
        ({"filters": ["init=xavier"]}, "no row meets 'init=xavier'"),
        ({"filters": ["!"]}, "is no condition; write one such as"),
        ({"filters": ["lr=1", "lr=2"]}, "no row meets 'lr=1'"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(wishes, told):
    """An unknown name or a condition that nothing meets is one clear error."""
    with pytest.raises(UsageError) as caught:
        arranged(compared(), TableWishes(**wishes))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_without_numbers_can_be_arranged():
    """Before the first evaluation rows may be sorted by name."""
    assert names_of(arranged(empty(), TableWishes(sort="variant"))) == ["relu", "sigmoid"]


def test_a_pivot_has_every_row_in_its_place():
    """Each variant's cell stands where its two settings meet, with its mean and n; the rest is empty."""
    whole = compared(final=apart, seeds=12)
    found = pivoted(arranged(whole, TableWishes(filters=["!he relu"])), "init", "activation")
    (table,) = document_of(found).tables

    assert table.key == "pivot"
    assert [heading.title for heading in table.headings] == ["init, activation:", "sigmoid", "relu"]
    cells = {(row[0].text, heading.title): cell for row in table.rows for heading, cell in zip(table.headings, row)}  # noqa: B905
    expected = {
        ("normal(std=1.0)", "sigmoid"): "plain sigmoid",
        ("normal(std=1.0)", "relu"): "plain relu",
        ("normal(std=0.1)", "relu"): "small relu",
        ("he", "relu"): "he slow",
    }
    by_name = {row.variant: row.cells["test_accuracy"] for row in found.table.rows}
    for place, name in expected.items():
        assert cells[place].value == by_name[name].mean
        assert cells[place].aside.endswith("(n=12)")
        assert (cells[place].mark != "") == by_name[name].best
    assert cells["he", "sigmoid"].joined == cells["normal(std=0.1)", "sigmoid"].joined == ""
    assert [cells["he", "relu"].mark, cells["normal(std=1.0)", "sigmoid"].mark] == ["▲", ""]


def test_a_pivot_averages_over_nothing():
    """Where two rows would share a place it is refused, with what differs and how to fix it."""
    with pytest.raises(UsageError) as caught:
        pivoted(compared(), "init", "activation")
    assert "'he relu' and 'he slow' would share one place" in str(caught.value)
    assert "they differ in train.optimizer.lr too" in str(caught.value)
    assert "--filter 'lr=0.1'" in str(caught.value)


def test_a_pivot_says_what_else_changes():
    """A further setting that goes with one of the two, or with neither, is named."""
    few = arranged(compared(), TableWishes(filters=["!he relu"]))
    (along,) = document_of(pivoted(few, "init", "activation")).tables
    assert list(along.notes) == ["train.optimizer.lr changes with model.init"]
    few = arranged(compared(), TableWishes(filters=["!small*", "!he relu"]))
    few = replace(few, table=replace(few.table, rows=[row for row in few.table.rows if row.variant != "plain relu"]))
    assert pivoted(few, "init", "activation").pivot.remarks == ["train.optimizer.lr changes with model.init"]


def test_a_search_is_laid_out_by_what_it_varies():
    """With a searched setting every candidate has its place; with others each variant's best has."""
    search = {name: [{"train.optimizer.lr": lr} for lr in (1.0, 0.1)] for name in ("a", "b")}
    plan = make_plan(search, 3)
    found = report(state_of(plan, finished(plan, accurate)), Questions(compare=Compare("test_accuracy")))
    pivot = pivoted(found, "variant", "lr").pivot

    assert len(pivot.places) == 4
    assert pivot.column_values == ["0.1", "1.0"]
    assert [pivot.places["b", lr].choice["train.optimizer.lr"] for lr in ("0.1", "1.0")] == [0.1, 1.0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("actvation", "init"), "did you mean 'activation'"),
        (("init", "init"), "--rows and --cols are both model.init"),
        (("init", "batch_size"), "train.batch_size is 100 in every row"),
        (("init", "activation", "lr"), "'lr' is a setting; --metric takes a metric"),
        (("init", "activation", "test_acuracy"), "did you mean 'test_accuracy'"),
    ],
)
def test_a_pivot_that_cannot_be_is_refused(asked, told):
    """Unknown settings, constant ones, and what is no metric."""
    with pytest.raises(UsageError) as caught:
        pivoted(compared(), *asked)
    assert told in str(caught.value)


def test_what_is_higher_up_is_meant():
    """A name is the model's setting where layers have their own of that name, which differ in another way."""
    found = compared()
    plan = found.state.plan
    plan.candidates[0].settings["model"]["layers"][0] = {"kind": "maxout", "init": {"kind": "zeros"}}

    assert Factors(plan).find("init", range(len(plan.candidates))).path == "model.init"


def test_a_name_that_may_be_several_settings_is_refused():
    """Where layers differ in their own ways, the shortest of equal names is meant only if it tells the others."""
    found = compared()
    plan = found.state.plan
    first, *others = plan.candidates
    first.settings["model"]["layers"][0] = {**first.settings["model"]["layers"][0], "units": 7}
    others[0].settings["model"]["layers"][1] = {**others[0].settings["model"]["layers"][1], "units": 9}
    with pytest.raises(UsageError, match=r"'units' may be model.layers.0.units or model.layers.1.units"):
        Factors(plan).find("units", range(len(plan.candidates)))
