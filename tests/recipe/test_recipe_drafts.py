"""Recipes that are written from a look at data of one's own."""

import tomllib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dlbench.errors import SetupError, UsageError
from dlbench.parts.datasets import DATASETS
from dlbench.recipe import load, shipped_recipes
from dlbench.recipe.drafts import draft

DRAW = np.random.default_rng(0)


def table(path, header, rows):
    """A csv file."""
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def flowers(path):
    """A table of two features and three classes."""
    rows = [(*np.round(DRAW.normal(index % 3, 1, 2), 3), ("rose", "tulip", "lily")[index % 3]) for index in range(90)]
    return table(path, "length,width,kind", rows)


def houses(path):
    """A table whose last column is measured."""
    rows = [(*np.round(DRAW.normal(0, 1, 3), 3), round(float(DRAW.normal(100, 30)), 2)) for _ in range(120)]
    return table(path, "size,rooms,age,rent", rows)


def passengers(path):
    """A table with all that real ones have: numbers of rows, names, gaps, words, a label in the middle."""
    rows = [
        (
            index + 1,
            int(DRAW.integers(2)),
            f"N{index}",
            ("male", "female")[index % 2],
            "" if index % 5 == 0 else int(DRAW.integers(1, 80)),
            f"{DRAW.random() * 100:.2f}",
            ("S", "C", "Q")[index % 3],
        )
        for index in range(200)
    ]
    return table(path, "PassengerId,Survived,Name,Sex,Age,Fare,Embarked", rows)


def unlabelled(path):
    """A table of which some rows lack the label."""
    rows = [
        (round(float(DRAW.normal()), 3), index % 7, "" if index % 10 == 0 else "ab"[index % 2]) for index in range(80)
    ]
    return table(path, "x,z,label", rows)


def mixed(path):
    """A table with words among its numbers."""
    rows = [("unknown" if index % 9 == 0 else index * 1.5, index % 4, "ab"[index % 2]) for index in range(80)]
    return table(path, "x,z,label", rows)


def archive(path, y):
    """An archive of 60 and 30 samples of four features."""
    x = DRAW.normal(size=(90, 4))
    np.savez(path, x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    return path


def pictures(path, sizes):
    """A folder of pictures of two classes, in sizes by turns."""
    for name in ("cat", "dog"):
        (path / name).mkdir(parents=True)
        for index in range(6):
            width, height = sizes[index % len(sizes)]
            Image.new("RGB", (width, height), (index, 0, 0)).save(path / name / f"{index}.png")
    return path


DATA = {
    "classes": (lambda at: flowers(at / "data.csv"), {"label": "kind"}),
    "numbers": (lambda at: houses(at / "data.csv"), {"target": "rent"}),
    "real": (
        lambda at: passengers(at / "data.csv"),
        {"label": "Survived", "ignore": ["PassengerId", "Name"], "text": "one_hot", "missing": "median"},
    ),
    "no labels": (lambda at: unlabelled(at / "data.csv"), {"label": "label", "missing": "drop"}),
    "words": (lambda at: mixed(at / "data.csv"), {"label": "label", "missing": "median"}),
    "archive of classes": (lambda at: archive(at / "data.npz", np.arange(90) % 3), {"kind": "npz"}),
    "archive of numbers": (lambda at: archive(at / "data.npz", DRAW.normal(size=(90, 2))), {"kind": "npz"}),
    "pictures": (lambda at: pictures(at / "data", [(12, 12)]), {"kind": "image_folder", "path": "data"}),
    "pictures of two sizes": (lambda at: pictures(at / "data", [(40, 30), (30, 40)]), {"size": 32}),
    "large pictures": (lambda at: pictures(at / "data", [(100, 80)]), {"size": 32}),
}
"""What is looked at, and what must come out under [data]."""


def loads(text, folder):
    """The recipe of a text in a folder; its quick version loads too, or this raises."""
    file = folder / "drafted.toml"
    file.write_text(text, encoding="utf-8")
    load(file, quick=True)
    return load(file)


@pytest.mark.parametrize("name", DATA)
def test_a_draft_loads_and_says_what_was_seen(name, tmp_path):
    """For each kind of data the recipe is one, in full and quick, compares two variants, and has what the data needs."""
    make, expected = DATA[name]
    made = draft(str(make(tmp_path)), tmp_path)
    recipe = loads(made.text, tmp_path)
    written = tomllib.loads(made.text)["data"]

    assert made.name == "data"
    assert {key: written.get(key) for key in expected} == expected
    assert len(recipe.variants) == 2
    assert recipe.notes == []


@pytest.mark.parametrize("name", DATA)
def test_every_line_is_explained(name, tmp_path):
    """Above each key of the sections that make a training stands what it is for, and lines are short."""
    lines = draft(str(DATA[name][0](tmp_path)), tmp_path).text.splitlines()
    body = lines[
        lines.index("[data]") : next(place for place, line in enumerate(lines) if line.startswith("[variants."))
    ]
    bare = [line for above, line in pairwise(body) if " = " in line and line[0] != "#" and above[:1] != "#"]

    assert bare == []
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name", DATA)
def test_the_claim_holds_as_a_claim(name, tmp_path):
    """What is commented out is a claim that the recipe takes, once somebody takes the marks away."""
    text = draft(str(DATA[name][0](tmp_path)), tmp_path).text
    before, claim = text.split("# [[claims]]\n")
    own, rest = claim.split("\n\n", 1)
    whole = "\n".join([before, "[[claims]]", *(line.removeprefix("# ") for line in own.splitlines()), "", rest])

    assert len(loads(whole, tmp_path).questions.claims) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"label": "Sex"}, {"label": "Sex"}),
        ({"label": "3"}, {"label": "Sex"}),
        ({"label": "-1"}, {"label": "Embarked"}),
        ({"target": "Fare"}, {"target": "Fare"}),
        ({"label": "Age"}, {"label": "Age", "label_as": "classes"}),
    ],
)
def test_the_user_chooses(options, expected, tmp_path):
    """A column that is named, or counted, is taken; nothing is said of a choice then."""
    made = draft(str(passengers(tmp_path / "data.csv")), tmp_path, **options)
    written = tomllib.loads(made.text)["data"]

    assert {key: written.get(key) for key in expected} == expected
    assert made.chosen == ""


def test_a_guess_is_told_with_the_others(tmp_path):
    """Where nobody said what is learned, the comment and the command line tell which was taken, and what else could be."""
    made = draft(str(passengers(tmp_path / "data.csv")), tmp_path)

    assert "'Survived', column 1 (from 0) of data.csv; --label or --target takes another column" in made.chosen
    assert 'it could also be `label = "Sex"` or `label = "Embarked"`' in " ".join(
        made.text.replace("\n# ", " ").split()
    )


TABLES = {
    "numbers for a header": (
        "0,1,2,label",
        [(index * 0.5, index % 3, -index, index % 2) for index in range(60)],
        {"label": "label"},
    ),
    "versions": (
        "a,b,version",
        [(index * 0.5, index % 3, ("1.1", "1.10", "1.2")[index % 3]) for index in range(90)],
        {"label": "version"},
    ),
    "time stamps": (
        "time,noise,late",
        [(1.7e9 + index * 0.5, index % 7, index % 2) for index in range(60)],
        {"label": "late"},
    ),
    "a rare class": ("a,fraud", [(index * 0.5, int(index < 3)) for index in range(400)], {"label": "fraud"}),
    "few rows": ("a,b,y", [(index * 0.5, index % 3, index % 2) for index in range(12)], {"label": "y"}),
    "prices": ("rooms,price", [(index % 5, 40 + index * 7 % 48) for index in range(200)], {"target": "price"}),
    "a target before features": (
        "rent,size",
        [(f"{index * 1.25:.2f}", f"n{index % 3}") for index in range(60)],
        {"label": "size"},
    ),
    "even steps": ("size,kind", [(index + 0.5, "ab"[index % 2]) for index in range(60)], {"label": "kind"}),
    "braces": ("a,{steps},{x}", [(index * 0.5, index % 3, "ab"[index % 2]) for index in range(60)], {"label": "{x}"}),
    "no header": ("0.5,1.5,a", [(index * 0.5, index * index, "ab"[index % 2]) for index in range(60)], {"label": 2}),
}
"""Tables that are easily misread, and what is learned of them."""


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_are_easily_misread(name, tmp_path):
    """What is learned is the right column, as what it is, and the recipe loads."""
    header, rows, expected = TABLES[name]
    made = draft(str(table(tmp_path / "data.csv", header, rows)), tmp_path)
    written = tomllib.loads(made.text)["data"]

    assert {key: written[key] for key in ("label", "target", "ignore") if key in written} == expected
    assert loads(made.text, tmp_path).candidates


WRONG = {
    "two answers": ("data.csv", {"label": "Sex", "target": "Age"}, "--label and --target cannot be combined"),
    "no such column": ("data.csv", {"label": "Sx"}, "has no column 'Sx'; did you mean 'Sex'?"),
    "no such place": ("data.csv", {"label": "7"}, "has no column '7'"),
    "words as numbers": ("data.csv", {"target": "Sex"}, "is to be learned as numbers, but holds"),
    "a column of pictures": ("data", {"label": "x"}, "names a column of a table"),
    "no such file": ("nothing.csv", {}, "there is no file, dataset or recipe called 'nothing.csv'"),
    "a dataset without its file": ("csv", {}, "name its file instead"),
    "misspelt": ("digts", {}, "did you mean 'digits'?"),
    "a spreadsheet": ("data.xlsx", {}, "nothing is known of '.xlsx' files"),
    "an empty table": ("empty.csv", {}, "is empty"),
    "nothing to learn": ("ids.csv", {}, "no column looks like something to learn"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_drafted_is_one_error(name, tmp_path, monkeypatch):
    """Each way to be wrong is told in one sentence, with what to do."""
    monkeypatch.chdir(tmp_path)
    passengers(tmp_path / "data.csv")
    pictures(tmp_path / "data", [(8, 8)])
    (tmp_path / "data.xlsx").write_bytes(b"PK")
    (tmp_path / "empty.csv").write_text("")
    table(tmp_path / "ids.csv", "id,name", [(index, f"n{index}") for index in range(40)])
    source, options, message = WRONG[name]

    with pytest.raises((UsageError, SetupError)) as caught:
        draft(source, tmp_path, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
def test_a_shipped_recipe_is_copied(path, tmp_path):
    """A copy of a shipped recipe is that recipe, without a schema that does not lie beside it."""
    made = draft(path.stem, tmp_path)

    assert tomllib.loads(made.text) == tomllib.loads(path.read_text(encoding="utf-8"))
    assert "#:schema" not in made.text


@pytest.mark.parametrize("name", [None, *(part.name for part in DATASETS if part.traits["origin"] == "on board")])
def test_data_that_comes_along(name, tmp_path):
    """Without data of one's own, a recipe for what comes with dlbench is written."""
    assert loads(draft(name, tmp_path).text, tmp_path).candidates


@settings(max_examples=25)
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=8),
        min_size=2,
        max_size=2,
    )
)
def test_any_name_of_a_column_can_be_written(names, tmp_path_factory):
    """Quotes, backslashes and control characters in a header end in a recipe that is TOML, or in an error in words."""
    folder = tmp_path_factory.mktemp("names")
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names]
    file = table(
        folder / "data.csv",
        ",".join([*quoted, "label"]),
        [(index * 0.5, index % 3, "ab"[index % 2]) for index in range(30)],
    )

    try:
        made = draft(str(file), folder)
    except (UsageError, SetupError):
        return
    loads(made.text, folder)
