"""The panes of pictures: what they show in every condition of a run, and what keys and mouse do to the cursor."""

import asyncio

import pytest
from pictured_run import FACTORS, begin, conditions, failed, make_plan, make_view, metrics, probe, training
from stage import Stage, act, shown

from dlbench.measures.catalog import MEASURES
from dlbench.tui.charts.glyphs import ASCII, SHADES
from dlbench.tui.panes.cursor import nearest
from dlbench.tui.panes.curves import CurvesPane
from dlbench.tui.panes.gradients import GradientsPane, following
from dlbench.tui.panes.layers import LayersPane
from dlbench.tui.widgets.chart import Chart
from dlbench.tui.widgets.curve_chart import CurveChart
from dlbench.tui.widgets.grad_histogram import GradHistogram
from dlbench.tui.widgets.layer_bars import LayerBars
from dlbench.tui.widgets.layer_heat_map import ColorScale, LayerHeatMap
from dlbench.tui.widgets.layer_table import LayerTable

PANES = (GradientsPane, CurvesPane, LayersPane)
PANE_SIZES = {"120x40": (94, 36), "80x24": (80, 20), "60x16": (60, 12), "200x60": (174, 56)}
"""What is left for a pane at the terminal's size."""


def play(pane, view, scenario, *, size=PANE_SIZES["120x40"], **options):
    """Show a pane, and do something with it; returns what the scenario returns."""

    async def run():
        app = Stage(pane, view, **options)
        async with app.run_test(size=size) as pilot:
            await shown(pilot)
            return await scenario(pilot)

    return asyncio.run(run())


def frame(pane, view, **options):
    """The pane as text."""
    return play(pane, view, shown, **options)


def visible(pilot, kind):
    """The widgets of a kind that stand on the screen."""
    return [widget for widget in pilot.app.pane.query(kind) if widget.is_on_screen and widget.size.height]


DRAWN = [(None, size) for size in PANE_SIZES] + [(glyphs, "80x24") for glyphs in (ASCII, SHADES)]


@pytest.mark.parametrize(("glyphs", "size"), DRAWN, ids=[*PANE_SIZES, "ascii", "shades"])
@pytest.mark.parametrize("pane", PANES)
def test_panes_fill_their_size(pane, size, glyphs):
    """Every pane draws a trained net at every size, within the size, and with ASCII alone where that is asked."""
    size = PANE_SIZES[size]
    options = {} if glyphs is None else {"glyphs": glyphs}
    text = frame(pane, make_view(make_plan(), training(make_plan())), size=size, **options)

    assert len(text.splitlines()) <= size[1]
    assert len(set(text)) > 10
    assert text.isascii() or glyphs is not ASCII


@pytest.mark.parametrize("size", ["120x40", "80x24"])
def test_gradients_has_the_picture_above_the_curves(size):
    """The picture of layers stands above the loss; where it is tall accuracy and histogram stand beside the loss."""

    async def scenario(pilot):
        kinds = (LayerHeatMap, ColorScale, CurveChart, GradHistogram)
        return pilot.app.frame(), {kind: visible(pilot, kind) for kind in kinds}

    text, there = play(GradientsPane, make_view(make_plan(), training(make_plan())), scenario, size=PANE_SIZES[size])
    lines = text.splitlines()

    assert "Gradient norm · sigmoid, seed 0" in lines[0]
    assert [len(there[kind]) for kind in there] == ([1, 1, 2, 1] if size == "120x40" else [1, 1, 1, 0])
    assert any(line.lstrip("│ ").startswith("output") for line in lines[:10])
    assert any("Loss (log)" in line for line in lines[len(lines) // 2 :])


def test_the_output_is_on_top():
    """Layers are named from the output above down to the input, in the picture, the bars and the table."""
    order = ["output", "2 dense", "1 dense", "0 dense"]
    view = make_view(make_plan(), training(make_plan(), layers=4))
    picture = frame(GradientsPane, view).splitlines()
    layers = frame(LayersPane, view).splitlines()

    def rows(lines):
        return [next(row for row, line in enumerate(lines) if name in line) for name in order]

    table = next(row for row, line in enumerate(layers) if "Activations" in line)
    for lines in (picture[1:], layers[1:table], layers[table:]):
        assert rows(lines) == sorted(rows(lines))


def test_titles_tell_resolution():
    """The lower border tells layers per band and steps per column, or how far apart probes are that have columns to spare."""
    view = make_view(make_plan(), training(make_plan(), layers=60, every=2))
    text = frame(GradientsPane, view, size=PANE_SIZES["80x24"])

    assert "layers per band · log steps" in text
    view.focus.log_steps = False
    text = frame(GradientsPane, view, size=PANE_SIZES["80x24"])
    assert "layers per band" in text
    assert "steps per column" in text
    sparse = make_view(make_plan(), training(make_plan(), layers=3, every=100))
    sparse.focus.log_steps = False
    assert "one layer per band · one probe every 100 steps" in frame(GradientsPane, sparse)


def test_z_makes_steps_even_or_logarithmic():
    """In the gradients' pane the map and the curves beneath begin logarithmic, those of the curves' pane do not; `z` turns each."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        before = pilot.app.frame()
        await act(pilot, "log_steps")
        return before, pilot.app.frame()

    uneven, even = play(GradientsPane, view, scenario)
    assert uneven.count("log steps") == 3
    assert "log steps" not in even
    plain, logarithmic = play(CurvesPane, view, scenario)
    assert "log steps" not in plain
    assert logarithmic.count("log steps") == 2
    assert (view.focus.log_steps, view.focus.log_curve_steps) == (False, True)


@pytest.mark.parametrize("measure", MEASURES)
def test_measures_have_their_title(measure):
    """The chosen measure stands in the title of picture and bars."""
    view = make_view(make_plan(), training(make_plan()))
    view.focus.measure = measure
    title = MEASURES[measure].title

    assert title in frame(GradientsPane, view).splitlines()[0].lower()
    assert title in frame(LayersPane, view).splitlines()[0].lower()


def test_m_goes_round_the_measures():
    """As many presses as there are measures lead back, one back leads to the last."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        seen = []
        for _ in MEASURES:
            seen.append(view.focus.measure)
            await act(pilot, ("measure", 1))
        await act(pilot, ("measure", -1))
        return seen

    assert play(GradientsPane, view, scenario) == list(MEASURES)
    assert view.focus.measure == list(MEASURES)[-1]


def test_two_variants_share_one_scale():
    """Beside each other, the picture of sigmoid and that of tanh have one scale, which spans both."""
    plan = make_plan(tuple(FACTORS), seeds=2)
    view = make_view(plan, training(plan))

    async def scenario(pilot):
        alone = visible(pilot, LayerHeatMap)[0].scale
        await act(pilot, "beside", "beside")
        maps = visible(pilot, LayerHeatMap)
        return alone, [chart.scale for chart in maps], pilot.app.frame()

    alone, scales, text = play(GradientsPane, view, scenario)

    assert len(scales) == 2
    assert scales[0] == scales[1] == alone
    assert scales[0].low <= FACTORS["sigmoid"] ** 9
    assert "sigmoid, seed 0" in text
    assert "tanh, seed 0" in text


def test_beside_goes_through_the_variants_and_ends_alone():
    """Each press puts the same seed of the next variant beside, and after the last one none."""
    view = make_view(make_plan(("sigmoid", "relu", "tanh"), seeds=2))
    view.focus.trial = 3
    seen = []
    for _ in range(4):
        view.focus.beside = following(view)
        seen.append(view.focus.beside)

    assert seen == [5, 1, None, 5]


def test_beside_needs_another_variant():
    """A run of one variant has nothing to put beside."""
    assert following(make_view(make_plan(("sigmoid",)))) is None


def test_colours_stand_still_while_the_numbers_fit():
    """New probes within the range of the old ones leave the scale as it is."""
    plan = make_plan()
    view = make_view(plan, training(plan, until=500))

    async def scenario(pilot):
        before = visible(pilot, LayerHeatMap)[0].scale
        view.state.apply([probe(plan, 0, 550, 10)])
        await shown(pilot)
        return before, visible(pilot, LayerHeatMap)[0].scale

    before, after = play(GradientsPane, view, scenario)

    assert after == before


def test_shares_span_nothing_to_all():
    """The colours of a share mean the same in every run, until `c` asks for what was measured."""
    view = make_view(make_plan(), training(make_plan()))
    view.focus.measure = "zero_fraction"

    async def scenario(pilot):
        known = visible(pilot, ColorScale)[0].scale
        await act(pilot, "range")
        return known, visible(pilot, ColorScale)[0].scale

    known, measured = play(GradientsPane, view, scenario)

    assert (known.low, known.high) == (0, 1)
    assert measured.high - measured.low < 1


def test_arrows_walk_the_columns():
    """Left goes back column by column from the newest step and stops at the first; right ends by following again."""
    view = make_view(make_plan(), training(make_plan()))
    view.focus.log_steps = False

    async def scenario(pilot):
        seen = []
        for count in (-1, -1, -100, 1, 100):
            await act(pilot, ("step", count))
            seen.append(view.focus.step)
        return seen

    assert play(GradientsPane, view, scenario) == [950, 900, 0, 50, None]


@pytest.mark.parametrize("pane", PANES)
def test_first_and_newest(pane):
    """Home is the first step, End follows the newest."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        await act(pilot, "first_step")
        first = view.focus.step
        await act(pilot, "newest_step")
        return first

    assert play(pane, view, scenario) == 0
    assert view.focus.step is None


@pytest.mark.parametrize("pane", PANES)
def test_layers_are_walked_to_their_ends(pane):
    """Up goes towards the output and stops there, down towards the input."""
    view = make_view(make_plan(), training(make_plan(), layers=4))

    async def scenario(pilot):
        await act(pilot, ("layer", 1), ("layer", 1))
        up = view.focus.layer
        await act(pilot, ("layer", 9))
        top = view.focus.layer
        await act(pilot, ("layer", -9))
        return up, top, view.focus.layer

    assert play(pane, view, scenario) == (2, 3, 0)


def test_the_cursor_stands_on_probes():
    """Where a column holds several steps, the cursor stands on the first of its probes."""
    plan = make_plan(steps=40_000)
    view = make_view(plan, training(plan, every=703, until=40_000, stacks=[0]))
    view.focus.log_steps = False

    async def scenario(pilot):
        seen = []
        for _ in range(5):
            await act(pilot, ("step", -1))
            seen.append(view.focus.step)
        return seen

    assert play(GradientsPane, view, scenario) == [703 * number for number in (55, 54, 53, 52, 51)]


def test_the_mouse_chooses_layer_and_step():
    """A press in the picture puts the cursor there, dragging takes it along, and after the release it stays."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        chart = visible(pilot, LayerHeatMap)[0]
        start, stop = (30, 2), (60, 6)
        await pilot.mouse_down(chart, offset=start)
        await pilot.pause()
        pressed = (view.focus.layer, view.focus.step)
        expected = chart.place(*start)
        await pilot.hover(chart, offset=stop)
        await pilot.pause()
        dragged, target = (view.focus.layer, view.focus.step), chart.place(*stop)
        await pilot.mouse_up(chart, offset=stop)
        await pilot.hover(chart, offset=(40, 4))
        await pilot.pause()
        left = (view.focus.layer, view.focus.step)
        return pressed, (expected.layer, expected.step), dragged, (target.layer, target.step), left

    pressed, expected, dragged, target, left = play(GradientsPane, view, scenario)

    assert pressed == expected
    assert dragged == target == left
    assert pressed != dragged


def test_hovering_draws_nothing(monkeypatch):
    """Moving the mouse over a picture without a button neither draws nor repaints."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        chart = visible(pilot, LayerHeatMap)[0]
        drawn = []
        monkeypatch.setattr(Chart, "_repaint", drawn.append)
        monkeypatch.setattr(Chart, "refresh", lambda self, *regions, **options: drawn.append(self))
        for column in range(20, 40):
            await pilot.hover(chart, offset=(column, 3))
        return drawn, view.focus.step

    assert play(GradientsPane, view, scenario) == ([], None)


def test_the_wheel_moves_through_time():
    """The wheel turned up goes one column back, turned down one on."""
    view = make_view(make_plan(), training(make_plan()))
    view.focus.log_steps = False

    async def scenario(pilot):
        chart = visible(pilot, LayerHeatMap)[0]
        chart.post_message(Chart.Wheeled(-1))
        await pilot.pause()
        back = view.focus.step
        chart.post_message(Chart.Wheeled(1))
        await pilot.pause()
        return back, view.focus.step

    assert play(GradientsPane, view, scenario) == (950, 1000)


def test_a_press_in_bars_and_table_chooses_a_layer():
    """In the Layers pane a press on a row chooses its layer and leaves the step alone."""
    view = make_view(make_plan(), training(make_plan(), layers=4))

    async def scenario(pilot):
        seen = []
        for kind in (LayerBars, LayerTable):
            chart = visible(pilot, kind)[0]
            row = next(
                row for row in range(chart.size.height) if chart.place(2, row) == chart.place(2, row) is not None
            )
            await pilot.click(chart, offset=(3, row + 1))
            await pilot.pause()
            seen.append(view.focus.layer)
            view.focus.layer = 0
        return seen, view.focus.step

    assert play(LayersPane, view, scenario) == ([3, 3], None)


def test_small_curves_swap():
    """Where there is room for one chart, `t` swaps loss and accuracy; where there is room for two, both stay."""
    for size, expected in (("80x24", [["loss"], ["score"]]), ("120x40", [["loss", "score"]] * 2)):

        async def scenario(pilot):
            before = [chart.what for chart in visible(pilot, CurveChart)]
            await act(pilot, "curves")
            await pilot.pause()
            return [before, [chart.what for chart in visible(pilot, CurveChart)]]

        view = make_view(make_plan(), training(make_plan()))
        assert play(CurvesPane, view, scenario, size=PANE_SIZES[size]) == expected


def test_curves_say_whose_they_are():
    """`b` goes from all seeds to every variant to the trial alone, `y` to a linear axis; the title says so."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        titles = [pilot.app.rows()[0]]
        for action in ("spread", "spread", "log"):
            await act(pilot, action)
            titles.append(pilot.app.rows()[0])
        return titles

    seeds, band, alone, linear = play(CurvesPane, view, scenario)

    assert "Loss (log) · sigmoid, every seed" in seeds
    assert "every variant, mean and band" in band
    assert "sigmoid, seed 0" in alone
    assert "Loss · sigmoid, seed 0" in linear


def test_table_tells_what_was_measured():
    """The table of layers has each layer's numbers at the cursor's step; a measure that a layer lacks is a dot."""
    plan = make_plan()
    event = probe(plan, 0, 0, 3)
    event |= {
        "activation_mean": [[0.125, -2.5, 3e-7]] * 2, "zero_fraction": [[0.5, 0.0, 1.0]] * 2,
        "saturated_fraction": [[None, None, 0.25]] * 2,
    }  # fmt: skip
    view = make_view(plan, [*begin(plan, 0, 3), event])
    lines = frame(LayersPane, view).splitlines()
    table = lines[next(row for row, line in enumerate(lines) if "Activations" in line) :]

    def cells(name):
        return (
            next(line for line in table if name in line)
            .strip("│ ")
            .removeprefix("▸")
            .split(name)[1]
            .replace(" %", "%")
            .split()
        )

    assert cells("0 dense") == ["0.125", "0.5", "50%", "·", "0.5"]
    assert cells("1 dense") == ["-2.5", "0.5", "0%", "·", "0.5"]
    assert cells("output") == ["3.0e-07", "0.5", "100%", "25%", "0.5"]


def test_missing_is_not_broken():
    """A layer without weights has no gradient norm and no alarm; NaN in a layer with weights is told as NaN."""
    plan = make_plan()
    begun = begin(plan, 0, 3)
    begun[1]["layers"][1]["weight"] = None
    event = probe(plan, 0, 0, 3)
    event |= {"gradient_norm": [[None, None, 0.5]] * 2, "weight_norm": [[None, None, 0.5]] * 2}
    lines = frame(LayersPane, make_view(plan, [*begun, event])).splitlines()
    told = {name: [line for line in lines if name in line] for name in ("0 dense", "1 dense", "output")}

    assert [sum("NaN" in line for line in found) for found in told.values()] == [2, 0, 0]


def test_nearest_stop():
    """The cursor stands on the last column that began at or before its step."""
    assert [nearest([10, 20, 30], step) for step in (0, 10, 19, 20, 99)] == [0, 0, 0, 1, 2]


@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("name", conditions())
def test_panes_say_why_there_is_nothing(name, pane):
    """A pane without numbers says in words what it waits for, or what went wrong."""
    view, words = conditions()[name]
    text = " ".join(frame(pane, view, size=PANE_SIZES["80x24"]).replace("│", " ").split())

    assert words in text


def test_before_the_first_event():
    """Before the first event there are frames with their titles, the words, and no scale of nothing."""
    empty, words = f"│{' ' * 58}│", "Starting the workers ..."
    title = "Gradient norm · sigmoid, seed 0"
    # The place of the scale is kept free at the right, so that nothing jumps when it comes.
    drawn = f"│{words:^46}{' ' * 12}│"

    assert frame(GradientsPane, make_view(make_plan()), size=PANE_SIZES["60x16"]).splitlines() == [
        f"╭─ {title} {'─' * (60 - len(title) - 5)}╮", *[empty] * 4, drawn, *[empty] * 5, f"╰{'─' * 58}╯",
    ]  # fmt: skip


def test_without_probes_the_curves_remain():
    """A recipe without probes gets its curves, and is told how to get gradients."""
    plan = make_plan(points=0)
    events = [*begin(plan, 0, 3), metrics(plan, 0, 0), metrics(plan, 0, 100)]
    text = frame(GradientsPane, make_view(plan, events))

    assert "--set probes.points=200" in " ".join(text.replace("│", " ").split())
    assert "Loss (log)" in text
    assert "probes.points" in " ".join(frame(LayersPane, make_view(plan, events)).replace("│", " ").split())


def test_what_failed_keeps_its_picture():
    """A trial that failed in its middle shows its picture, and above it the error."""
    text = frame(GradientsPane, make_view(make_plan(), failed(make_plan())))

    assert "failed at step 100: out of memory on cuda:0" in text
    assert "0 dense" in text


def test_a_long_error_is_wrapped_and_cut():
    """A long error takes few lines above the picture, and says that it goes on."""
    view = make_view(make_plan(), failed(make_plan(), error="a very long story " * 40))
    lines = frame(GradientsPane, view).splitlines()
    told = [line for line in lines if "story" in line]

    assert 1 < len(told) < 5
    assert "..." in told[-1]
    assert any("0 dense" in line for line in lines)


def test_beside_tells_the_ends_of_both():
    """Beside each other, two trials keep their layers in line, under one set of names; above each is whose it is, and its end."""
    plan = make_plan()
    mark = {"v": 1, "kind": "diverged", "session": 0, "stack": 0, "step": 310, "trial": 0, "last_loss": None}
    view = make_view(plan, [*training(plan), mark])
    view.focus.beside = 2
    lines = frame(GradientsPane, view).splitlines()

    assert "sigmoid, seed 0" in lines[1]
    assert "relu, seed 0" in lines[1]
    assert "diverged at step 310" in lines[2]
    (output,) = (line for line in lines[:20] if "output" in line)
    assert output.count("▀") > 40


def test_two_maps_are_equally_wide():
    """With one set of names for two maps both have as many columns, whether the second came later or was there before any data."""
    plan = make_plan()

    async def widths(pilot):
        pilot.app.view.state.apply(training(plan))
        pilot.app.view.focus.beside = 2
        pilot.app.redraw()
        await shown(pilot)
        await shown(pilot)
        named, bare = pilot.app.pane.query(LayerHeatMap)
        return named.size.width - named.names_room - bare.size.width

    assert abs(play(GradientsPane, make_view(plan), widths, size=(80, 20))) <= 1


def test_what_diverged_keeps_its_picture():
    """A trial that diverged shows when, and what was measured before; its neighbour in the stack shows nothing of it."""
    plan = make_plan()
    mark = {"v": 1, "kind": "diverged", "session": 0, "stack": 0, "step": 310, "trial": 0, "last_loss": 9.5e9}
    view = make_view(plan, [*training(plan), mark])

    assert "diverged at step 310" in frame(GradientsPane, view)
    assert "0 dense" in frame(GradientsPane, view)
    for pane in (GradientsPane, LayersPane):
        assert "is NaN" in frame(pane, view)
        assert "exactly zero" not in frame(pane, view)
    view.focus.trial = 1
    assert "diverged" not in frame(GradientsPane, view)
    assert "is NaN" not in frame(GradientsPane, view)


@pytest.mark.parametrize("layers", [1, 60])
@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("size", ["120x40", "80x24"])
def test_one_layer_and_sixty(layers, pane, size):
    """One layer and sixty are drawn, with two hundred trials in the run."""
    plan = make_plan(seeds=100)
    view = make_view(plan, training(plan, layers=layers, every=200, stacks=[1]))
    view.focus.trial, view.focus.layer = 199, layers - 1
    text = frame(pane, view, size=PANE_SIZES[size])

    assert "relu" in text if pane is not LayersPane else "output" in text


def test_a_cursor_beyond_the_layers_stands_on_the_last():
    """The layer that was chosen in a deeper net is the output in a shallower one, and down goes on from there."""
    view = make_view(make_plan(), training(make_plan(), layers=3))
    view.focus.layer = 40

    async def scenario(pilot):
        text = pilot.app.frame()
        await act(pilot, ("layer", -1))
        return text

    assert "Gradients of output" in play(LayersPane, view, scenario)
    assert view.focus.layer == 1


def test_titles_are_taken_literally():
    """A variant with brackets in its name has them in the title."""
    plan = make_plan(("[bold]relu[/]",))

    assert "[bold]relu[/], seed 0" in frame(GradientsPane, make_view(plan, training(plan)))


def test_panes_show_nothing_twice(monkeypatch):
    """Drawing what has not changed repaints no row."""
    view = make_view(make_plan(), training(make_plan()))

    async def scenario(pilot):
        await shown(pilot)
        repaints = []
        monkeypatch.setattr(Chart, "refresh", lambda self, *regions, **options: repaints.append((self, regions)))
        pilot.app.redraw()
        return repaints

    for pane in PANES:
        assert play(pane, view, scenario) == []
        monkeypatch.undo()


@pytest.mark.parametrize("pane", PANES)
def test_help_is_for_students(pane):
    """Each pane explains itself: a paragraph, then a list of what to look for, and every bold word is closed."""
    paragraph, _, points = pane.HELP.partition("\n\n")

    assert len(paragraph.split()) > 40
    assert points.count("\n- ") >= 5
    assert pane.HELP.count("**") % 2 == 0
