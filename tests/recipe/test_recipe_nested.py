"""Layers inside of layers, as recipes write them: what is wrong is told with its path, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlbench.errors import RecipeError
from dlbench.recipe import load

IMAGES = """\
[data]
kind = "digits"

[model]
activation = "relu"
init = "he"
layers = [
  { kind = "conv", channels = 4, kernel = 3 },
  { kind = "max_pool", kernel = 2 },
  { kind = "split", branches = [
    [{ kind = "conv", channels = 2, kernel = 1 }],
    [{ kind = "residual", layers = [
      { kind = "conv", channels = 4, kernel = [3, 1] },
    ] }],
  ] },
  { kind = "global_pool" },
]

[train]
optimizer = { kind = "sgd", lr = 0.1 }
steps = 10
"""
"""Line 8 is the first convolution, 10 the split, 11 and 12 its branches, 13 the layer inside of both."""

INNER = '{ kind = "conv", channels = 4, kernel = [3, 1] }'
PATH = "13: model.layers[2].branches[1][0].layers[0]"


def complaints(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    """What is wrong with the recipe once it is changed."""
    text = IMAGES
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "images.toml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load(path)
    return [line.strip().removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_nested_layers_load(tmp_path: Path) -> None:
    """Layers inside of others get the model's defaults, and every default of their own."""
    path = tmp_path / "images.toml"
    path.write_text(IMAGES)
    (candidate,) = load(path).candidates
    inner = candidate.settings["model"]["layers"][2]["branches"][1][0]["layers"][0]

    assert inner["activation"] == {"kind": "relu"}
    assert inner["init"]["kind"] == "he"
    assert (inner["kernel"], inner["stride"], inner["padding"], inner["repeat"]) == ([3, 1], 1, "same", 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            (INNER, '{ kind = "dense", units = 3 }'),
            f"{PATH}: 'dense' takes features, but gets (4, 4, 4); put {{ kind = \"flatten\" }} before it",
        ),
        (
            (INNER, '{ kind = "conv", channels = 4, kernel = 5, padding = "valid" }'),
            (
                f"{PATH}: 'conv' has a kernel of (5, 5), larger than its input (4, 4, 4) (padding = \"valid\"); "
                'make the kernel smaller, or write padding = "same"'
            ),
        ),
        (
            (INNER, '{ kind = "conv", channels = 4, kernle = 5 }'),
            f"{PATH}.kernle: 'conv' has no argument 'kernle'; did you mean 'kernel'?",
        ),
        (
            ("kernel = [3, 1]", "kernel = [3, 1, 1]"),
            f"{PATH}.kernel: takes a whole number of at least 1, or two of them as [height, width], not the list [3, 1, 1]",
        ),
        (
            ("kernel = [3, 1]", 'kernel = 3, padding = "full"'),
            f'{PATH}.padding: takes "same", "valid" or a whole number of at least 0, not the text "full"',
        ),
        (
            ("kernel = 1 }],", "kernel = 1, stride = 2 }],"),
            (
                "10: model.layers[2]: 'split' can concat shapes that differ in their channels only, "
                "but its branches end in (2, 2, 2), (4, 4, 4)"
            ),
        ),
        (
            ('{ kind = "global_pool" }', '{ kind = "global_pool", pool = "mean" }'),
            "16: model.layers[3].pool: takes 'avg' or 'max', not the text \"mean\"",
        ),
    ],
    ids=["shape", "kernel", "argument", "sides", "padding", "branches", "choice"],
)
def test_what_is_wrong_inside_is_told_with_its_path(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    """A mistake inside of nested layers has the line and the path of the very layer."""
    assert complaints(tmp_path, change) == [expected]
