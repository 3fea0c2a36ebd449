"""Paths and the lines they stand on."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.recipe.source_map import dotted, line_numbers, show, split

KEYS = ["plain", "with-dash", '"quo.ted"', "'single # quoted'", '"a\\"b"', "outer . inner", '"é"', "1234"]
NOISE = [
    "",
    "# comment = [",
    "   \t",
    'n{} = """a\n[no.header]\nx = 1 # \\""" still\n"""""',
    "n{} = '''\n[[no]]\n''''",
    'n{} = "# no comment [ { \\" "',
    "n{} = 'C:\\'",
    "n{} = 1979-05-27 07:32:00 # date",
    "n{} = [ # open\n\n  ]",
    "n{} = {}",
]
SHAPES = ["scalar", "array", "inline", "nested"]


class Writer:
    """Writes TOML in which every whole number is the line that it stands on."""

    def __init__(self):
        self.text = ""
        self.count = 0

    def line(self):
        return self.text.count("\n") + 1

    def noise(self, which):
        self.count += 1
        self.text += NOISE[which].replace("n{}", f"n{self.count}") + "\n"

    def header(self, is_item, depth, newline):
        self.count += 1
        name = f"t{self.count}" + ".sub" * depth
        self.text += (f"[[{name}]]" if is_item else f"[ {name} ]") + newline

    def assignment(self, key, shape, newline):
        self.count += 1
        self.text += f"k{self.count} . {key} = "
        if shape == "scalar":
            self.text += f"{self.line()} # why"
        elif shape == "inline":
            self.text += f"{{ a = {self.line()}, b.c = {self.line()} }}"
        else:
            self.text += "[\n"
            for _ in range(3):
                self.text += "  # an item\n"
                item = f"{self.line()}"
                self.text += f"  {item},\n" if shape == "array" else f"  {{ x = {item} }}, [{item}],\n"
            self.text += "]"
        self.text += newline


def leaves(value, path=()):
    """Every whole number of plain data with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif isinstance(value, int):
        yield path, value


NEWLINES = st.sampled_from(["\n", "\r\n"])
STATEMENTS = st.lists(
    st.one_of(
        st.tuples(st.just("noise"), st.integers(0, len(NOISE) - 1)),
        st.tuples(st.just("header"), st.booleans(), st.integers(0, 2), NEWLINES),
        st.tuples(st.just("assignment"), st.sampled_from(KEYS), st.sampled_from(SHAPES), NEWLINES),
    ),
    max_size=30,
)


@given(STATEMENTS)
def test_lines_are_exact(statements):
    """Every value is found on its line, whatever stands around it: each value here is the line it stands on."""
    writer = Writer()
    for name, *arguments in statements:
        getattr(writer, name)(*arguments)

    lines = line_numbers(writer.text)

    found = dict(leaves(tomllib.loads(writer.text)))
    assert {path: lines[path] for path in found} == found


def test_lines_of_headers():
    """A table stands on the line of its header, an item of an array of tables on its own."""
    text = "\n[[claims]]\na = 1\n\n[[claims]]\n[claims.sub]\nb = 2\n[variants.'x y']\n"

    lines = line_numbers(text)

    assert lines[("claims", 0)] == 2
    assert lines[("claims", 1)] == 5
    assert lines[("claims", 1, "sub")] == 6
    assert lines[("claims", 1, "sub", "b")] == 7
    assert lines[("variants", "x y")] == 8


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("model", "layers", 2, "units"), "model.layers[2].units"),
        (("variants", "relu+he", "model", "init"), 'variants."relu+he".model.init'),
        (("variants", 'a"b', "0"), 'variants."a\\"b".0'),
        ((), ""),
    ],
)
def test_show(path, shown):
    """Paths read as in TOML, with indices in brackets."""
    assert show(path) == shown


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1), min_size=1))
def test_dotted_keys_split_again(keys):
    """What `dotted` writes, `split` reads."""
    assert split(dotted(tuple(keys))) == tuple(keys)


@pytest.mark.parametrize("key", ["", "a b", "a..b", "a = 1\nb", "a = {x = 1, y = 2}\nb", "# a"])
def test_no_path(key):
    """What is not one dotted key is refused."""
    with pytest.raises(tomllib.TOMLDecodeError):
        split(key)
