"""`show --graph`: a net as a tree."""

import json
import re
from collections import Counter

import pytest
from small_recipe import RECIPE
from typer.testing import CliRunner
from verbs import app

from dlbench.cli.graph import draw
from dlbench.cli.recipes import net_of
from dlbench.errors import UsageError
from dlbench.parts.outline import outline
from dlbench.recipe import load

NESTED = """
[data]
kind = "digits"

[model]
activation = { kind = "leaky_relu", slope = 0.333 }
init = "he"
layers = [
    { kind = "conv", channels = 8, kernel = 3 },
    { kind = "residual", repeat = 3, activation = "relu", layers = [{ kind = "conv", channels = 8, kernel = 3, repeat = 2 }] },
    { kind = "split", branches = [
        [{ kind = "conv", channels = 4, kernel = 1, bias = false }],
        [{ kind = "split", merge = "add", branches = [[], [{ kind = "conv", channels = 8, kernel = [1, 3] }]] }],
        [],
    ] },
    { kind = "residual", layers = [{ kind = "conv", channels = 12, kernel = 3, stride = 2 }] },
    { kind = "flatten" },
    { kind = "dense", units = 16, repeat = 10, init = { kind = "normal", std = 0.01 } },
    { kind = "dropout", keep = 0.5 },
]

[train]
steps = 1
"""

TREE = """\
input                  1 x 8 x 8
├─ conv1               8 x 8 x 8          80  leaky_relu (slope 0.333), he,
│                                             kernel 3
├─ residual1-3  x 3    8 x 8 x 8   3 x 1,168
│  ├─ layers
│  │  └─ conv2-3  x 2  8 x 8 x 8     2 x 584  leaky_relu (slope 0.333), he,
│  │                                          kernel 3
│  ├─ shortcut: the signal itself
│  └─ add, relu
├─ split1              20 x 8 x 8        232
│  ├─ branch 1
│  │  └─ conv8         4 x 8 x 8          32  leaky_relu (slope 0.333), he,
│  │                                          kernel 1, no bias
│  ├─ branch 2
│  │  └─ split2        8 x 8 x 8         200
│  │     ├─ branch 1: the signal itself
│  │     ├─ branch 2
│  │     │  └─ conv9   8 x 8 x 8         200  leaky_relu (slope 0.333), he,
│  │     │                                    kernel 1 x 3
│  │     └─ add
│  ├─ branch 3: the signal itself
│  └─ concat
├─ residual4           12 x 4 x 4      2,412
│  ├─ layers
│  │  └─ conv10        12 x 4 x 4      2,172  leaky_relu (slope 0.333), he,
│  │                                          kernel 3, stride 2
│  ├─ shortcut
│  │  └─ shortcut1     12 x 4 x 4        240  identity, he, kernel 1, stride 2,
│  │                                          no bias
│  └─ add, leaky_relu (slope 0.333)
├─ flatten1            192                 0
├─ dense1              16              3,088  leaky_relu (slope 0.333), normal
│                                             (std 0.01)
├─ dense2-10  x 9      16            9 x 272  leaky_relu (slope 0.333), normal
│                                             (std 0.01)
├─ dropout1            16                  0  keep 0.5
└─ output              10                170  identity, he
all                                   11,934
"""


@pytest.fixture
def nested(tmp_path):
    """The path of a recipe whose net is a tree."""
    path = tmp_path / "nested.toml"
    path.write_text(NESTED)
    return path


def net(path):
    """The blocks of a recipe's only net."""
    return net_of(load(str(path)).candidates[0].settings)


def drawn(path, **options):
    """The tree of a recipe's only net."""
    return draw(net(path), **{"width": 80, "ascii_only": False} | options)


def call(*arguments):
    """The stdout of a verb; raises what it raises."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_a_nested_net_as_a_whole(nested):
    """Branches, shortcuts and merges, equal layers in one line, what is not at its default: the whole drawing."""
    assert drawn(nested) + "\n" == TREE


def test_the_verb_draws_it(nested):
    """`show --graph` prints the drawing under the variant's name."""
    assert f"base\n{TREE}" in call("show", nested, "--graph")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_width_is_kept(nested, width):
    """No line is wider than the terminal, and nothing that is said is lost."""
    lines = drawn(nested, width=width).splitlines()

    assert max(map(len, lines)) <= width
    assert words(lines) == words(TREE.splitlines())


def words(lines):
    """How often each word stands in some lines."""
    return Counter(word for line in lines for word in line.split() if word != "│")


def test_ascii(nested):
    """With --ascii the same drawing has no other characters."""
    text = call("show", nested, "--graph", "--ascii")

    assert text.isascii()
    assert drawn(nested, ascii_only=True) in text
    assert drawn(nested, ascii_only=True).translate(str.maketrans("+`-|", "....")) == drawn(nested).translate(
        str.maketrans("├└─│-", ".....")
    )


def test_the_tree_as_data(nested):
    """`show --json` has every layer with its branches; what is inside of a layer adds up to what it trains."""
    (candidate,) = json.loads(call("show", nested, "--json"))["candidates"]
    layers = {one["name"]: one for one in candidate["net"]}

    assert [[one["name"] for one in branch] for branch in layers["residual1"]["branches"]] == [["conv2", "conv3"], []]
    assert layers["residual4"]["branches"][1][0]["parameters"] == 240
    assert layers["conv1"]["activation"] == {"kind": "leaky_relu", "slope": 0.333}
    assert layers["conv1"]["init"]["kind"] == "he"
    for one in layers.values():
        if one["branches"]:
            assert one["parameters"] == sum(inner["parameters"] for branch in one["branches"] for inner in branch)


def test_nets_without_branches(tmp_path):
    """A plain net is a tree as well: two layers and their parameters."""
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    text = call("show", path, "--graph")

    assert "├─ dense1  4  12  tanh, torch_default\n└─ output  1   5  identity, torch_default\nall           17" in text
    assert text.endswith("the same net as 'slow'\n")


def test_layers_in_a_row_are_one_branch_without_a_name():
    """What a `sequential` holds hangs right below it: nothing splits there, and nothing merges."""
    layers = [{"kind": "sequential", "repeat": 2, "layers": [{"kind": "dense", "units": 3}, {"kind": "layer_norm"}]}]
    tree = [
        line.split()[0:2]
        for line in draw(outline({"layers": layers, "output": {}}, (4,), 2), width=80, ascii_only=True).splitlines()
    ]

    assert tree[1:] == [
        ["+-", "sequential1"],
        ["|", "+-"],
        ["|", "`-"],
        ["+-", "sequential2"],
        ["|", "+-"],
        ["|", "`-"],
        ["`-", "output"],
        ["all", "47"],
    ]


def test_the_table_says_what_is_inside(nested):
    """`show` alone has a line for a composite layer, which names the kinds of layers in each branch."""
    text = call("show", nested)

    assert re.search(r"^  residual1 \.\.\. residual3 \(2 conv \| -\) +relu +8 x 8 x 8 +3 x 1,168$", text, re.MULTILINE)
    assert re.search(r"^  split1 \(conv \| split \| -\) +20 x 8 x 8 +232$", text, re.MULTILINE)


def test_other_layers_are_drawn_and_not_written_out(nested):
    """A variant with a list of layers of its own says that it has one; the drawing beneath says which."""
    nested.write_text(f'{NESTED}\n[variants.flat]\nmodel.layers = [{{ kind = "flatten" }}]\n')

    assert "flat\n  model.layers = [...]\ninput        1 x 8 x 8\n├─ flatten1  64" in call("show", nested, "--graph")


def test_one_form_at_a_time(nested):
    """--graph and --json exclude each other."""
    with pytest.raises(UsageError, match="cannot be combined"):
        call("show", nested, "--graph", "--json")
