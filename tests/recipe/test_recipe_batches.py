"""Batches that a layer cannot learn from are found before anything trains; class weights fit the classes."""

from __future__ import annotations

import pytest

from dlbench.errors import RecipeError

TEXT = """\
[data]
kind = "digits"
limit = 34
[model]
layers = ["flatten", { kind = "dense", units = 8, activation = "identity" }, "batch_norm", "activation"]
[train]
batch_size = 11
epochs = 5
"""
NEED = "but batch_norm1 needs at least 2 in training"
LAST = f"34 samples in batches of 11 leave 1 for the last one, {NEED}; set train.drop_last = true, or another batch_size such as 12"


def said(loaded, text):
    """What is wrong with a recipe, or nothing."""
    try:
        loaded(text)
    except RecipeError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], f"mine.toml:7: train.batch_size: {LAST}"),
        ([("epochs = 5", "steps = 4")], f"mine.toml:7: train.batch_size: {LAST}"),
        ([("epochs = 5", "steps = 3")], None),
        ([("= 11", "= 11\ndrop_last = true")], None),
        ([("= 11", "= 12")], None),
        ([("= 11", "= 34")], None),
        ([("= 11", '= "full"')], None),
        (
            [("= 11", "= 1")],
            f"mine.toml:7: train.batch_size: a batch has 1 sample, {NEED}; take a batch_size of 2 or more",
        ),
        (
            [("= 34", "= 1"), ("= 11", '= "full"')],
            f"mine.toml:3: data.limit: there is 1 sample to train on, {NEED}; take more",
        ),
        ([('"batch_norm", ', "")], None),
        ([('"batch_norm"', '{ kind = "residual", layers = ["batch_norm"] }')], f"mine.toml:7: train.batch_size: {LAST}"),
        ([('"flatten", { kind = "dense", units = 8, activation = "identity" }, ', ""), ('"activation"]', '"flatten"]')], None),
    ],
    ids=[
        "last of one", "in the last step", "before the last", "dropped", "of two", "of all", "full", "one each", "one in all",
        "no such layer", "nested", "images",
    ],
)  # fmt: skip
def test_a_batch_that_a_layer_cannot_take_is_told(loaded, changes, message):
    """Batch norm of flat input needs two samples in every batch that is trained on; of images one will do."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)

    assert said(loaded, text) == message


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ('"balanced"', None),
        ("[1, 1, 1, 1, 1, 1, 1, 1, 1, 10.5]", None),
        ("[1, 2]", "has 2 numbers, but the data has 10 classes: '0', '1', '2' and 7 more"),
        ("[1, 0]", 'takes "balanced", or a list of numbers from 1e-6 to 1e6, one per class, not the list [1, 0]'),
        ("[1, inf]", 'takes "balanced", or a list of numbers from 1e-6 to 1e6, one per class, not the list [1, inf]'),
        (
            "[1, 1e39]",
            'takes "balanced", or a list of numbers from 1e-6 to 1e6, one per class, not the list [1, 1e+39]',
        ),
        ('"balance"', 'takes "balanced", or a list of numbers from 1e-6 to 1e6, one per class, not the text "balance"'),
    ],
)
def test_class_weights_fit_the_classes(loaded, weights, message):
    """They are "balanced" or one number for each class, neither 0 nor beyond single precision."""
    wrong = said(loaded, TEXT.replace("batch_size = 11", f"class_weights = {weights}"))

    assert wrong == (None if message is None else f"mine.toml:7: train.class_weights: {message}")
