"""What a recipe may ask where classes are learned, and where numbers are; and output layers that hardly anyone means."""

from __future__ import annotations

import pytest

from dlbench.errors import RecipeError

PRICES = """\
[data]
kind = "csv"
path = "prices.csv"
target = "price"
validation = 10
[model]
layers = []
[train]
steps = 10
[variants.a]
[variants.b]
train.loss = "l1"
"""
DIGITS = """\
[data]
kind = "digits"
limit = 100
[model]
layers = [{ kind = "flatten" }]
[train]
steps = 10
"""


@pytest.fixture
def read(loaded, tmp_path):
    """Load a recipe beside a table of prices: the recipe, or what is wrong with it."""
    rows = [f"{i / 7},{100 + i * 37 % 101}" for i in range(90)]
    (tmp_path / "prices.csv").write_text("\n".join(["size,price", *rows]) + "\n", encoding="utf-8")

    def tried(text):
        try:
            return loaded(text)
        except RecipeError as error:
            return [f"{problem.path}: {problem.what}" for problem in error.problems]

    return tried


def test_numbers_are_compared_by_rmse(read):
    """Where a recipe names no metric the task's own decides, and each candidate knows what it learns."""
    prices, digits = read(PRICES), read(DIGITS)

    assert (prices.questions.compare.metric, digits.questions.compare.metric) == ("test_rmse", "test_accuracy")
    assert {one.task for one in prices.candidates} == {"regression"}
    assert [one.settings["train"]["loss"] for one in prices.candidates] == [{"kind": "mse"}, {"kind": "l1"}]
    assert [one.settings["model"]["output"]["units"] for one in (*prices.candidates, *digits.candidates)] == [1, 1, 10]


CLASSES = "is of classes, but what is learned here is numbers; take 'test_rmse', 'test_mae' or 'test_r2'"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('[compare]\nmetric = "test_accuracy"', f"compare.metric: 'test_accuracy' {CLASSES}"),
        ('[compare]\ncolumns = ["test_r2@5", "recall@cat"]', f"compare.columns[1]: 'recall@cat' {CLASSES}"),
        (
            '[compare]\nsolved = { metric = "train_accuracy", at_least = 1 }',
            f"compare.solved.metric: 'train_accuracy' {CLASSES.replace('test_', 'train_')}",
        ),
        (
            '[[claims]]\nsays = "x"\nsource = "measured"\nvariant = "a"\nmetric = "overfit_gap"\nat_most = 1',
            f"claims[0].metric: 'overfit_gap' {CLASSES}",
        ),
        (
            '[train.early_stopping]\nmetric = "validation_accuracy"',
            f"train.early_stopping.metric: 'validation_accuracy' {CLASSES.replace('test_', 'validation_')}",
        ),
        ('[[breakpoints]]\nwhen = "test_accuracy > 0.5"', f"breakpoints[0].when: 'test_accuracy' {CLASSES}"),
        (
            '[train]\nclass_weights = "balanced"',
            "train.class_weights: weigh classes, but the target is numbers; leave them out",
        ),
        (
            '[train]\nloss = "cross_entropy"',
            "train.loss: 'cross_entropy' is not a loss for numbers; take 'mse', 'l1' or 'huber' (in variant 'a')",
        ),
        (
            "[model.output]\nunits = 3",
            "model.output.units: the output layer has 3 units, but there is 1 target; leave 'units' out",
        ),
        (
            "[ensemble]\nsizes = [2]",
            "ensemble: combines probabilities of classes, and a net that learns by 'mse' says none",
        ),
    ],
)
def test_what_only_classes_have_is_one_clear_error(more, problem, read):
    """Metrics, rules, weights, losses and ensembles of classes are refused at their place, where numbers are learned."""
    section = more.splitlines()[0]
    text = PRICES
    if f"{section}\n" in text:
        text = text.replace(f"{section}\n", f"{more}\n")
    elif section.startswith(("[model.", "[train.")):
        text = text.replace("[variants.a]", f"{more}\n[variants.a]")
    else:
        text += f"{more}\n"

    assert read(text) == [problem]


def test_classes_have_no_rmse(read):
    """And the other way round."""
    found = read(DIGITS + '[compare]\nmetric = "best_test_rmse"\n')

    assert found == [
        "compare.metric: 'best_test_rmse' is of numbers, but what is learned here is classes; take 'test_accuracy'"
    ]


def test_one_table_has_one_task(read):
    """Variants that learn classes are not compared with variants that learn numbers."""
    text = (
        PRICES.replace("validation = 10\n", "")
        + '[variants.c]\ndata = { kind = "digits" }\nmodel.layers = [{ kind = "flatten" }]\n'
    )

    assert read(text) == [
        "data: variants learn 'numbers' and 'classes', which no table compares; make a recipe of each"
    ]


@pytest.mark.parametrize(
    ("output", "loss", "note"),
    [
        ("units = 10", "cross_entropy", None),
        ('activation = "sigmoid"', "mse", None),
        ('activation = "softmax"', "mse", None),
        (
            'activation = "softmax"',
            "cross_entropy",
            "'cross_entropy' takes plain sums and puts a softmax behind them itself",
        ),
        ('activation = "sigmoid"', "bce", "'bce' takes plain sums and puts a sigmoid behind them itself"),
        (
            'activation = "tanh"',
            "mse",
            "the targets are 0 and 1, and 'tanh' does not go from 0 to 1 as 'sigmoid' and 'softmax' do",
        ),
        ("units = 12", "bce", "12 output units for 10 classes: the last ones are never right"),
    ],
)
def test_what_is_hardly_meant_is_noted(output, loss, note, read):
    """An output layer that its loss does not expect can be trained, and `check` says so once; what fits is not noted."""
    found = read(DIGITS.replace("steps = 10", f'steps = 10\nloss = "{loss}"') + f"[model.output]\n{output}\n")

    assert [text.partition(": ")[2].partition(";")[0] for text in found.notes] == ([note] if note else [])


def test_a_bounded_output_of_numbers_is_noted(read):
    """Numbers do not stay where an activation ends."""
    found = read(PRICES.replace("[variants.a]", '[model.output]\nactivation = "relu"\n[variants.a]'))

    (note,) = found.notes
    assert (
        note == "model.output.activation: 'relu' keeps what is said above 0, where targets that are numbers do not stay"
    )


def test_too_few_units_cannot_run(read):
    """Nine outputs tell no ten classes apart."""
    found = read(DIGITS + "[model.output]\nunits = 9\n")

    assert found == [
        "model.output.units: 9 output units cannot tell 10 classes apart; it takes 10, or leave 'units' out"
    ]
