"""Figures: what is drawn is what the report says, every measure can be drawn, and no text lies on another."""

import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import LogNorm
from matplotlib.text import Text
from plot_runs import asked_of, opened, written
from synthetic_run import LAYERS, STEPS, finished, make_plan, metrics_event, probe_event, stack_event

from dlbench.errors import UsageError
from dlbench.export.plots.layers import BROKEN, ZERO
from dlbench.export.plots.style import DPI, Look
from dlbench.measures.catalog import MEASURES
from dlbench.state.selection import Selection
from dlbench.text.cells import BEST, row_parts

NAMES = ("sigmoid", "tanh", "relu", "relu, lr 0.01")
LONG = "a net of nine hidden layers whose name goes on and on, number "


def final(trial):
    """Numbers of a trial at its end, another for each seed; the first variant is far behind."""
    accuracy = (0.5 if trial.candidate == 0 else 0.8) + 0.01 * trial.seed + 0.002 * trial.candidate * trial.seed**2
    return {"train_loss": 1 - accuracy, "train_accuracy": accuracy, "test_loss": 1.1 - accuracy, "test_accuracy": accuracy - 0.05}  # fmt: skip


def run_of(base, names, seeds=4, end=final):
    """A run of that many seeds that has ended."""
    plan = make_plan(names if isinstance(names, dict) else list(names), seeds)
    return written(base, plan, finished(plan, end))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of four variants."""
    return run_of(tmp_path_factory.mktemp("figures"), NAMES)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A run of 30 variants with long names."""
    return run_of(tmp_path_factory.mktemp("many"), [f"{LONG}{number}" for number in range(30)])


def panel(page, title):
    """The axes under a title."""
    return next(axes for axes in page.figure.axes if axes.get_title(loc="left").startswith(title))


def band_of(axes, index):
    """Lowest and highest of a band by its steps, of the polygon that fills it."""
    corners = axes.collections[index].get_paths()[0].vertices
    return {float(step): (corners[corners[:, 0] == step, 1].min(), corners[corners[:, 0] == step, 1].max()) for step in np.unique(corners[:, 0])}  # fmt: skip


@pytest.mark.parametrize("series", ["train_loss", "test_loss", "train_accuracy", "test_accuracy"])
def test_curves_are_mean_and_range_of_the_seeds(folder, series):
    """A line ends in the mean of its variant's seeds, its band goes from the lowest to the highest, and all begin alike."""
    asked = asked_of(folder)
    with opened(asked, "curves") as page:
        axes = panel(page, series.replace("_", " "))
        assert len(axes.lines) == len(NAMES)
        for number, line in enumerate(axes.lines):
            ends = [final(trial)[series] for trial in asked.state.plan.trials if trial.candidate == number]
            assert line.get_xdata().tolist() == [0, STEPS // 2, STEPS]
            assert line.get_ydata()[-1] == pytest.approx(np.mean(ends), rel=1e-12)
            assert band_of(axes, number)[STEPS] == pytest.approx((min(ends), max(ends)), rel=1e-12)


def test_the_interval_of_the_last_step_is_the_tables(folder):
    """With `band = "interval"` mean and band end in the numbers that the table has."""
    asked = asked_of(folder, band="interval")
    with opened(asked, "curves") as page:
        axes = panel(page, "test accuracy")
        for number, (row, line) in enumerate(zip(asked.report.table.rows, axes.lines, strict=True)):
            cell = row.cells["test_accuracy"]
            assert line.get_ydata()[-1] == pytest.approx(cell.mean, rel=1e-12)
            assert band_of(axes, number)[STEPS] == pytest.approx((cell.interval.low, cell.interval.high), rel=1e-12)


def test_a_band_says_what_it_is(folder):
    """The caption tells what lines and bands are, of how many seeds; without a band, or of one seed, no band is told or drawn."""
    for band, told in (
        ("range", "lowest to the highest seed"),
        ("interval", "95 % interval of the mean"),
        ("none", None),
    ):
        with opened(asked_of(folder, band=band), "curves") as page:
            texts = " ".join(text.get_text() for text in page.figure.texts)
            assert "mean of 4 seeds" in texts
            assert ("bands" in texts) == (told is not None)
            assert told is None or told in " ".join(texts.split())
            assert bool(panel(page, "test loss").collections) == (told is not None)
    with opened(asked_of(folder, choice=Selection(seed=2)), "curves") as page:
        assert not panel(page, "test loss").collections


def test_variants_side_by_side_share_their_scale(folder):
    """Each named variant has a panel of its own, in the order of the names, with all other lines behind it on one scale."""
    with opened(asked_of(folder, variants=("relu, lr 0.01", "sigmoid"), metrics=("loss",)), "curves") as page:
        titles = [axes.get_title(loc="left") for axes in page.figure.axes]
        assert titles == ["relu, lr 0.01", "sigmoid"]
        first, second = page.figure.axes
        assert first.get_ylim() == second.get_ylim()
        assert first.get_xlim() == second.get_xlim()
        ends = [{line.get_ydata()[-1] for line in axes.lines} for axes in (first, second)]
        assert len(ends[0] & ends[1]) == 2  # each one's test loss stands behind the other's


def test_a_variant_keeps_its_colour_beside_any_others(folder):
    """A variant is drawn in the colour of its place in the run, whichever others are drawn."""
    with opened(asked_of(folder), "curves") as page:
        together = panel(page, "test loss").lines[2].get_color()
    with opened(asked_of(folder, variants=("relu",)), "curves") as page:
        assert page.figure.axes[0].lines[-1].get_color() == together


def test_what_diverged_is_told(tmp_path):
    """How many seeds were lost stands at the name, and the caption says that the mean is of the others."""
    folder = run_of(tmp_path, NAMES[:2], end=lambda trial: {"diverged_at": 60} if trial.seed == 1 else final(trial))
    with opened(asked_of(folder), "curves") as page:
        texts = [text.get_text() for text in page.figure.findobj(Text)]
    assert "sigmoid (1 of 4 diverged)" in texts
    assert any("that have not diverged" in " ".join(text.split()) for text in texts)


@pytest.mark.parametrize("what", ["curves", "table"])
def test_what_may_still_change_is_told(what, tmp_path):
    """Of a run that has not ended the caption says how many trials are left."""
    plan = make_plan(NAMES[:2], 3)
    folder = written(tmp_path, plan, finished(plan, final)[:-1])
    with opened(asked_of(folder), what) as page:
        assert any("3 of 6 trials have not ended" in " ".join(text.get_text().split()) for text in page.figure.texts)


def test_one_variant_of_a_search_is_all_its_candidates(tmp_path):
    """Of a run with a search each variant is the candidate that was picked; one alone is all that it was picked from."""
    folder = run_of(tmp_path, {"relu": [{"train.optimizer.lr": rate} for rate in (0.1, 0.2, 0.3)], "tanh": [{}]})
    with opened(asked_of(folder, metrics=("test_loss",)), "curves") as page:
        assert len(page.figure.axes[0].lines) == 2
    with opened(asked_of(folder, metrics=("test_loss",), variants=("relu",)), "curves") as page:
        assert [axes.get_title(loc="left") for axes in page.figure.axes] == [
            "relu, lr = 0.1",
            "relu, lr = 0.2",
            "relu, lr = 0.3",
        ]


def probed(base, values, *, measure="gradient_norm", layers=None, more=()):
    """A run of one trial whose probes are `values[step][layer]`."""
    plan = make_plan(["net"], 1)
    shown = layers or [
        {"name": f"dense{place}", "kind": "dense", "weight": [2, 2]}
        for place, _ in enumerate(next(iter(values.values())))
    ]
    events = [{"v": 1, "kind": "run", "session": 0, "worker": 0, "stacks": [0]}, stack_event(0, layers=shown)]
    for step, row in values.items():
        witness = {
            name: [[1.0 if value is not None else None for value in row]] for name in ("weight_norm", "activation_mean")
        }
        events.append(probe_event(0, step, [row]) | witness | {measure: [row]})
    ends = [
        metrics_event(0, STEPS, [final(plan.trials[0])]),
        {"kind": "end", "stack": 0, "step": STEPS, "status": "done", "error": None},
    ]
    return written(base, plan, [*events, *more, *ends])


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_can_be_drawn(name, tmp_path):
    """Every measure of the catalogue is a map whose cells are what was probed, a row a layer, a column a probe."""
    values = {0: [0.2, 0.4, 0.8], 10: [0.1, 0.3, 0.9], 50: [0.05, 0.6, 0.7]}
    with opened(asked_of(probed(tmp_path, values, measure=name), measure=name), "layers") as page:
        axes, scale = page.figure.axes
        cells = axes.collections[0].get_array()
        assert np.ma.count_masked(cells) == 0
        np.testing.assert_allclose(np.asarray(cells), np.float32(list(values.values())).T, rtol=1e-6)
        assert [tick.get_text() for tick in axes.get_yticklabels()] == ["dense0", "dense1", "dense2"]
        assert isinstance(axes.collections[0].norm, LogNorm) == MEASURES[name].is_logarithmic
        assert scale.get_ylabel() == MEASURES[name].title


def hatched(axes, hatch):
    """Where cells are hatched so: (layer, first step, last step)."""
    return [
        (round(path.vertices[:, 1].min()), path.vertices[:, 0].min(), path.vertices[:, 0].max())
        for collection in axes.collections
        if collection.get_hatch() == hatch
        for path in collection.get_paths()
    ]


def test_zero_and_what_broke_are_told_from_what_vanished(tmp_path):
    """An exact zero and NaN have hatches of their own and no colour; the smallest number has the lowest colour."""
    folder = probed(tmp_path, {0: [1e-9, 1.0, 1.0], 10: [0.0, 1.0, None], 50: [0.0, 0.5, 1.0]})
    with opened(asked_of(folder), "layers") as page:
        axes = page.figure.axes[0]
        mesh = axes.collections[0]
        assert hatched(axes, ZERO) == [(0, 10, 75)]  # to as far beyond the last probe as probes are apart
        assert hatched(axes, BROKEN) == [(2, 10, 50)]
        assert np.ma.getmaskarray(mesh.get_array()).tolist() == [[False, True, True], [False] * 3, [False, True, False]]
        assert mesh.norm.vmin == pytest.approx(1e-9)
        legend = [text.get_text() for text in page.figure.legends[0].get_texts()]
    assert legend == ["exactly zero", "NaN or infinite"]


def test_from_a_divergence_on_all_is_broken(tmp_path):
    """From the step on at which a trial diverged every layer is marked to the end of its training."""
    diverged = {"kind": "diverged", "stack": 0, "step": 20, "trial": 0, "last_loss": 9e9}
    folder = probed(tmp_path, {0: [1.0, 2.0], 10: [1.0, 2.0]}, more=[diverged])
    with opened(asked_of(folder), "gradients") as page:
        assert hatched(page.figure.axes[0], BROKEN) == [(0, 20, STEPS), (1, 20, STEPS)]


def test_layers_without_the_measure_have_no_row(folder):
    """A layer without weights has no gradient, and no row."""
    with opened(asked_of(folder), "layers") as page:
        axes = page.figure.axes[0]
        names = [tick.get_text() for tick in axes.get_yticklabels()]
        assert names == [layer["name"] for layer in LAYERS if layer["weight"]]
        assert axes.get_ylim() == (0, len(names))


@pytest.mark.parametrize("layers", [1, 2, 47, 200])
def test_the_first_and_the_last_layer_are_always_named(layers, tmp_path):
    """However many layers there are, the names of both ends stand at their rows."""
    with opened(asked_of(probed(tmp_path, {0: [1.0] * layers, 9: [2.0] * layers})), "layers") as page:
        axes = page.figure.axes[0]
        named = {tick.get_text(): place for tick, place in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    assert named["dense0"] == 0.5
    assert named[f"dense{layers - 1}"] == layers - 0.5
    assert len(named) <= 30


def test_maps_side_by_side_share_their_colours(folder):
    """Several variants are drawn on one scale of colours, with one bar beside them."""
    with opened(asked_of(folder, variants=("tanh", "sigmoid")), "layers") as page:
        *maps, _ = page.figure.axes
        assert [axes.get_title(loc="left").split("\n")[0] for axes in maps] == ["tanh", "sigmoid"]
        assert len({(axes.collections[0].norm.vmin, axes.collections[0].norm.vmax) for axes in maps}) == 1


def test_the_comparison_is_the_table(folder):
    """A row a variant: its seeds, its mean and its interval are the cells' numbers, the words beside it the table's words."""
    asked = asked_of(folder)
    table = asked.report.table
    with opened(asked, "table") as page:
        axes, gaps = page.figure.axes
        assert [tick.get_text() for tick in axes.get_yticklabels()] == list(NAMES)
        marks = {(line.get_marker(), line.get_ydata()[0]): line.get_xdata() for line in axes.lines}
        texts = [text.get_text() for text in axes.texts]
        for place, row in enumerate(table.rows):
            cell = row.cells["test_accuracy"]
            seeds = [final(trial)["test_accuracy"] for trial in asked.state.plan.trials if trial.candidate == place]
            assert sorted(marks["|", place]) == pytest.approx(sorted(seeds))
            assert marks["None", place] == pytest.approx((cell.interval.low, cell.interval.high))
            assert marks["D" if cell.best else "o", place] == pytest.approx([cell.mean])
            number, beside, mark = row_parts(row, table.columns[0])
            assert f"{number} {mark}".strip() in texts
            assert beside in texts
        assert any(row.cells["test_accuracy"].best for row in table.rows)
        assert any(BEST in text for text in texts)
        assert gaps.get_title(loc="left").replace("\n", " ") == table.columns[1].title.replace("_", " ")
        assert "baseline" in [text.get_text() for text in gaps.texts]


def test_differences_are_drawn_seed_by_seed(folder):
    """In the column of differences stand those of each seed to the baseline's same seed, about a line at no difference."""
    asked = asked_of(folder, metrics=("difference",))
    with opened(asked, "table") as page:
        (axes,) = page.figure.axes
        seeds = next(
            line.get_xdata() for line in axes.lines if line.get_marker() == "|" and line.get_ydata().tolist()[:1] == [2]
        )
        pairs = [
            [final(one)["test_accuracy"] for one in asked.state.plan.trials if one.candidate == number]
            for number in (2, 0)
        ]
        assert seeds == pytest.approx(np.subtract(*pairs))
        assert any(list(line.get_xdata()) == [0, 0] for line in axes.lines)


def overlapping(figure, monkeypatch):
    """Texts that go beyond the page, and pairs of texts that lie on each other, of those that are drawn."""
    found, draw = {}, Text.draw
    monkeypatch.setattr(Text, "draw", lambda text, renderer: (found.update({text: None}), draw(text, renderer)))
    figure.draw_without_rendering()
    told = [
        (text.get_text(), text.get_window_extent()) for text in found if text.get_visible() and text.get_text().strip()
    ]
    page, slack = figure.bbox, 0.02 * DPI
    outside = [text for text, own in told if own.x0 < -1 or own.y0 < -1 or own.x1 > page.x1 + 1 or own.y1 > page.y1 + 1]
    pairs = [
        (one, other)
        for (one, a), (other, b) in combinations(told, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack
    ]
    return len(told), outside, pairs


@pytest.mark.parametrize(
    ("what", "size", "told"),
    [
        ("curves", (6, 2), "needs [34](.[0-9])? inches down at least"),
        ("layers", (6, 2), "needs [23](.[0-9])? inches down at least"),
        ("table", (6, 2), "needs [23](.[0-9])? inches down at least"),
        ("table", (2, 9), "make it wider"),
    ],
)
def test_a_page_that_is_too_small_is_told(what, size, told, folder):
    """Where the texts leave no room for the numbers, it is said what size would do; that size does."""
    with pytest.raises(UsageError, match=told) as raised, opened(asked_of(folder, look=Look(size=size)), what):
        pass
    if "needs" in told:
        needed = float(re.search(r"needs ([0-9.]+)", str(raised.value))[1])
        with opened(asked_of(folder, look=Look(size=(size[0], needed))), what) as page:
            assert page.figure.get_figheight() == pytest.approx(needed)


@pytest.mark.parametrize("what", ["curves", "layers", "table"])
@pytest.mark.parametrize("which", ["few", "many", "small", "narrow"])
def test_no_text_lies_on_another(what, which, folder, many, monkeypatch):
    """Whatever the names, their number and the size of the page: every text is on the page, and none on another."""
    look = Look(size={"small": (6.0, 4.0), "narrow": (3.5, 5.0)}.get(which))
    variants = NAMES if (which, what) == ("narrow", "curves") else ()
    with opened(asked_of(many if which == "many" else folder, look=look, variants=variants), what) as page:
        count, outside, pairs = overlapping(page.figure, monkeypatch)
        assert count > 8
        assert (outside, pairs) == ([], [])
        assert len(page.figure.axes) == 30 or (what, which) != ("curves", "many"), "a panel a variant"
        if which == "small":
            assert (page.figure.get_size_inches() == (6.0, 4.0)).all()
