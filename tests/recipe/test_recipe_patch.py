"""The semantics of patches."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.recipe.patch import Origin, Tree, merge

SCALARS = st.one_of(st.integers(), st.booleans(), st.text(max_size=3), st.floats(allow_nan=False))
NAMES = st.sampled_from(["kind", "units", "lr", "init", "layers", "0", "1", "steps", "epochs"])
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
TABLES = st.dictionaries(st.sampled_from(["data", "model", "train"]), DATA, max_size=3)


def laid(base, patch):
    """The data of `patch` over `base`, which must fit."""
    tree, mistakes = merge(Tree(base), Tree(patch))
    assert mistakes == []
    return tree.data


@given(TABLES)
def test_empty_patch_changes_nothing(base):
    """A recipe under an empty patch is itself."""
    assert laid(base, {}) == base


@given(TABLES)
def test_patch_over_nothing_is_itself(patch):
    """A patch over an empty recipe is itself."""
    assert laid({}, patch) == patch


@given(TABLES, TABLES)
def test_patching_twice_is_patching_once(base, patch):
    """The same patch again changes nothing more."""
    once, _ = merge(Tree(base), Tree(patch))
    twice, _ = merge(once, Tree(patch))

    assert twice.data == once.data


@given(TABLES, TABLES)
def test_merge_leaves_its_arguments_alone(base, patch):
    """Neither the base nor the patch is changed, though the result shares parts with them."""
    kept = copy.deepcopy((base, patch))

    merge(Tree(base), Tree(patch))

    assert (base, patch) == kept


@pytest.mark.parametrize(
    ("base", "patch", "expected"),
    [
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": 5}, {"a": 5}),
        ({"a": {"kind": "sgd", "lr": 1}}, {"a": {"kind": "adam"}}, {"a": {"kind": "adam"}}),
        ({"a": {"kind": "sgd", "lr": 1}}, {"a": {"kind": "sgd", "b": 2}}, {"a": {"kind": "sgd", "lr": 1, "b": 2}}),
        ({"a": {"kind": "sgd", "lr": 1}}, {"a": {"b": 2}}, {"a": {"kind": "sgd", "lr": 1, "b": 2}}),
        ({"a": {"kind": "sgd", "lr": 1}}, {"a": "adam"}, {"a": {"kind": "adam"}}),
        ({"a": {"kind": "sgd", "lr": 1}}, {"a": "sgd"}, {"a": {"kind": "sgd", "lr": 1}}),
        ({"a": "leaky"}, {"a": {"slope": 1}}, {"a": {"kind": "leaky", "slope": 1}}),
        ({"a": "relu"}, {"a": {"kind": "leaky", "slope": 1}}, {"a": {"kind": "leaky", "slope": 1}}),
        ({"a": "relu"}, {"a": "tanh"}, {"a": "tanh"}),
        ({"a": [{"u": 1}, {"u": 2}]}, {"a": {"1": {"u": 3}}}, {"a": [{"u": 1}, {"u": 3}]}),
        ({"a": ["flatten", 2]}, {"a": {"0": {"x": 3}}}, {"a": [{"kind": "flatten", "x": 3}, 2]}),
        ({"train": {"steps": 5, "lr": 1}}, {"train": {"epochs": 2}}, {"train": {"epochs": 2, "lr": 1}}),
        ({"train": {"epochs": 5}}, {"train": {"steps": 2}}, {"train": {"steps": 2}}),
        ({"a": {"kind": "dropout", "keep": 0.5}}, {"a": {"rate": 0.1}}, {"a": {"kind": "dropout", "rate": 0.1}}),
        ({"data": {"limit": 50}}, {"data": {"limit_per_class": 6}}, {"data": {"limit_per_class": 6}}),
        ({"claims": [{"near": 1, "tolerance": 2}]}, {"claims": {"0": {"at_most": 3}}}, {"claims": [{"at_most": 3}]}),
        ({"variants": {"steps": {}}}, {"variants": {"epochs": {}}}, {"variants": {"steps": {}, "epochs": {}}}),
        ({"lesson": {"title": "x"}}, {"lesson": {"title": {"ko": "y"}}}, {"lesson": {"title": {"ko": "y"}}}),
    ],
)
def test_merge(base, patch, expected):
    """Tables merge, values and lists replace, another kind replaces the whole, alternatives oust each other."""
    assert laid(base, patch) == expected


@pytest.mark.parametrize("key", ["2", "-1", "01", "x", "1.0", "²"])
def test_no_such_item(key):
    """An index that the list has not is a mistake at the place where it was written."""
    _, mistakes = merge(Tree({"a": [1, 2]}), Tree({"a": {key: 3}}))

    assert [(found.origin, found.what) for found in mistakes] == [
        (Origin(("a", key)), f"the list has no item {key!r}; it has the items 0 to 1")
    ]


def test_origins_follow_the_values():
    """What a patch brings comes from the patch, the rest from the base, through two patches."""
    base = Tree({"model": {"layers": [{"units": 1, "init": "he"}]}, "train": {"optimizer": {"kind": "sgd", "lr": 1}}})
    first = Tree({"model": {"layers": {"0": {"units": 2}}}}, {(): Origin(("variants", "a"))})
    second = Tree({"train": {"optimizer": {"kind": "adam"}}}, {(): Origin((), "--set x")})

    once, _ = merge(base, first)
    twice, _ = merge(once, second)

    assert twice.origin(("model", "layers", 0, "units")) == Origin(("variants", "a", "model", "layers", "0", "units"))
    assert twice.origin(("model", "layers", 0, "init")) == Origin(("model", "layers", 0, "init"))
    assert twice.origin(("train", "optimizer", "lr")) == Origin(("train", "optimizer", "lr"), "--set x")
