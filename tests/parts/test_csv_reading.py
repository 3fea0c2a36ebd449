"""How a text file becomes rows and columns: delimiter, quotes, header, encoding; and what is refused at which line."""

from __future__ import annotations

import csv
import os

import numpy as np
import psutil
import pytest
from csv_files import described, pairs_of, rows_of, write
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import SetupError
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS

Y = [0, 1, 2, 0, 1, 2]
FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)
words = st.text(st.characters(exclude_categories=("C", "Z", "N")), min_size=1, max_size=5).filter(
    lambda word: word.lower() not in MISSING_WORDS
)


@settings(max_examples=30)
@given(
    x=st.lists(st.tuples(*[FLOATS] * 2), min_size=6, max_size=6),
    names=st.lists(words, min_size=3, max_size=3, unique_by=str.casefold),
    place=st.integers(0, 2),
    delimiter=st.sampled_from(",;\t|"),
    header=st.booleans(),
)
def test_csv_round_trip(tmp_path, x, names, place, delimiter, header):
    """Whatever the label's column, the header and the delimiter, every row comes back once, words sorted into classes."""
    rows = [[*map(repr, features)] for features in x]
    for row, label in zip(rows, Y, strict=True):
        row.insert(place, names[label])
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["height", "width", "depth"], *rows] if header else rows)
    arguments = {"label": place, "delimiter": delimiter, "header": "yes" if header else "no"}

    expected = sorted((names[label], *features) for label, features in zip(Y, x, strict=True))
    assert pairs_of(tmp_path / "a.csv", **arguments) == expected
    assert described(tmp_path / "a.csv", test_share=0.4, **arguments).names == tuple(sorted(names))


FOUR = [("a", 1.0, 5.5), ("a", 2.0, 6.5), ("b", 3.0, 7.5), ("b", 4.0, 8.5)]


@pytest.mark.parametrize(
    "text",
    [
        "1,5.5,a\n2,6.5,a\n3,7.5,b\n4,8.5,b\n",
        "size,age,kind\n1,5.5,a\n2,6.5,a\n3,7.5,b\n4,8.5,b",
        "size,age,kind\r\n1,5.5,a\r\n2,6.5,a\r\n\r\n3,7.5,b\r\n4,8.5,b\r\n",
        "size,age,kind\r1,5.5,a\r2,6.5,a\r3,7.5,b\r4,8.5,b\r",
        "\ufeffsize,age,kind\n1,5.5,a\n2,6.5,a\n3,7.5,b\n4,8.5,b\n",
        "size;age;kind\n1;5,5;a\n2;6,5;a\n3;7,5;b\n4;8,5;b\n",
        "size;age;kind\n1;5.5;a\n2;6.5;a\n3;7.5;b\n4;8.5;b\n",
        "1;5,5;a\n2;6,5;a\n3;7,5;b\n4;8,5;b\n",
        "size\tage\tkind\n1\t5.5\ta\n2\t6.5\ta\n3\t7.5\tb\n4\t8.5\tb\n",
        "size|age|kind\n1|5.5|a\n2|6.5|a\n3|7.5|b\n4|8.5|b\n",
        "  1   5.5 a\n  2   6.5 a\n 3  7.5  b\n 4  8.5  b \n",
        '"size" "age" "kind"\n"r1" 1 5.5 "a"\n"r2" 2 6.5 "a"\n"r3" 3 7.5 "b"\n"r4" 4 8.5 "b"\n',
        '"size","the age, in years","kind"\n"1","5.5","a"\n"2","6.5","a"\n"3","7.5","b"\n"4","8.5","b"\n',
        "size, age, kind\n1, 5.5, a\n2, 6.5, a\n3, 7.5, b\n4, 8.5, b\n",
        "+1,5.5e0,a\n2.0,65e-1,a\n3.,7.5,b\n4,8.5,b\n",
    ],
)
def test_tables_as_programs_write_them_are_read_without_a_word(tmp_path, text):
    """Header or none, whatever line ends, delimiter, decimal mark, quotes and blanks: the same four rows."""
    path = write(tmp_path / "t.csv", text)
    ignore = [0] if '"r1"' in text else []

    assert pairs_of(path, ignore=ignore) == FOUR


def test_names_are_one_line_in_the_encoding_of_the_file(tmp_path):
    """Also where the header lacks the cell of the row names, and where a name is broken over lines."""
    text = "größe\tklasse\nr1\t1\tsüß\nr2\t2\tsüß\nr3\t3\tweiß\nr4\t4\tweiß\n"
    padded = described(write(tmp_path / "t.csv", text, "latin-1"), ignore=[0], test_share=0.5)
    broken = described(write(tmp_path / "t.csv", '"the\n size",kind\n1,a\n2,a\n3,b\n4,b\n'), test_share=0.5)

    assert padded.feature_names == ("größe",)
    assert broken.feature_names == ("the size",)


def test_the_delimiter_is_that_of_the_header_too(tmp_path):
    """Semicolons inside of every cell of a column part nothing that the header does not part."""
    path = write(tmp_path / "t.csv", "place,size,kind\n" + "1;2,5,a\n3;4,6,b\n" * 5)

    assert described(path, ignore=["place"]).feature_names == ("size",)


@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("utf-8", {}),
        ("utf-8-sig", {}),
        ("utf-16", {}),
        ("utf-16-le", {"encoding": "utf-16-le"}),
        ("latin-1", {}),
        ("cp1252", {}),
        ("cp437", {"encoding": "cp437"}),
    ],
)
def test_letters_are_those_of_the_encoding(tmp_path, encoding, arguments):
    """Names with letters beyond ASCII come out right, from the mark, by trial, or as the recipe says."""
    path = write(tmp_path / "t.csv", "größe,klasse\n1,süß\n2,süß\n3,weiß\n4,weiß\n", encoding)
    source = described(path, test_share=0.5, **arguments)

    assert source.names == ("süß", "weiß")
    assert source.feature_names == ("größe",)
    assert any("not UTF-8" in note for note in source.notes) == (encoding in {"latin-1", "cp1252"})


@pytest.mark.parametrize(
    ("text", "arguments", "names", "rows"),
    [
        pytest.param("0,1,2,target\n" + "5,6,7,0\n8,9,7,1\n" * 20, {}, ("0", "1", "2"), 40, id="positions-above-numbers"),
        pytest.param("0,1,2,species\n" + "5,6,7,a\n8,9,7,b\n" * 20, {}, ("0", "1", "2"), 40, id="positions-above-words"),
        pytest.param("400,401.5,403,kind\n" + "5,6,7,a\n8,9,7,b\n" * 20, {}, ("400", "401.5", "403"), 40, id="wavelengths"),
        pytest.param("0,1,2,3\n" + "5,6,7,0\n8,9,7,1\n" * 20, {}, ("0", "1", "2"), 40, id="positions-the-label-too"),
        pytest.param("1,2,3,4\n" + "5,6,7,0\n8,9,7,1\n" * 20, {}, ("1", "2", "3"), 40, id="counted-from-one"),
        pytest.param("17,3,42,target\n" + "5,6,7,0\n8,9,7,1\n" * 20, {}, ("17", "3", "42"), 40, id="codes-above-numbers"),
        pytest.param("17,3,42,species\n" + "5,6,7,a\n8,9,7,b\n" * 20, {}, ("17", "3", "42"), 40, id="codes-above-words"),
        pytest.param("n/k,5,6,0\n" + "5,6,7,0\n8,9,7,1\n" * 20, {"ignore": [0]}, ("1", "2"), 41, id="one-word-in-a-sample"),
        pytest.param("a,b,c,d\n" + "?,6,7,0\n8,?,7,1\n" * 20, {"missing": "mean"}, ("a", "b", "c"), 40, id="gaps-below"),
        pytest.param("5,6,7,0\n8,9,7,1\n" * 20, {}, ("0", "1", "2"), 40, id="none"),
        pytest.param("?,6,7,a\n" + "5,6,7,a\n8,9,7,b\n" * 20, {"missing": "mean"}, ("0", "1", "2"), 41, id="first-row-gap"),
        pytest.param("5,6,7,?\n" + "5,6,7,a\n8,9,7,b\n" * 20, {"missing": "drop"}, ("0", "1", "2"), 40, id="first-label-gap"),
        pytest.param("n,f,a\n" + "n,f,a\nm,g,b\n" * 20, {"text": "one_hot"}, ("0=m", "0=n", "1=f", "1=g"), 41, id="all-text"),
        pytest.param("x,y,kind\n" + "n,f,a\nm,g,b\n" * 20, {"text": "one_hot"}, ("x=m", "x=n", "y=f", "y=g"), 40,
                     id="all-text-with-header"),
        pytest.param("age,sex,label\n" + "5,m,1\n8,w,0\n" * 20, {"ignore": ["sex"]}, ("age",), 40, id="mixed"),
        pytest.param("5,m,1\n" + "5,m,1\n8,w,0\n" * 20, {"ignore": [1]}, ("0",), 41, id="mixed-none"),
        pytest.param(",a,label\n" + "5,6,1\n8,6,0\n" * 20, {}, ("", "a"), 40, id="nameless"),
    ],
)  # fmt: skip
def test_a_header_is_told_from_a_sample(tmp_path, text, arguments, names, rows):
    """Every column has a say, the label's too; a missing value in the first row is none, and no sample is swallowed."""
    source = described(write(tmp_path / "t.csv", text), **arguments)

    assert source.feature_names == names
    assert source.train + source.test == rows
    assert source.classes == 2


@pytest.mark.parametrize(
    ("arguments", "label"),
    [({"label": "kind"}, "a"), ({"label": 0}, "a"), ({"label": -2}, "a"), ({"header": "yes", "label": 0}, "a")],
)
def test_the_label_is_found_by_name_and_position(tmp_path, arguments, label):
    """Names need a header, positions count from both ends."""
    path = write(tmp_path / "t.csv", "kind,size\na,1\na,2\nb,3\nb,4\n")

    assert pairs_of(path, **arguments) == [("a", 1.0), ("a", 2.0), ("b", 3.0), ("b", 4.0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", " is empty; it needs one row per sample"),
        ("\n\n", " is empty; it needs one row per sample"),
        ("size,kind\n", " has a header, but no rows below it"),
        ("1\n2\n", " has one column; it needs features and a label"),
        ("1,2,a\n1,2,b\n1,a\n", ":3: 2 cells, but the first row has 3"),
        ('1,2,"a\nb"\n\n1,2,b\n1,a,3,4\n1,2,c', ":5: 4 cells, but the first row has 3"),
        ('1,"a\n2,b\n', ":1: a quote is opened here and never closed"),
        ('1,a\n2,"b\n3,a\n4,b\n', ":2: a quote is opened here and never closed"),
        ("1,a\0\n2,b\n", " is not a table: it contains bytes that no text has"),
        ("PK\x03\x04xyz", " is compressed as zip (as spreadsheets are); unpack it, or save the sheet as csv"),
    ],
)
def test_what_is_no_table_is_refused_at_its_line(tmp_path, text, says):
    """A wrong file is refused when it is described, naming the file and the line."""
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(SetupError) as caught:
        described(path)
    assert str(caught.value).startswith(path + says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"label": "colour"}, "'label' is 'colour', but the columns of {path} are size, kind"),
        ({"label": 2}, "'label' is column 2, but {path} has 2 columns"),
        ({"label": -3}, "'label' is column -3, but {path} has 2 columns"),
        ({"label": "kind", "header": "no"}, "'label' is the name 'kind', but header = \"no\" says that columns have no names"),
        ({"test_share": 0.1}, "'test_share' 0.1 of 4 rows leaves no sample to test on; more rows, or a larger share, do"),
        ({"ignore": ["age"]}, "'ignore' is 'age', but the columns of {path} are size, kind"),
        ({"ignore": [-1]}, "'ignore' names -1, which is the label's column"),
        ({"ignore": ["size"]}, "{path} has no column left to learn from; 'ignore' names them all"),
        ({"ordinal": {"age": ["a", "b"]}}, "'ordinal' is 'age', but the columns of {path} are size, kind"),
        ({"delimiter": "::"}, "'delimiter' is '::'; it is one character, or \"space\", or \"auto\""),
        ({"encoding": "klingon"}, "'encoding' is 'klingon', which Python does not know; try \"utf-8\" or \"latin-1\""),
        ({"missing_indicator": True}, "'missing_indicator' needs missing = \"mean\" or \"median\", which fill the gaps that it marks"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_the_file_are_value_errors(tmp_path, arguments, says):
    """What the recipe has wrong, the file being fine, can be told at the recipe's line."""
    path = write(tmp_path / "a.csv", "size,kind\n1,a\n2,a\n3,b\n4,b\n")
    with pytest.raises(ValueError) as caught:
        described(path, **arguments)
    assert says.format(path=path) == str(caught.value)


def test_a_changed_csv_is_read_anew(tmp_path):
    """The parsed table is remembered only as long as the file stays the same."""
    before = described(write(tmp_path / "a.csv", "1,a\n2,a\n3,b\n4,b\n"), test_share=0.5)
    after = described(write(tmp_path / "a.csv", "1,a\n2,a\n3,b\n4,b\n5,c\n6,c\n"), test_share=0.5)

    assert (before.classes, after.classes) == (2, 3)


def test_what_cannot_fit_is_refused_by_an_estimate_before_it_is_read(tmp_path, monkeypatch):
    """A sparse file of terabytes ends at once, with what it would take and what is free."""
    path = tmp_path / "t.csv"
    path.write_text("size,kind\n" + "1.5,a\n2.5,b\n" * 100_000)
    free = psutil.virtual_memory()._replace(available=1 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(
        SetupError, match=r"GiB, about 400,00\d cells, which would take some 0\.0 GiB of memory, but 0\.0 GiB are free"
    ):
        described(path)


def test_a_huge_file_without_rows_is_refused_at_once(tmp_path):
    """Neither a sparse file nor an endless first row is read to its end."""
    sparse = tmp_path / "sparse.csv"
    sparse.touch()
    os.truncate(sparse, 1 << 40)
    endless = tmp_path / "endless.csv"
    endless.write_text("1,2,3," * (3 << 20))
    for path, says in [(sparse, "contains bytes that no text has"), (endless, "its first row has more than 16 MiB")]:
        with pytest.raises(SetupError, match=says):
            described(path)


def test_what_is_there_but_no_file_is_said_so(tmp_path):
    """A pipe or a device is not waited for."""
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", "/dev/zero", tmp_path):
        with pytest.raises(SetupError, match=f"{path} is .*, not a file"):
            described(path)


def test_numbers_come_out_as_numpy_reads_them(tmp_path):
    """Digits to the last: float64 from text is correctly rounded, and normalized in float64."""
    values = np.random.default_rng(0).normal(size=40) * 10.0 ** np.arange(40)
    rows = [f"{value!r},{'ab'[index % 2]}\n" for index, value in enumerate(values.tolist()) if abs(value) < 1e38]
    x, _ = rows_of(write(tmp_path / "t.csv", "".join(rows)))

    np.testing.assert_array_equal(np.sort(x[:, 0]), np.sort(values[: len(rows)].astype(np.float32)))


PIECES = [
    b",",
    b";",
    b"\n",
    b"\r",
    b'"',
    b"\0",
    b"inf",
    b"nan",
    b"?",
    b" ",
    b"\t",
    b"\xff",
    b"1e999",
    b"\xef\xbb\xbf",
    b"|",
]


@pytest.mark.parametrize("first", ["1e999", "1e999\n1e999"])
def test_numbers_too_large_are_refused_in_one_line(tmp_path, first):
    """A number that float64 has no room for is refused as what it is, however many there are and wherever they stand."""
    text = "\n".join(f"{x} {x} {label}" for x, label in zip([*first.split(), 3, 5, 7], "abaab", strict=False))
    (tmp_path / "t.csv").write_text(text + "\n", encoding="utf-8")

    with pytest.raises((SetupError, ValueError), match="beyond float32") as refused:
        rows_of(tmp_path / "t.csv")

    assert "\n" not in str(refused.value)


@settings(max_examples=40)
@given(
    base=st.sampled_from([b'"a";"b";"k"\n1,5;2;"x"\n3;4;"y"\n5;6;"x"\n7;8;"y"\n', "1 ä a\n3 4 b\n5 6 a\n7 8 b\n".encode("cp1252")]),
    changes=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4), st.sampled_from(PIECES)), max_size=4),
    arguments=st.sampled_from([{}, {"text": "one_hot", "missing": "mean"}, {"missing": "drop"}, {"header": "yes"}, {"label": 0}]),
)  # fmt: skip
def test_a_damaged_csv_never_raises_anything_else(tmp_path, base, changes, arguments):
    """Whatever is cut out of a table or put into it, it is learned from or refused in one line."""
    content = bytearray(base)
    for place, length, piece in changes:
        content[place : place + length] = piece
    (tmp_path / "t.csv").write_bytes(content)
    text = ""
    try:
        x, labels = rows_of(tmp_path / "t.csv", **arguments)
    except (SetupError, ValueError) as error:
        text = str(error)

    assert "\n" not in text
    assert text or (np.isfinite(x).all() and len(set(labels)) > 1)
