"""Layers that a patch puts in and takes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.errors import RecipeError
from dlbench.recipe.patch import Tree, merge

NET = """\
[data]
kind = "digits"

[model]
layers = [
  { kind = "flatten" },
  { kind = "dense", units = 8 },
  { kind = "dense", units = 4 },
]

[train]
optimizer = { kind = "sgd", lr = 0.1 }
steps = 10

[variants.plain]

[variants.other]
"""
"""Line 17 is the first of a patch that is added."""
FLATTEN, FIRST, SECOND = [{"kind": "flatten"}, {"kind": "dense", "units": 8}, {"kind": "dense", "units": 4}]
DROP = {"kind": "dropout", "keep": 0.5}
NORM = {"kind": "batch_norm"}


def laid(patch):
    """The layers that a patch makes of flatten, dense, dense."""
    tree, mistakes = merge(Tree({"model": {"layers": [FLATTEN, FIRST, SECOND]}}), Tree({"model": {"layers": patch}}))
    assert mistakes == []
    return tree.data["model"]["layers"]


@pytest.mark.parametrize(
    ("patch", "layers"),
    [
        ({"insert": [{"at": 0, **NORM}]}, [NORM, FLATTEN, FIRST, SECOND]),
        ({"insert": [{"at": 2, **DROP}]}, [FLATTEN, FIRST, DROP, SECOND]),
        ({"insert": [{"at": 3, **DROP}]}, [FLATTEN, FIRST, SECOND, DROP]),
        ({"insert": [{"at": 2, **NORM}, {"at": 2, **DROP}]}, [FLATTEN, FIRST, NORM, DROP, SECOND]),
        ({"insert": [{"at": 3, **NORM}, {"at": 1, **DROP}]}, [FLATTEN, DROP, FIRST, SECOND, NORM]),
        ({"insert": [{"after": 1, **DROP}]}, [FLATTEN, FIRST, DROP, SECOND]),
        ({"insert": [{"before": 1, **DROP}]}, [FLATTEN, DROP, FIRST, SECOND]),
        ({"insert": [{"after": "dense", **DROP}]}, [FLATTEN, FIRST, DROP, SECOND, DROP]),
        ({"insert": [{"before": "dense", **NORM}]}, [FLATTEN, NORM, FIRST, NORM, SECOND]),
        ({"remove": [1]}, [FLATTEN, SECOND]),
        ({"remove": ["dense"]}, [FLATTEN]),
        ({"remove": [0, 1, 2]}, []),
        ({"remove": [1], "insert": [{"at": 1, **DROP}], "2": {"units": 9}}, [FLATTEN, DROP, {**SECOND, "units": 9}]),
        ({"insert": [{"at": 2, **DROP}], "1": {"units": 9}}, [FLATTEN, {**FIRST, "units": 9}, DROP, SECOND]),
    ],
)
def test_places_are_those_before_the_patch(patch, layers):
    """Items are put before, after and at the places that they have in the base, in the order written."""
    assert laid(patch) == layers


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), max_size=5), st.sets(st.integers(0, 2)), st.randoms())
def test_an_arrangement_is_a_sort(inserted, removed, draw):
    """Old items sort by number, new ones just before their place, in their order; the order of the patch's keys is nothing."""
    old = [{"units": -1 - index} for index in range(3)]
    keys = [((index, 1, 0), one) for index, one in enumerate(old) if index not in removed]
    keys += [((place, 0, number), {"units": units}) for number, (place, units) in enumerate(inserted)]
    patch = [("insert", [{"at": place, "units": units} for place, units in inserted]), ("remove", list(removed))]
    draw.shuffle(patch)

    tree, mistakes = merge(Tree({"model": {"layers": old}}), Tree({"model": {"layers": dict(patch)}}))

    assert mistakes == []
    assert tree.data["model"]["layers"] == [one for _, one in sorted(keys, key=lambda pair: pair[0])]


def layers_of(recipe, variant):
    """The kinds in a variant's net, and how many units they have."""
    (settings,) = [one.settings for one in recipe.candidates if one.variant == variant]
    return [(layer["kind"], layer.get("units", layer.get("keep"))) for layer in settings["model"]["layers"]]


PLACES = {
    "a variant": (
        NET + 'model.layers = { insert = [{ after = "dense", kind = "dropout", keep = 0.5 }], remove = [2] }\n',
        [],
        False,
    ),
    "dotted": (
        NET + 'model.layers.insert = [{ at = 2, kind = "dropout", keep = 0.5 }, ]\nmodel.layers.remove = [2]\n',
        [],
        False,
    ),
    "quick": (
        NET + '[quick]\nmodel.layers.insert = [{ at = 2, kind = "dropout", keep = 0.5 }]\nmodel.layers.remove = [2]\n',
        [],
        True,
    ),
    "the command line": (
        NET,
        ['model.layers.insert=[{ at = 2, kind = "dropout", keep = 0.5 }]', "model.layers.remove=[3]"],
        False,
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_edits_work_wherever_patches_do(name, loaded):
    """In a variant, in [quick] and by --set; `--set` edits one after the other. A trial's settings have the net itself."""
    text, overrides, quick = PLACES[name]
    recipe = loaded(text, overrides, quick=quick)
    expected = [("flatten", None), ("dense", 8), ("dropout", 0.5), ("dense", 4)]

    assert layers_of(recipe, "other") == (expected[:3] + expected[2:3] if name == "a variant" else expected[:3])
    assert recipe.notes == []


def test_the_recipe_of_a_run_is_the_same_recipe(loaded):
    """What is written beside a run loads as the same candidates."""
    recipe = loaded(
        NET + 'model.layers.insert = [{ at = 2, kind = "dropout", keep = 0.5 }]\n', ["model.layers.1.units=9"]
    )

    assert loaded(recipe.to_toml()).candidates == recipe.candidates


def test_layers_inside_of_layers(loaded):
    """A list within a layer is edited as the net's own is."""
    text = NET.replace(
        '{ kind = "dense", units = 4 }', '{ kind = "residual", layers = [{ kind = "dense", units = 8 }] }'
    )
    recipe = loaded(text + 'model.layers.2.layers.insert = [{ at = 0, kind = "batch_norm" }]\n')
    (settings,) = [one.settings for one in recipe.candidates if one.variant == "other"]

    assert [one["kind"] for one in settings["model"]["layers"][2]["layers"]] == ["batch_norm", "dense"]


def test_a_list_that_is_not_there_is_empty(loaded):
    """What the base leaves out can be put in."""
    recipe = loaded(NET + 'train.regularizers.insert = [{ at = 0, kind = "l2", strength = 0.1 }]\n')

    assert [one.settings["train"]["regularizers"] for one in recipe.candidates] == [
        [],
        [{"kind": "l2", "strength": 0.1}],
    ]


WRONG = {
    "insert = [{ at = 4, kind = 'flatten' }]": "insert[0].at: there is no place 4; the list has 3 items, and so the places 0 to 3",
    "insert = [{ at = -1, kind = 'flatten' }]": "insert[0].at: there is no place -1; the list has 3 items, and so the places 0 to 3",
    "insert = [{ at = 'end', kind = 'flatten' }]": 'insert[0].at: takes a place from 0 to 3, not the text "end"',
    "insert = [{ after = 3, kind = 'flatten' }]": "insert[0].after: the list has no item 3; it has the items 0 to 2",
    "insert = [{ after = 'dens', kind = 'flatten' }]": "insert[0].after: the list has no 'dens'; did you mean 'dense'?",
    "insert = [{ kind = 'flatten' }]": "insert[0]: needs one of 'at', 'before' and 'after', such as { at = 1, kind",
    "insert = [{ at = 1, after = 1, kind = 'flatten' }]": "insert[0]: needs one of 'at', 'before' and 'after', such as",
    "insert = ['flatten']": "insert: takes a list of tables, such as [{ at = 1, kind",
    "insert = { at = 1, kind = 'flatten' }": "insert: takes a list of tables, such as [{ at = 1, kind",
    "insert = [{ at = 1, kind = 'flaten' }]": "insert[0].kind: no layer is called 'flaten'; did you mean 'flatten'?",
    "insert = [{ at = 1, kind = 'dense', unit = 3 }]": "insert[0].unit: 'dense' has no argument 'unit'; did you mean 'units'?",
    "remove = [3]": "remove[0]: the list has no item 3; it has the items 0 to 2",
    "remove = 1": "remove: takes a list, such as [1] or",
    "remove = [1, 'dense']": "remove[1]: item 1 is removed twice",
    "remove = [true]": "remove[0]: takes the number of an item, or a kind, not true",
}


@pytest.mark.parametrize("patch", WRONG)
def test_what_cannot_be_is_one_error_with_its_line(patch, loaded):
    """An edit that cannot be made is said once, at its line in the file."""
    with pytest.raises(RecipeError) as caught:
        loaded(f"{NET}model.layers.{patch}\n")

    (told,) = str(caught.value).splitlines()
    assert told.startswith(f"mine.toml:18: variants.other.model.layers.{WRONG[patch]}")


def test_an_item_is_not_both_changed_and_removed(loaded):
    """A patch that contradicts itself is refused."""
    with pytest.raises(RecipeError, match=r"remove\[0\]: item 1 is both changed and removed"):
        loaded(f"{NET}model.layers.remove = [1]\nmodel.layers.1.units = 3\n")


def test_a_layer_that_moved_is_blamed_where_it_is_written(loaded):
    """What does not fit any more is told at the line of the base that has it, not at its new place."""
    with pytest.raises(RecipeError, match=r"mine.toml:7: model.layers\[1\]: 'dense' takes features"):
        loaded(f"{NET}model.layers.remove = [0]\n")


REACH = {
    "put in": (["model.layers.insert=[{ at = 3, kind = 'dropout', keep = 0.5 }]"], "", []),
    "taken out": (["model.layers.remove=[2]"], "", []),
    "both of two": (["model.layers.remove=[2]", "model.layers.remove=[1]"], "", []),
    "replaced": (
        ["model.layers.remove=[2]"],
        "model.layers = [{ kind = 'flatten' }]\n",
        [
            "--set model.layers.remove=[2]: only variant 'plain' sees it; variant 'other' sets its own (variants.other.model.layers)"
        ],
    ),
}


@pytest.mark.parametrize("name", REACH)
def test_it_is_told_whom_an_edit_reaches(name, loaded):
    """An edit by the command line is missed by the variants that set their own layers, and by no others."""
    overrides, patch, notes = REACH[name]

    assert loaded(NET + patch, overrides).notes == notes
