"""Metrics of one class in a recipe: told apart from steps, and held against the classes that there are."""

from __future__ import annotations

import pytest

from dlbench.errors import RecipeError

TEXT = """\
[data]
kind = "csv"
path = "pets.csv"
[model]
layers = []
[train]
steps = 10
[variants.a]
[variants.b]
train.optimizer = { kind = "sgd", lr = 0.5 }
[compare]
metric = "METRIC"
columns = ["COLUMN"]
[[claims]]
says = "b is better"
variant = "b"
metric = "CLAIM"
source = "measured"
better_than = "a"
"""


@pytest.fixture
def wrong(loaded, tmp_path):
    """What is wrong with a recipe on cats, dogs and birds that names these metrics, or nothing."""
    rows = [f"{i % 7 - 3}.5,{i % 5}.25,{('cat', 'dog', 'bird')[i % 3]}" for i in range(60)]
    (tmp_path / "pets.csv").write_text("\n".join(["size,age,pet", *rows]) + "\n", encoding="utf-8")

    def tried(metric="recall@cat", column="recall@dog@10", claim="worst_recall", more=""):
        text = TEXT.replace("METRIC", metric).replace("COLUMN", column).replace("CLAIM", claim) + more
        try:
            loaded(text)
        except RecipeError as error:
            return str(error).removeprefix("mine.toml:")
        return None

    return tried


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({}, None),
        ({"column": "recall@bird", "claim": "recall@bird"}, None),
        ({"column": "balanced_accuracy@10"}, None),
        (
            {"column": "recall@cat@9"},
            "13: compare.columns[0]: 'recall@cat' is known only at the end of training, not at step 9; remove the step",
        ),
        (
            {"claim": "worst_recall", "more": "at_step = 5"},
            "20: claims[0].at_step: 'worst_recall' is known only at the end of training, not at step 5; remove the step",
        ),
        ({"metric": "recall@cta"}, "12: compare.metric: the data has no class 'cta'; did you mean 'cat'?"),
        ({"metric": "recall@0"}, "12: compare.metric: the data has no class '0'; there are 'bird', 'cat' and 'dog'"),
        ({"column": "recall@dgo@10"}, "13: compare.columns[0]: the data has no class 'dgo'; did you mean 'dog'?"),
        ({"column": "recall@dog@end"}, "13: compare.columns[0]: the data has no class 'dog@end'; did you mean 'dog'?"),
        ({"claim": "recall@dog@5"}, "17: claims[0].metric: the data has no class 'dog@5'; did you mean 'dog'?"),
        (
            {"metric": "recall"},
            "12: compare.metric: 'recall' is of one class: write its name behind it, as in 'recall@cat'",
        ),
        (
            {"column": "recall@"},
            "13: compare.columns[0]: 'recall' is of one class: write its name behind it, as in 'recall@cat'",
        ),
        (
            {"metric": "recal@cat"},
            "12: compare.metric: no metric is called 'recal@cat' here; did you mean 'recall'?",
        ),
    ],
)
def test_a_metric_of_a_class_names_one_that_there_is(wrong, names, message):
    """`recall@NAME` takes a class of the data, `recall@NAME@STEP` in a column also a step; a wrong one gets a suggestion."""
    assert wrong(**names) == message
