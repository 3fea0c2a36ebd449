"""Steps of time in the panes: a recurrent net's rows, which of them are shown, and how they are called."""

import pytest
from pictured_run import make_plan, make_view, training
from stage import act
from test_panes_pictures import PANE_SIZES, frame, play, visible

from dlbench.tui.model.rows import owner_of, shown_rows
from dlbench.tui.model.words import cursor_words
from dlbench.tui.panes.gradients import GradientsPane
from dlbench.tui.panes.layers import LayersPane
from dlbench.tui.widgets.layer_bars import LayerBars
from dlbench.tui.widgets.layer_heat_map import LayerHeatMap
from dlbench.tui.widgets.layer_table import LayerTable


def layers_over_time(*times):
    """The rows of a net with a recurrent layer for each number of steps of time, and an output."""
    rows = []
    for index, count in enumerate(times, 1):
        rows += [{"name": f"rnn{index} t={t}", "kind": "time", "weight": None} for t in range(1, count + 1)]
        rows.append({"name": f"rnn{index}", "kind": "rnn", "weight": [8, 8]})
    return [*rows, {"name": "output", "kind": "dense", "weight": [8, 10]}]


def viewed(*times, rows="all", **measured):
    """A view of a run of such nets in which some rows are wanted; measures of all trials `[layers]` in place of healthy ones."""
    layers = layers_over_time(*times)
    plan = make_plan()
    changes = {"stack": {"layers": layers}, "probe": {name: [values] * 2 for name, values in measured.items()}}
    events = [event | changes.get(event["kind"], {}) for event in training(plan, layers=len(layers))]
    view = make_view(plan, events)
    view.focus.rows = rows
    return view


def names_in(picture):
    """What stands left of the line beside a heat map's names, from the top down."""
    lines = [line.replace("▸", "│").split("│") for line in picture.splitlines()]
    return [line[1].strip() for line in lines if len(line) > 3 and line[1].strip()]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ("all", ["t=1", "t=2", "t=3", "rnn1", "output"]),
        ("time", ["t=1", "t=2", "t=3"]),
        ("layers", ["rnn1", "output"]),
    ],
)
def test_rows_are_layers_and_steps_of_time(rows, names):
    """All rows, those of time, or those of layers; of one recurrent layer steps of time are called by their number."""
    shown = shown_rows(viewed(3, rows=rows), 0)

    assert shown.names == names
    assert [viewed(3).state.trials[0].layers[place].name.rpartition(" ")[2] for place in shown.places] == names
    assert shown.alone == (frozenset({3, 4}) if rows == "all" else frozenset())


def test_two_recurrent_layers_name_their_steps():
    """Where two layers have steps of time, these have the layer's name."""
    assert shown_rows(viewed(2, 1), 0).names == ["rnn1 t=1", "rnn1 t=2", "rnn1", "rnn2 t=1", "rnn2", "output"]


def test_a_net_without_time_shows_all_it_has():
    """Whoever wants steps of time alone and looks at a net that has none sees its layers."""
    view = make_view(make_plan(), training(make_plan(), layers=3))
    view.focus.rows = "time"

    assert shown_rows(view, 0).names == ["0 dense", "1 dense", "output"]
    assert shown_rows(view, 0).alone == frozenset()


@pytest.mark.parametrize("size", ["120x40", "80x24"])
def test_layers_have_a_row_among_many_steps(size):
    """With 28 steps of time the output, the layer and the first and last steps can be read beside the picture."""
    names = names_in(frame(GradientsPane, viewed(28), size=PANE_SIZES[size]))

    assert names[:3] == ["output", "rnn1", "t=28"]
    assert "t=1" in names
    numbers = [int(name.removeprefix("t=")) for name in names if name.startswith("t=")]
    assert numbers == sorted(numbers, reverse=True)


def test_the_border_counts_rows():
    """Where rows are steps of time as well, the lower border speaks of rows, and tells how many share a band."""
    assert "one row per band" in frame(GradientsPane, viewed(28))
    assert "3 rows per band" in frame(GradientsPane, viewed(28), size=PANE_SIZES["80x24"])


def test_the_border_follows_a_resize():
    """The words in the lower border are of the picture that is drawn in the terminal's new size."""

    async def scenario(pilot):
        await pilot.resize_terminal(*PANE_SIZES["80x24"])
        await pilot.pause()
        return pilot.app.frame()

    assert "3 rows per band" in play(GradientsPane, viewed(28), scenario, size=PANE_SIZES["120x40"])


def test_r_goes_round_the_rows():
    """The key shows all rows, then steps of time, then layers; the cursor stands on the nearest that is shown."""
    view = viewed(8)
    view.focus.layer = 9

    async def scenario(pilot):
        seen = []
        for _ in range(3):
            await act(pilot, "rows")
            place, _ = cursor_words(view)
            seen.append((view.focus.rows, place[0][0], names_in(pilot.app.frame())[0]))
        return seen

    assert play(GradientsPane, view, scenario) == [
        ("time", "rnn1 t=8", "t=8"),
        ("layers", "output", "output"),
        ("all", "output", "output"),
    ]


def test_r_says_where_there_is_no_time():
    """In a net that reads no sequence the key changes nothing."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        await act(pilot, "rows")
        return view.focus.rows

    assert play(GradientsPane, view, scenario) == "all"


def test_arrows_walk_over_what_is_shown():
    """Up and down go from layer to layer where steps of time are left out."""
    view = viewed(8, 8, rows="layers")
    view.focus.layer = 8

    async def scenario(pilot):
        seen = []
        for count in (1, 1, 1, -1):
            await act(pilot, ("layer", count))
            seen.append(view.focus.layer)
        return seen

    assert play(LayersPane, view, scenario) == [17, 18, 18, 17]


@pytest.mark.parametrize(
    ("pane", "kind"), [(GradientsPane, LayerHeatMap), (LayersPane, LayerBars), (LayersPane, LayerTable)]
)
def test_a_press_chooses_what_stands_there(pane, kind):
    """The mouse chooses the row that is shown, not the one that would stand there if all were."""
    view = viewed(8, 8, rows="layers")

    async def scenario(pilot):
        chart = visible(pilot, kind)[0]
        return {place.layer for row in range(chart.size.height) if (place := chart.place(20, row))}

    assert play(pane, view, scenario) == {8, 17, 18}


def test_the_histogram_of_a_step_is_its_layers():
    """A step of time has no weights: under it stands the histogram of the layer that has."""
    view = viewed(8, 8)

    assert [owner_of(view, 0, place) for place in (0, 7, 8, 9, 18)] == [8, 8, 8, 17, 18]
    view.focus.layer = 3
    assert "Gradients of rnn1" in frame(LayersPane, view)


def test_a_state_that_is_off_for_a_while_is_no_dead_layer():
    """Units that are off at some steps of time are no illness, as where a sequence begins with nothing; those of the layer are."""
    healthy = {
        "gradient_norm": [0.1] * 5,
        "update_ratio": [None, None, None, 1e-3, 1e-3],
        "saturated_fraction": [None] * 5,
    }

    assert viewed(3, zero_fraction=[1.0, 1.0, 0.5, 0.5, 0.0], **healthy).findings(0) == []
    (found,) = viewed(3, zero_fraction=[1.0, 1.0, 1.0, 1.0, 0.0], **healthy).findings(0)
    assert found.text.startswith("dead units: 100 % of the outputs of rnn1 are")
