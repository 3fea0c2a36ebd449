"""What columns become, and the refusals that name every column with both ways out."""

from __future__ import annotations

import re
import tomllib

import numpy as np
import psutil
import pytest
from csv_files import described, pairs_of, refused, rows_of, write
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from dlbench.errors import SetupError
from dlbench.parts.datasets import load_data
from dlbench.recipe.parts import settings_of


def pasted(text):
    """The keys that a refusal offers after its last "or", as a recipe would hold them."""
    lines = re.findall(r"`([a-z_]+ = .*?)`", text.rpartition("; or ")[2])
    return tomllib.loads("\n".join(lines))


def test_a_refusal_names_every_column_and_what_it_offers_works(tmp_path):
    """Text, gaps and words among numbers in one sentence; the keys it gives, pasted, make all of them features."""
    rows = "".join(f"{'SML'[i % 3]},{'red' if i % 2 else 'blue'},{'' if i == 5 else i},{'none yet' if i == 7 else i},{i}.5,{i % 2}\n"
                   for i in range(60))  # fmt: skip
    path = write(tmp_path / "t.csv", "size,colour,weight,price,depth,kind\n" + rows)
    text = refused(path)

    assert "2 columns hold text: size (3 values), colour (2 values)" in text
    assert "1 column lacks values: weight (1 of 60 rows)" in text
    assert "1 column holds numbers and a few words: price ('none yet' 1 times)" in text
    assert '`ignore = ["size", "colour", "weight", "price"]` to leave them out' in text
    source = described(path, **pasted(text))
    assert source.feature_names == (
        "size=L",
        "size=M",
        "size=S",
        "colour=blue",
        "colour=red",
        "weight",
        "price",
        "depth",
    )
    assert source.train + source.test == 60


def test_what_is_nearly_unique_is_only_left_out(tmp_path):
    """A name a row teaches nothing, unless there is nothing else; the label is looked at before the features."""
    rows = "".join(f"person {i},{i % 3},{'ab'[i % 2]}\n" for i in range(20))
    text = refused(write(tmp_path / "t.csv", "name,size,kind\n" + rows))

    assert text.endswith('Under [data], write `ignore = ["name"]` to leave it out')
    assert pasted(refused(tmp_path / "t.csv", ignore=["size"])) == {"text": "one_hot"}
    assert "20 different values in 20 rows" in refused(tmp_path / "t.csv", label="name")


def test_ways_out_keep_what_the_recipe_leaves_out_already(tmp_path):
    """A pasted list replaces the recipe's, so it must hold the old names too; nameless columns go by position."""
    path = write(tmp_path / "t.csv", ",size,id,depth,kind\n" + "x,S,q,1,a\ny,M,r,2,b\n" * 5)
    text = refused(path, ignore=["id"])

    assert '`ignore = ["id", 0, "size"]`' in text


def test_text_becomes_a_feature_a_value(tmp_path):
    """As scikit-learn's one-hot encoder has it, values in sorted order, a missing cell being a value of its own."""
    rows = [["red", "S"], ["blue", "M"], ["red", ""], ["green", "S"], ["blue", "M"], ["green", ""]]
    path = write(
        tmp_path / "t.csv", "colour,size,kind\n" + "".join(f"{c},{s},{'ab'[i % 2]}\n" for i, (c, s) in enumerate(rows))
    )
    expected = OneHotEncoder(sparse_output=False).fit_transform([[c, s or "~"] for c, s in rows])
    x, _ = rows_of(path, text="one_hot")

    assert described(path, text="one_hot").feature_names == (
        "colour=blue", "colour=green", "colour=red", "size=M", "size=S", "size=(missing)"
    )  # fmt: skip
    assert sorted(x.tolist()) == sorted(expected.tolist())


def test_more_features_than_memory_are_refused_before_they_are_made(tmp_path, monkeypatch):
    """Text of many values makes many features of a small file: what they take is told, beside what is free."""
    path = write(tmp_path / "t.csv", "name,kind\n" + "".join(f"n{i},{'ab'[i % 2]}\n" for i in range(3000)))
    described(path, text="one_hot")
    free = psutil.virtual_memory()._replace(available=100 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)

    assert "this data takes 0.1 GiB of memory, but 0.1 GiB are free here" in refused(path, text="one_hot")


def test_an_ordered_text_becomes_its_place_in_the_order(tmp_path):
    """As scikit-learn's ordinal encoder has it; a value outside of the order is named."""
    sizes = ["S", "L", "M", "L", "S", "M"]
    path = write(tmp_path / "t.csv", "size,kind\n" + "".join(f"{s},{'ab'[i % 2]}\n" for i, s in enumerate(sizes)))
    expected = OrdinalEncoder(categories=[["S", "M", "L"]]).fit_transform([[size] for size in sizes])
    x, _ = rows_of(path, ordinal={"size": ["S", "M", "L"]})

    assert sorted(x[:, 0]) == sorted(expected[:, 0])
    assert refused(path, ordinal={"size": ["S", "L"]}).startswith("'ordinal' of 'size' does not list 'M'")


@pytest.mark.parametrize("how", ["mean", "median"])
def test_gaps_are_filled_from_training_rows_and_marked(tmp_path, how):
    """The statistic is that of the training rows that have a value; the indicator is 1 where there was none."""
    values = [1.0, 2.0, np.nan, 10.0, 30.0, np.nan, 7.0, 8.0, 100.0, 5.0, 3.0, np.nan]
    text = "".join(f"{'' if np.isnan(v) else v},{i},{'ab'[i % 2]}\n" for i, v in enumerate(values))
    path = write(tmp_path / "t.csv", "v,row,kind\n" + text)
    arrays = load_data({"kind": "csv", "path": path, "missing": how, "missing_indicator": True, "test_share": 0.3})
    train_rows = arrays.x_train[:, 2].astype(int)
    expected = getattr(np, f"nan{how}")(np.array(values)[train_rows])

    assert described(path, missing=how, missing_indicator=True).feature_names == ("v", "v is missing", "row")
    for x in (arrays.x_train, arrays.x_test):
        was_missing = np.isnan(np.array(values)[x[:, 2].astype(int)])
        np.testing.assert_array_equal(x[:, 1], was_missing)
        np.testing.assert_allclose(x[was_missing, 0], expected, rtol=1e-6)


def test_rows_with_gaps_are_dropped_on_request_and_counted(tmp_path):
    """Only whole rows stay, and a note says how many went."""
    path = write(tmp_path / "t.csv", "v,kind\n1,a\n,a\n3,b\n4,\n5,a\n6,b\n7,a\n8,b\n")

    assert pairs_of(path, missing="drop") == [("a", 1), ("a", 5), ("a", 7), ("b", 3), ("b", 6), ("b", 8)]
    assert "2 of 8 rows lack a value and are left out" in described(path, missing="drop").notes


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a,b,kind\n" + "".join(f"{i if i % 10 else '.'},{i}.5,{i % 2}\n" for i in range(60)), 54),
        ("a,b,kind\n" + "".join(f"{i},{i}.5,{i % 2}\n" for i in range(60)) + ",,\n", 60),
        ("a,b,kind\n" + "".join(f"{i},{i}.5,{i % 2}\n" for i in range(60)) + "Total,60,\n", 60),
        (
            "n,b,kind\n" + "".join(f"{f'name {i}' if i % 4 else ''},{i if i % 3 else ''},{i % 2}\n" for i in range(60)),
            40,
        ),
    ],
    ids=["words-among-numbers", "an-empty-last-row", "a-row-of-sums", "gaps-in-names-that-are-left-out"],
)
def test_what_a_refusal_says_that_drop_keeps_is_kept(tmp_path, text, kept):
    """The keys that a refusal offers, pasted with missing = "drop", leave as many rows as it says, with all that can be learned."""
    path = write(tmp_path / "t.csv", text)
    told = refused(path)
    assert re.search(r"keeps ([\d,]+) of", told)[1] == str(kept)
    offered = told.rpartition("; or ")[2] if "; or " in told else told
    keys = tomllib.loads("\n".join(re.findall(r"`((?:ignore|missing_words) = \[.*?\])`", offered)))
    assert (
        sum(described(path, missing="drop", **keys).train_per_class) + described(path, missing="drop", **keys).test
        == kept
    )


def test_no_way_out_leaves_nothing_to_learn_from(tmp_path):
    """Where every column is concerned, leaving them all out is not offered."""
    assert "ignore" not in refused(
        write(tmp_path / "t.csv", "a,kind\n" + "".join(f"{i % 9 or ''},{i % 2}\n" for i in range(60)))
    )
    assert "No other column" in refused(
        write(tmp_path / "t.csv", "a,kind\n" + "".join(f"1e99,{i % 2}\n" for i in range(60)))
    )


def test_a_line_for_excel_is_refused_by_name(tmp_path):
    """The line that tells Excel the delimiter is no header and no sample."""
    with pytest.raises(SetupError, match=r"t\.csv:1: 'sep=;' is only for Excel; remove this line"):
        described(write(tmp_path / "t.csv", "sep=;\na;kind\n1;x\n2;y\n"))


def test_time_stamps_keep_their_digits(tmp_path):
    """200 times half a second apart are 200 values after normalizing, as in scikit-learn; without it they are noted."""
    times = 1_700_000_000 + np.random.default_rng(0).permutation(200) / 2
    path = write(
        tmp_path / "t.csv", "time,late\n" + "".join(f"{t!r},{int(t > times.mean())}\n" for t in times.tolist())
    )
    x, _ = rows_of(path, normalize="standard")
    arrays = load_data({"kind": "csv", "path": path, "normalize": "standard", "test_share": 0.4})
    scaler = StandardScaler().fit(np.sort(times)[:, None])

    assert len(np.unique(x)) == 200
    assert abs(arrays.x_train.mean()) < 1e-6
    np.testing.assert_allclose(np.diff(np.sort(x[:, 0])).std(), 0, atol=1e-6)
    assert np.corrcoef(np.sort(x[:, 0]), scaler.transform(np.sort(times)[:, None])[:, 0])[0, 1] > 0.999999
    assert not arrays.notes
    raw = load_data({"kind": "csv", "path": path, "normalize": "none", "test_share": 0.4}).notes
    assert any(f"the {len(arrays.x_train)} different values of 'time' are 2 in float32" in note for note in raw)


@pytest.mark.parametrize(("cell", "is_refused"), [("inf", True), ("-Infinity", True), ("1e99", True), ("1e30", False)])
def test_numbers_that_float32_cannot_hold_are_refused(tmp_path, cell, is_refused):
    """Infinity is no number to learn from, and neither is what float32 makes infinite."""
    path = write(tmp_path / "t.csv", f"v,kind\n1,a\n{cell},a\n3,b\n4,b\n")
    if is_refused:
        assert "1 column holds numbers beyond float32: v (1 of 4 rows)" in refused(path)
    else:
        assert described(path, test_share=0.5).shape == (1,)


def test_a_column_that_counts_the_rows_is_noted(tmp_path):
    """pandas writes its index as a nameless first column; learning from it is hardly meant."""
    path = write(
        tmp_path / "t.csv", ",v,id,kind\n" + "".join(f"{i},{i * i % 7},{i + 100},{'ab'[i % 2]}\n" for i in range(20))
    )

    assert described(path).notes == (
        "column 0 has no name and numbers the rows; `ignore = [0]` leaves it out",
        'column "id" numbers the rows; `ignore = ["id"]` leaves it out',
    )


@pytest.mark.parametrize("header", ["v,kind,\n", "v,kind\n", ""])
def test_a_delimiter_at_the_end_of_each_row_makes_no_column(tmp_path, header):
    """The last column is the one before it, with a header that ends so or not, or none."""
    path = write(tmp_path / "t.csv", header + "1,a,\n2,a,\n3,b,\n4,b,\n")

    assert pairs_of(path) == [("a", 1), ("a", 2), ("b", 3), ("b", 4)]


def test_an_empty_column_without_a_name_is_left_out_with_a_note(tmp_path):
    """With a name it is told of, since somebody meant it."""
    text = "1,,a\n2,,a\n3,,b\n4,,b\n"
    source = described(write(tmp_path / "t.csv", "v,,kind\n" + text), test_share=0.5)

    assert source.feature_names == ("v",)
    assert "column 1 is empty and has no name: it is left out" in source.notes
    assert "1 column is empty: w (all 4 rows)" in refused(write(tmp_path / "t.csv", "v,w,kind\n" + text))


def test_codes_beside_words_are_categories(tmp_path):
    """0, 1, 2, 3+ is a column of text with four values; many numbers beside a word are not."""
    path = write(
        tmp_path / "t.csv", "n,kind\n" + "".join(f"{['0', '1', '2', '3+'][i % 4]},{'ab'[i % 2]}\n" for i in range(20))
    )

    assert described(path, text="one_hot").feature_names == ("n=0", "n=1", "n=2", "n=3+")


def test_many_words_in_few_cells_are_no_categories(tmp_path):
    """A column of measurements with all sorts of remarks in some rows is named with its words, not made into categories."""
    cells = [f"remark {i}" if i % 15 == 0 else str(i / 7) for i in range(150)]
    path = write(tmp_path / "t.csv", "n,kind\n" + "".join(f"{cell},{'ab'[i % 2]}\n" for i, cell in enumerate(cells)))

    assert "holds numbers and a few words: n ('remark 0' 1 times" in refused(path, text="one_hot")


def test_a_recipe_may_write_every_key():
    """The keys pass the checker as TOML gives them, and lists keep numbers and names apart."""
    written = tomllib.loads(
        'kind = "csv"\npath = "t.csv"\nignore = ["Name", 0, -1]\ntext = "one_hot"\nmissing = "median"\n'
        'missing_indicator = true\nmissing_words = ["", "-999"]\ndelimiter = ";"\ndecimal = ","\nencoding = "latin-1"\n'
        'label_as = "classes"\nordinal = { size = ["S", "M", "L"], "a b" = ["no", "yes"] }\n'
    )
    settings = settings_of("datasets", written)

    assert {key: settings[key] for key in written} == written
