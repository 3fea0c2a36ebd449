"""Pictures of layers: every pixel is what the file says; and the verb that writes them tells every wrong name."""

import os
import subprocess
import sys

import numpy as np
import pytest
from patience import PATIENCE
from PIL import Image
from plot_runs import FILES, arrays, asked_of, drawn, run_with, written
from synthetic_run import make_plan
from typer.testing import CliRunner
from verbs import app

from dlbench.cli import plot as verb
from dlbench.errors import DlbenchError, SetupError, UsageError
from dlbench.export.plots import PLOTS
from dlbench.export.plots.canvas import BROKEN, GAP, LINE, NEGATIVE, POSITIVE, ZERO, factor_of
from dlbench.export.plots.page import MARGIN
from dlbench.export.plots.style import DPI
from dlbench.run.folder import find_run
from dlbench.state.pictures import PERCENTILE
from dlbench.state.selection import Selection

TOP, LEFT = round(MARGIN * DPI) + round(1.3 * LINE) + LINE, round(MARGIN * DPI)
"""Pixels above and beside the first tile: title and one line, and the margin."""
GROUND = (255, 255, 255)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder of results with one run."""
    base = tmp_path_factory.mktemp("plots") / "results"
    run_with(base)
    return base


def only_run(results):
    """The run that is there."""
    return find_run(results, "latest")


def tile(pixels, index, shape, columns, factor, stacked=1):
    """The pixels of one tile, each of the image's own pixels once, after looking that all of a pixel are alike."""
    height, width = (side * factor for side in shape)
    height *= stacked
    top, left = TOP + index // columns * (height + GAP), LEFT + index % columns * (width + GAP)
    large = pixels[top : top + height, left : left + width]
    small = large[::factor, ::factor]
    np.testing.assert_array_equal(large, small.repeat(factor, 0).repeat(factor, 1))
    return small


def signed(weights, limit):
    """The colours of weights, channel by channel, by numpy's own interpolation."""
    ends = zip(NEGATIVE, ZERO, POSITIVE, strict=True)
    return np.stack([np.rint(np.interp(weights, [-limit, 0, limit], end)) for end in ends], axis=-1)


@pytest.mark.parametrize("position", [0, 1])
def test_filters_have_the_colours_of_their_weights(results, position):
    """Every unit's every weight is the colour that interpolation gives it, in whole pixels; places without a unit are empty."""
    folder = only_run(results)
    pixels = drawn(folder, "filters", choice=Selection(seed=position))
    weights = arrays(3)["filters"][position].astype(np.float32)
    limit, factor = np.percentile(np.abs(weights), PERCENTILE), factor_of(weights)

    for unit in range(5):
        expected = signed(weights[unit], limit)
        np.testing.assert_allclose(tile(pixels, unit, (4, 6), 3, factor).astype(int), expected, atol=1)
    assert (tile(pixels, 5, (4, 6), 3, factor) == GROUND).all()


def test_filters_of_three_channels_are_in_colour(tmp_path):
    """Red, green and blue are the weights to the three channels, zero in their middle."""
    folder = run_with(tmp_path, channels=(3,))
    pixels = drawn(folder, "filters")
    weights = arrays(3, (3,))["filters"][0].astype(np.float32)
    limit = np.percentile(np.abs(weights), PERCENTILE)
    expected = np.rint(255 * (np.clip(np.moveaxis(weights[2], 0, -1), -limit, limit) + limit) / (2 * limit))

    np.testing.assert_allclose(tile(pixels, 2, (4, 6), 3, factor_of(weights)).astype(int), expected, atol=1)


def test_filters_of_other_channels_are_their_mean(tmp_path):
    """Of two channels the mean is drawn, in the colours of signs."""
    folder = run_with(tmp_path, channels=(2,))
    weights = arrays(3, (2,))["filters"][0].astype(np.float32)
    limit = np.percentile(np.abs(weights), PERCENTILE)
    found = tile(drawn(folder, "filters"), 1, (4, 6), 3, factor_of(weights)).astype(int)

    np.testing.assert_allclose(found, signed(weights[1].mean(0), limit), atol=1)


def test_reconstructions_stand_below_their_samples(results):
    """The upper half of a tile is the input, the lower one its reconstruction, in greys from 0 to 1; without a step the newest."""
    folder = only_run(results)
    pixels, images = drawn(folder, "reconstructions"), arrays(1)
    for sample in range(3):
        pair = tile(pixels, sample, (4, 6), 3, factor_of(images["inputs"]), stacked=2)
        both = np.concatenate([images["inputs"][0, sample], images["reconstructions"][0, sample]])
        expected = np.repeat(np.rint(255 * both)[..., np.newaxis], 3, axis=-1)
        np.testing.assert_allclose(pair.astype(int), expected, atol=1)


def test_what_is_no_number_has_its_own_colour(tmp_path):
    """NaN and infinity are drawn in a colour that no weight has, wherever they stand."""
    folder = run_with(tmp_path)
    weights = np.zeros((2, 5, 4, 6))
    weights[0, 0, 1, 2], weights[0, 1, 0, 0] = np.nan, np.inf
    np.savez(folder.path / "pictures/stack-0/train-3.npz", filters=weights)
    pixels = drawn(folder, "filters")

    assert (tile(pixels, 0, (4, 6), 3, factor_of(weights))[1, 2] == BROKEN).all()
    assert (tile(pixels, 1, (4, 6), 3, factor_of(weights))[0, 0] == BROKEN).all()
    assert (tile(pixels, 2, (4, 6), 3, factor_of(weights)) == ZERO).all()


@pytest.mark.parametrize(
    ("options", "seed"),
    [
        ({}, 3),
        ({"choice": Selection(step=49)}, 2),
        ({"choice": Selection(phase="pretrain")}, 1),
        ({"choice": Selection(phase="pretrain", step=39)}, 0),
        ({"variants": ("slow",)}, 3),
    ],
    ids=str,
)
def test_the_step_and_the_phase_that_were_named(results, options, seed):
    """The newest pictures, or those at or before a step: of the training's, or of pre-training's where these are named."""
    page = PLOTS["filters"].make(asked_of(only_run(results), **options))
    layer, phase, step, _ = FILES[seed]

    assert page.title == (
        f"5 filters of {layer}: slow, seed 0 · {'pre-training' if phase == 'pretrain' else 'training'}, step {step}"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--what filter", "no picture is called 'filter'; did you mean 'filters'"),
        ("--variants slow,slwo", "no variant is called 'slwo'; did you mean 'slow'"),
        ("--seed 7", "no trial has seed 7; there are 0, 1"),
        ("--variant slow --seed 7", "no trial of slow has seed 7; there are 0, 1"),
        ("--layer 0dens", "there are no pictures of a layer '0dens'; did you mean '0 dense'"),
        ("--step 9", "the first pictures of 0 dense in train are of step 10; there are none before it"),
        ("--layer output --phase pretrain", "the pictures of output are all of train, none of pretrain"),
        ("--layer output", "the pictures of this layer have no filters"),
        ("--variant fast", "this run has no pictures of layers; they are made where the data are images"),
        ("-o it.jpg", "it.jpg: pictures are written as SVG, PDF or PNG"),
        ("--band interval", "--band says nothing about filters; it is for curves"),
        ("--size 6x4", "--size says nothing about filters; it is for .*curves"),
        ("--what curves --size 6", "--size 6: say inches across and down"),
        ("--what curves --size 6xinf", "--size 6xinf: say inches across and down"),
        ("--what curves --metric acuracy", "this run has no curve of 'acuracy'; did you mean 'accuracy'"),
        ("--what curves --metric rmse", "this run has no curve of 'rmse'; there are loss, accuracy, train_loss"),
        ("--what layers --measure gradient", "no measure of layers is called 'gradient'; did you mean 'gradient_norm'"),
        ("--what layers --measure zero_fraction", "nothing was probed that has a measure of exact zeros"),
        ("--what table --metric solvd", "the table of this run has no column 'solvd'; did you mean 'solved'"),
    ],
)
def test_a_wrong_name_is_told(results, options, told):
    """What does not exist is told in one sentence, with what was meant or what there is."""
    words = options.split()
    what = [] if "--what" in words else ["--what", "filters"]
    with pytest.raises(UsageError, match=told.replace("(", r"\(")):
        raised(["plot", "latest", "--out", str(results), *what, *words])


def raised(arguments):
    """Call the command line; raise what it raises."""
    result = CliRunner().invoke(app, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_damaged_file_is_told(tmp_path):
    """Where the file of the pictures is torn, it is named."""
    folder = run_with(tmp_path / "results")
    for path in (folder.path / "pictures" / "stack-0").iterdir():
        path.write_bytes(b"torn")

    with pytest.raises(DlbenchError, match=r"train-3\.npz: missing or damaged"):
        raised(["plot", "latest", "--what", "filters", "--out", str(tmp_path / "results")])


def test_a_terminal_gets_no_png(monkeypatch):
    """Without a file and without a pipe nothing is written, and it is said what to do."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(UsageError, match=r"use -o FILE\.png"):
        verb.form_of(None, None)


def test_plot_writes_a_file_a_pipe_and_stdout(results, tmp_path):
    """All three are the same PNG, which says what it shows; a pipe stays one; no folder is the machine's fault."""
    arguments = ["plot", "latest", "--what", "filters", "--out", str(results)]
    printed = raised(arguments).stdout_bytes
    file, pipe = tmp_path / "it.png", tmp_path / "pipe"
    assert "written to" in raised([*arguments, "-o", str(file)]).stderr
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        raised([*arguments, "-o", str(pipe)])
        read, _ = reader.communicate(timeout=PATIENCE)

    assert file.read_bytes() == printed == read
    assert pipe.is_fifo()
    assert Image.open(file).text["Title"].startswith("5 filters of 0 dense")
    with pytest.raises(SetupError, match="no/such/it"):
        raised([*arguments, "-o", "no/such/it.png"])


def test_help_names_every_picture():
    """What `plot --help` says of pictures is the catalogue of them, which is not imported to say it."""
    told = " ".join(CliRunner().invoke(app, ["plot", "--help"]).stdout.split())

    assert f"{', '.join(PLOTS.names[:-1])} or {PLOTS.names[-1]}." in told


def test_the_ending_of_the_file_is_the_format(results, tmp_path):
    """Each of the three formats opens as what its name says, in the same words twice; `--format` overrules the name."""
    arguments = ["plot", "latest", "--what", "filters", "--out", str(results)]
    for name, head in (("a.svg", b"<?xml"), ("a.PDF", b"%PDF-1."), ("a.png", b"\x89PNG")):
        for file in (tmp_path / name, tmp_path / f"again-{name}"):
            raised([*arguments, "-o", str(file)])
        assert (tmp_path / name).read_bytes().startswith(head)
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
    raised([*arguments, "--format", "svg", "-o", str(tmp_path / "a.txt")])
    assert (tmp_path / "a.txt").read_bytes() == (tmp_path / "a.svg").read_bytes()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, ()),
        ("a", ("a",)),
        ("a,b c , d", ("a", "b c", "d")),
        ("relu, lr 0.01", ("relu, lr 0.01",)),
        ("relu,relu, lr 0.01,a", ("relu", "relu, lr 0.01", "a")),
        ("relu, lr 0.1", ("relu", "lr 0.1")),
    ],
)
def test_names_may_have_commas(text, names):
    """A known name is taken whole, whatever is in it."""
    assert verb.names_in(text, ["relu", "relu, lr 0.01", "a"]) == names


@pytest.mark.parametrize("part", PLOTS, ids=lambda part: part.name)
def test_every_picture_of_every_run(part, tmp_path):
    """Every picture is drawn of a run with names of any script, says whose it is; of an empty run it says why there is none."""
    folder = run_with(tmp_path, variants=("시그모이드 <활성화>", r"_b $\c$"))
    empty = written(tmp_path, make_plan(["slow"], 2), [])

    pixels = drawn(folder, part.name)
    assert min(pixels.shape[:2]) > 60
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10
    assert part.summary
    with pytest.raises(UsageError):
        drawn(empty, part.name)
