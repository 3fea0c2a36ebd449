"""The pane of pictures: which are shown at which cursor, of which layer, and what is said where there are none."""

import asyncio

import numpy as np
import pytest
from pictured_run import begin, make_plan, make_view, metrics, pretrained, probe, save_pictures, told, training
from stage import Stage, act, shown

from dlbench.run.folder import RunFolder
from dlbench.tui.charts.glyphs import ASCII, SHADES
from dlbench.tui.charts.ink import SIGNED_INKS, Ink
from dlbench.tui.model import filter_snapshots
from dlbench.tui.panes.curves import CurvesPane
from dlbench.tui.panes.pictures import PicturesPane
from dlbench.tui.widgets.filter_snapshots import FilterChart, PretrainingChart, SampleChart

SIZES = {"120x40": (94, 36), "80x24": (80, 20), "60x16": (60, 12), "200x60": (174, 56)}
LAYERS = ("0 dense", "2 dense")


def happened(plan, *, until=400):
    """Two layers are pre-trained, then the net is trained; pictures of both meanwhile, those of the training every 100 steps."""
    events = begin(plan, 0, 4)
    for layer in LAYERS:
        for step in range(0, 301, 100):
            events += [pretrained(plan, 0, layer, step), told(0, layer, step, "pretrain")]
    for step in range(0, until + 1, 50):
        events += [metrics(plan, 0, step), probe(plan, 0, step, 4)]
        events += [told(0, layer, step) for layer in LAYERS] if step % 100 == 0 else []
    return events


@pytest.fixture
def folder(tmp_path):
    """A run's folder with one file of pictures, to which all events point."""
    save_pictures(tmp_path)
    return RunFolder(tmp_path)


def view_of(events=None, **plan):
    """A view of a run that has been pre-trained and trained."""
    made = make_plan(**plan)
    return make_view(made, happened(made) if events is None else events(made))


def play(view, folder, scenario=shown, *, pane=PicturesPane, size=SIZES["120x40"], **options):
    """Show the pane, and do something with it; returns what the scenario returns."""

    async def run():
        app = Stage(pane, view, **options)
        app.folder = folder
        async with app.run_test(size=size) as pilot:
            await shown(pilot)
            return await scenario(pilot)

    return asyncio.run(run())


def after(*actions):
    """A scenario: the frame after some actions."""

    async def scenario(pilot):
        await act(pilot, *actions)
        return pilot.app.frame()

    return scenario


def at(view):
    """What is shown: layer, phase and step."""
    record = filter_snapshots.record_shown(view)
    return record.layer, record.phase, record.step


@pytest.mark.parametrize(
    ("name", "glyphs"),
    [*((name, None) for name in SIZES), ("60x16", ASCII), ("120x40", ASCII), ("80x24", SHADES)],
    ids=str,
)
def test_the_pane_fills_its_size(folder, name, glyphs):
    """Filters, pairs and what was measured stand within every size, in ASCII alone where that is asked."""
    size = SIZES[name]
    text = play(view_of(), folder, after(("step", -1)), size=size, **({} if glyphs is None else {"glyphs": glyphs}))

    assert len(text.splitlines()) <= size[1]
    assert all(word in text for word in ("Filters of 0 dense", "0 dense  training, step 300"))
    assert "6 units" in text or " of 6 units" in text
    assert "3 samples" in text or " of 3 samples" in text
    assert ("Reconstruction error" in text) == (size != SIZES["60x16"])
    assert text.isascii() or glyphs is not ASCII


def test_left_goes_through_all_of_time(folder):
    """From the newest picture back through the training, then through pre-training, to its first; and on again to the newest."""

    async def scenario(pilot):
        seen = [at(view)]
        for count in (*[-1] * 9, *[1] * 9):
            await act(pilot, ("step", count))
            seen.append(at(view))
        return seen

    view = view_of()
    train = [("0 dense", "train", step) for step in range(400, -1, -100)]
    before = [("0 dense", "pretrain", step) for step in range(300, -1, -100)]
    back = train + before

    assert play(view, folder, scenario) == [*back, back[-1], *back[-2::-1], back[0]]
    assert view.focus.step is None


def test_the_line_says_when_and_how_good(folder):
    """Above the pictures stand the layer, the phase, the step, and what pre-training measured there, the trial's own."""
    text = play(view_of(), folder, after("first_step", ("step", 1)))

    assert "0 dense  pre-training, step 100  reconstruction error 0.5  pseudo-likelihood -50" in text
    assert "reconstruction error 0.55" in play(view_of(), folder, after("first_step", ("step", 1), ("trial", 1)))


@pytest.mark.parametrize(
    ("step", "wanted"), [(None, ("train", 400)), (999, ("train", 400)), (250, ("train", 200)), (0, ("train", 0))]
)
def test_pictures_follow_the_shared_cursor(step, wanted):
    """The pictures are the last at or before the step that the other panes look at; the newest where that follows."""
    view = view_of()
    view.focus.step = step

    assert at(view)[1:] == wanted


def test_before_the_training_is_how_pretraining_left_it():
    """Where the training has no pictures yet at the cursor's step, the last ones of pre-training are shown."""
    plan = make_plan()
    events = [
        *begin(plan, 0, 4),
        told(0, "0 dense", 300, "pretrain"),
        told(0, "0 dense", 100),
        told(0, "0 dense", 5, "pretrain"),
    ]
    view = make_view(plan, events)
    view.focus.step = 50

    assert at(view) == ("0 dense", "pretrain", 300)


def test_another_cursor_leaves_pretraining(folder):
    """Whoever moves the cursor in another pane looks at that step of the training here too."""
    view = view_of()
    view.focus.pretrained = 100
    assert at(view)[1] == "pretrain"
    play(view, folder, after(("step", -2)), pane=CurvesPane)

    assert view.focus.pretrained is None
    assert at(view)[1] == "train"


def test_up_goes_to_the_next_layer_that_has_pictures(folder):
    """The cursor skips layers without pictures, and stops at the last one; one on a layer without shows the nearest's."""

    async def scenario(pilot):
        seen = []
        for count in (0, 1, 1, -1, -1):
            await act(pilot, ("layer", count))
            seen.append((view.focus.layer, at(view)[0]))
        return seen

    view = view_of()
    assert play(view, folder, scenario) == [
        (0, "0 dense"), (2, "2 dense"), (2, "2 dense"), (0, "0 dense"), (0, "0 dense"),
    ]  # fmt: skip
    for layer, wanted in enumerate(["0 dense", "0 dense", "2 dense", "2 dense"]):
        view.focus.layer = layer
        assert at(view)[0] == wanted


def test_each_trial_has_its_own_pictures(folder):
    """The weights drawn are the focus's trial's, on a scale that ends at its own largest ones."""

    async def scenario(pilot):
        drawn = [pilot.app.frame()]
        await act(pilot, ("trial", 1))
        return [*drawn, pilot.app.frame()]

    first, second = play(view_of(), folder, scenario)

    assert ("-0.8" in first, "-0.4" in second) == (True, True)
    assert ("seed 0" in first, "seed 1" in second) == (True, True)


def test_a_unit_sees_its_column(folder):
    """The pixels of the first unit have the inks of its weights: one column light, the next dark, all others zero."""

    async def scenario(pilot):
        return pilot.app.pane.query_one(FilterChart)._picture

    picture = play(view_of(), folder, scenario)
    row = next(row for row in range(picture.height) if (picture.front[row] >= Ink.SIGNED).any())
    inks = picture.front[row][picture.front[row] >= Ink.SIGNED]
    enlarged = int(np.flatnonzero(np.diff(inks))[0]) + 1
    zero, dark, light = Ink.SIGNED + SIGNED_INKS // 2, Ink.SIGNED, Ink.SIGNED + SIGNED_INKS - 1

    assert inks[: 8 * enlarged : enlarged].tolist() == [light, dark, *[zero] * 6]


def test_colours_as_far_as_the_largest_weight(folder):
    """Usually one weight in a hundred may lie beyond the scale; `c` lets it reach the largest."""
    filters = np.full((10, 6, 8, 8), 0.02, np.float32)
    filters[:, 0, 0, 0] = 5.0
    save_pictures(folder.path, filters=filters)

    assert "-0.02 " in play(view_of(), folder)
    assert "-5 " in play(view_of(), folder, after("range"))


def test_the_next_measure_of_pretraining(folder):
    """`m` goes through the measures that make a curve; what was told once at the end is said in the line alone."""

    def events(plan):
        last = pretrained(plan, 0, "0 dense", 400) | {"log_z": [3.5, 4.5]}
        return [*happened(plan), last, told(0, "0 dense", 400, "pretrain")]

    titles = [
        next(
            line
            for line in play(view_of(events), folder, after(*[("measure", 1)] * times)).splitlines()
            if " · pre-tr" in line
        )
        for times in range(3)
    ]

    assert ["Reconstruction error (log)" in titles[0], "Pseudo-likelihood ·" in titles[1], titles[2]] == [
        True,
        True,
        titles[0],
    ]
    assert "log z 3.5" in play(view_of(events), folder, after("first_step", ("step", 4)), size=SIZES["200x60"])


@pytest.mark.parametrize(
    ("spread", "names"), [("trial", ["seed 0"]), ("seeds", ["seed 0", "seed 1"]), ("band", ["sigmoid"])]
)
def test_curves_of_pretraining_are_whose_are_asked_for(spread, names):
    """Of the trial alone, of its seeds with the trial first, or of every variant that was pre-trained as mean and band."""
    view = view_of()
    view.focus.spread = spread
    found = filter_snapshots.pretraining_curves(view, "reconstruction_error")

    assert [one.name for one in found] == names
    np.testing.assert_allclose(found[0].middle, np.array([1, 0.5, 0.25, 0.125]) * (1.05 if spread == "band" else 1))
    if spread == "band":
        np.testing.assert_allclose(found[0].high, 1.1 * found[0].low)


def test_a_press_on_the_curve_shows_the_pictures_of_then(folder):
    """A step of the curve is one of pre-training: the pictures last before it are shown."""

    async def scenario(pilot):
        chart = pilot.app.pane.query_one(PretrainingChart)
        column = chart._drawn.frame.cell(250)
        await pilot.click(chart, offset=(column + 1, 2))
        await pilot.pause()
        return at(view)

    view = view_of()
    assert play(view, folder, scenario) == ("0 dense", "pretrain", 200)


def test_what_there_is_none_of_has_no_frame(folder):
    """Filters alone, or samples alone, take the whole width; without pre-training there is no curve of it."""

    async def scenario(pilot):
        return [bool(pilot.app.pane.query_one(kind).display) for kind in (FilterChart, SampleChart, PretrainingChart)]

    def untold(plan):
        return [*begin(plan, 0, 4), told(0, "0 dense", 0)]

    assert play(view_of(), folder, scenario) == [True, True, True]
    save_pictures(folder.path, inputs=None, reconstructions=None)
    assert play(view_of(), folder, scenario) == [True, False, True]
    save_pictures(folder.path, filters=None)
    assert play(view_of(untold), folder, scenario) == [False, True, False]


def test_colour_images_are_drawn_by_their_mean(folder):
    """Of images of three channels the mean is drawn, and the border says so."""
    save_pictures(folder.path, channels=3)

    assert "6 units · mean of 3 channels" in play(view_of(), folder, size=SIZES["200x60"])


def test_pictures_that_cannot_be_read(folder):
    """A file that is missing or torn is told by its name, and what is known beside it stays."""
    (folder.path / "pictures" / "it.npz").write_bytes(b"torn")
    torn = play(view_of(), folder)
    (folder.path / "pictures" / "it.npz").unlink()

    for text in (torn, play(view_of(), folder)):
        assert "The pictures of 0 dense are not there, or damaged: pictures/it.npz" in " ".join(text.split())
        assert "Reconstruction error" in text


@pytest.mark.parametrize(
    ("status", "end", "wanted"),
    [
        ("running", [], "No pictures yet"),
        ("done", ["done"], "This run has no pictures. They are made where the data are images"),
        ("failed", ["failed"], "failed"),
    ],
)
def test_a_run_without_pictures_says_so(folder, status, end, wanted):
    """What is said in place of pictures: that they are still to come, or of what they are made, or why there is nothing."""
    plan = make_plan()
    events = [
        *training(plan, layers=4),
        *({"kind": "end", "stack": 0, "step": 9, "status": one, "error": "no"} for one in end),
    ]
    view = make_view(plan, events)
    view.status = status

    assert wanted in " ".join(play(view, folder).translate(dict.fromkeys(map(ord, "│"), " ")).split())


def test_a_run_that_has_not_begun(folder):
    """Before the first event the pane says what it waits for, and keys do nothing."""
    view = make_view(make_plan())

    assert "Starting the workers" in play(view, folder, after(("step", -1), ("layer", 1), ("measure", 1), "first_step"))
