"""Labels are text that names a class: what is missing, what is one class in two spellings, what is no class at all."""

from __future__ import annotations

import re
import tomllib

import numpy as np
import pytest
from csv_files import described, refused, write


@pytest.mark.parametrize("word", ["", "nan", "NaN", "NA", "N/A", "null", "NULL", "None", "?", "-", " ? "])
def test_words_for_a_missing_label_are_no_class(tmp_path, word):
    """Rows without a label are refused with their lines and the spelling, and dropped on request."""
    path = write(tmp_path / "t.csv", f"v,kind\n1,a\n2,{word}\n3,b\n\n4,{word}\n5,a\n6,b\n")
    text = refused(path)

    assert f"no label at lines 3, 6 ({word.strip()!r})" in text
    assert 'write `missing = "drop"` (keeps 4 of 6 rows) under [data]' in text
    if word.strip():
        words = tomllib.loads(re.search("`(missing_words = .*)`$", text)[1])["missing_words"]
        assert described(path, test_share=0.5, missing_words=words).names == tuple(sorted(["a", "b", word.strip()]))
    assert described(path, missing="drop", test_share=0.5).names == ("a", "b")


def test_words_for_missing_values_are_what_the_recipe_says(tmp_path):
    """A number may stand for a missing value, and a word of the usual list may be a class."""
    path = write(tmp_path / "t.csv", "v,kind\n1,none\n-999,none\n3,mild\n4,mild\n")

    assert described(path, missing_words=["-999"], missing="mean", test_share=0.5).names == ("mild", "none")
    assert "lacks values: v (1 of 4 rows)" in refused(path, missing_words=["-999"])


def test_labels_keep_their_spelling(tmp_path):
    """Version numbers are three classes, not two; two spellings of one value are noted."""
    path = write(tmp_path / "t.csv", "v,version\n" + "1,1.10\n2,1.1\n3,1.2\n" * 5)
    source = described(path)

    assert source.names == ("1.1", "1.10", "1.2")
    assert source.train_per_class == (4, 4, 4)
    assert any("'1.1' and '1.10' are different classes" in note for note in source.notes)


@pytest.mark.parametrize(
    ("labels", "names", "is_noted"),
    [
        (["1", "1.0"], ("1", "1.0"), True),
        (["Yes", "yes"], ("Yes", "yes"), True),
        (["10", "9"], ("9", "10"), False),
        (["007", "7"], ("007", "7"), True),
        (["no", "yes"], ("no", "yes"), False),
        (["cafe\u0301", "caf\u00e9"], ("cafe\u0301", "caf\u00e9"), True),
    ],
)
def test_spellings_of_one_value_are_noted_not_merged(tmp_path, labels, names, is_noted):
    """Classes are sorted by value where all are numbers."""
    path = write(tmp_path / "t.csv", "v,kind\n" + "".join(f"{i},{labels[i % 2]}\n" for i in range(10)))
    source = described(path)

    assert source.names == names
    assert any("are different classes" in note for note in source.notes) == is_noted


def column(values):
    """A table whose labels are these."""
    return "size,kind\n" + "".join(f"{index % 7},{value}\n" for index, value in enumerate(values))


PRICES = (4 * np.random.default_rng(0).integers(5, 55, 200)).tolist()


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (PRICES, "they look like measured numbers"),
        ([i % 301 for i in range(301 * 10)], "they look like measured numbers"),
        ([i % 301 for i in range(301 * 30)], "they look like measured numbers"),
        ([round(5 + i * 37 % 100 / 10, 1) for i in range(300)], "they look like measured numbers"),
        ((18 + np.random.default_rng(1).integers(0, 50, 600)).tolist(), "they look like measured numbers"),
        ([f"name {i % 40}" for i in range(90)], "40 of which occur in fewer than 5 rows"),
        ([f"name {i}" for i in range(90)], "90 different values in 90 rows"),
        ([f"{i}.5" for i in range(90)], "they look like measured numbers"),
        ([7 * i for i in range(90)], "they look like measured numbers"),
        (["a"] * 20, "has the same value in every row, 'a'"),
    ],
)
def test_labels_that_name_no_classes_are_refused_with_a_way_on(tmp_path, labels, says):
    """Prices, ages and names are not taken for classes without a word; another column may be the label."""
    text = refused(write(tmp_path / "t.csv", column(labels)))

    assert says in text
    assert "`label = ...` chooses another column" in text


def test_numbers_with_a_comma_are_numbers_as_labels_too(tmp_path):
    """Prices with a decimal comma are measured, and two of them are sorted by value."""
    prices = "size;price\n" + "".join(f"{i % 7},5;{i * 37 % 100 + 20},{i % 10}\n" for i in range(300))
    grades = "1,5;10,5\n2,5;9,5\n" * 10

    assert "they look like measured numbers" in refused(write(tmp_path / "t.csv", prices))
    assert described(write(tmp_path / "t.csv", grades)).names == ("9,5", "10,5")


@pytest.mark.parametrize(
    "labels",
    [
        [i % 40 for i in range(400)],
        [1 + i % 30 for i in range(180)],
        [100 + 7 * (i % 25) for i in range(25 * 20)],
        [f"{1 + i % 3}.{i % 4}" for i in range(240)],
        [3 + (i * i) % 7 for i in range(70)],
    ],
    ids=["faces", "from-one", "codes", "versions", "grades"],
)
def test_numbers_that_are_codes_of_classes_are_taken(tmp_path, labels):
    """Numbers that count up, or that each stand in many rows, or that are few, are classes."""
    source = described(write(tmp_path / "t.csv", column(labels)))
    assert source.classes == len(set(labels))
    assert any("is a class of its own" in note for note in source.notes) == (labels[1] == 107)


def test_measured_numbers_are_classes_if_the_recipe_says_so(tmp_path):
    """The refusal's own way on."""
    path = write(tmp_path / "t.csv", column(PRICES))

    assert described(path, label_as="classes").classes == len(set(PRICES))
