"""Layers in a window of 80 columns and 24 rows: all that is told of eleven layers, and of sixty with both ends in sight."""

import re

import pytest
from listed_run import frame
from pictured_run import make_plan, make_view, training

from dlbench.tui.panes.layers import LayersPane

SIZE = (80, 20)
"""What the bars leave of 80x24."""


def shown(layers, size=SIZE, cursor=0):
    """The pane's rows, for a net of so many layers."""
    plan = make_plan()
    view = make_view(plan, training(plan, layers=layers))
    view.focus.layer = cursor
    return frame(LayersPane, view, size=size).splitlines()


def named(rows):
    """The layers that have a row of numbers, from the top."""
    found = (re.match(r"│(\d+ dense|output) *[▸│]", row) for row in rows)
    return [match[1] for match in found if match]


def test_eleven_layers_have_a_row_each():
    """All are there at once, with their bar, its number and every column, and the histogram beneath."""
    rows = shown(11)

    assert named(rows) == ["output", *(f"{n} dense" for n in range(9, -1, -1))]
    assert "gradient norm    mean     std   zeros  satur. weights" in rows[1]
    assert all(len(re.split(" +", row.strip("│ "))) >= 7 for row in rows[2:13])
    assert "Gradients of 0 dense" in rows[14]
    assert all(len(row) == 80 for row in rows)


@pytest.mark.parametrize("cursor", [0, 1, 30, 58, 59])
def test_of_sixty_layers_both_ends_are_in_sight(cursor):
    """The first, the last and the cursor's layer have a row, and the gaps say how many more there are."""
    rows = shown(60, cursor=cursor)
    found = named(rows)

    assert (found[0], found[-1]) == ("output", "0 dense")
    assert ("output" if cursor == 59 else f"{cursor} dense") in found
    assert len(found) + sum(int(number) for number in re.findall(r"│\+ (\d+) more", "\n".join(rows))) == 60


@pytest.mark.parametrize(("layers", "is_sheet"), [(5, False), (30, True)])
def test_the_layout_in_which_all_layers_have_a_row(layers, is_sheet):
    """In a tall window bars stand above the table, unless a net is too deep for that."""
    rows = shown(layers, size=(120, 36))

    assert ("Activations and weights" not in "\n".join(rows)) == is_sheet
    assert len(named(rows)) >= min(layers, 25) or not is_sheet
