"""The layer profile: means over seeds, what is compared with what, what is said to be wrong, and how it is drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
import pytest
from cases import ZEROS, dense, plan_of, settings, trainer_of
from rich.console import Console
from scipy.stats import entropy

from dlbench.analysis.profile import Profile, alike, profiles
from dlbench.parts.datasets import load_data
from dlbench.plan import Candidate, Plan
from dlbench.state.run_state import RunState
from dlbench.text.blocks import Terminal
from dlbench.text.profile import ProfileScale, render_profiles

UNIFORM = {"kind": "uniform", "low": -1.0, "high": 1.0}
SIGMOID = settings([dense(5, "sigmoid", repeat=10, init=UNIFORM)], init=UNIFORM)
DIGITS = [{"kind": "flatten"}, dense(12, "relu")]


def looked(plan: Plan) -> tuple[RunState, list[dict[str, Any]]]:
    """A run of which only the first step was looked at, and the events of its probes."""
    state, probes = RunState(plan), []
    for stack in range(len(plan.stacks)):
        trainer, events = trainer_of(plan, stack)
        trainer.look()
        state.apply(orjson.loads(orjson.dumps(event, default=lambda array: array.tolist())) for event in events)
        probes += events.of("probe")
    return state, probes


def profiled(variants: dict[str, dict[str, Any]], seeds: range = range(3)) -> list[Profile]:
    """The profiles of variants."""
    groups = alike([Candidate(name, {}, own) for name, own in variants.items()])
    plan = plan_of({first.variant: first.settings for first, *_ in groups}, seeds)
    return profiles(looked(plan)[0], groups)


def drawn(found: list[Profile], width: int = 80, *, in_ascii: bool = False, color: bool = False) -> str:
    """Profiles as text."""
    console = Console(width=width, force_terminal=color, color_system="standard" if color else None, highlight=False)
    with console.capture() as capture:
        console.print(render_profiles(found, Terminal(width, color, in_ascii, "en")))
    return capture.get()


def test_the_factor_of_a_layer_is_a_geometric_mean_over_seeds() -> None:
    """Of nine sigmoid layers about a quarter, by numpy's own least squares; of a net without gradient there is none."""
    plan = plan_of({"a": SIGMOID}, range(4))
    state, (probe,) = looked(plan)
    (found,) = profiles(state, [plan.candidates])
    logs = np.log(np.asarray(probe["gradient_norm"], np.float64))
    slopes = [np.polyfit(np.arange(logs.shape[1]), own, 1)[0] for own in logs]

    assert found.gradient_factor == pytest.approx(math.exp(-np.mean(slopes)), rel=1e-4)
    assert f"gradient: times {found.gradient_factor:.3g} a layer on its way back" in drawn([found])
    (nothing,) = profiled({"a": settings([dense(5, init=ZEROS)], init=ZEROS)}, range(1))
    assert nothing.gradient_factor is None
    assert "a layer on its way back" not in drawn([nothing])


def test_means_over_seeds() -> None:
    """A row's numbers are the means of the probe's over the seeds, the ratio that of the seeds' own ratios."""
    plan = plan_of({"a": SIGMOID}, range(4))
    state, (probe,) = looked(plan)
    (found,) = profiles(state, [plan.candidates])
    norms = np.asarray(probe["gradient_norm"], np.float64)

    assert found.seeds == [0, 1, 2, 3]
    assert [layer.name for layer in found.layers] == [*(f"dense{number}" for number in range(1, 11)), "output"]
    for row, layer in enumerate(found.layers):
        assert layer.gradient_norm == pytest.approx(norms[:, row].mean(), rel=1e-4)
        assert layer.gradient_ratio == pytest.approx((norms[:, row] / norms[:, -1]).mean(), rel=1e-4)
        assert layer.activation_std == pytest.approx(float(probe["activation_std"][:, row].mean()), rel=1e-4)


def test_no_data_but_the_batch_is_looked_at() -> None:
    """A look evaluates nothing: its only metric is the loss on the batch, ln 10 where nothing tells the digits apart."""
    plan = plan_of({"a": settings([*DIGITS], data="digits", init=ZEROS, batch_size=50, steps=1)})
    trainer, events = trainer_of(plan)
    trainer.look()
    (metrics,) = events.of("metrics")

    assert {name for name in metrics if name.endswith(("loss", "accuracy"))} == {"batch_loss"}
    assert metrics["batch_loss"][0] == pytest.approx(math.log(10), rel=1e-6)
    assert trainer.step == 1


def test_the_loss_stands_beside_what_guessing_costs() -> None:
    """Guessing costs the entropy of the training labels' shares; with class weights the loss is another one, and nothing stands."""
    data = {"kind": "digits", "classes": [0, 1], "limit": 9, "label_noise": 0.3}
    plain, weighted = (settings([*DIGITS], data=data) for _ in range(2))
    weighted["train"]["class_weights"] = "balanced"
    rare, other = profiled({"plain": plain, "weighted": weighted}, range(1))

    assert np.bincount(load_data(data).y_train).tolist() == [8, 1]
    assert rare.guessing == pytest.approx(entropy([8, 1]), rel=1e-4)
    assert "(guessing: 0.349), 1 seed" in drawn([rare])
    assert (other.guessing, "guessing" in drawn([other])) == (None, False)


def test_a_look_is_a_trainings_first_step() -> None:
    """Its probe is bit for bit the one that a training writes at step 0."""
    plan = plan_of({"a": settings([*DIGITS], data="digits", batch_size=50)}, range(2))
    (look,) = looked(plan)[1]
    trainer, events = trainer_of(plan)
    trainer.train(lambda now: now.step > 0)
    first = events.of("probe")[0]

    assert all(
        np.array_equal(look[name], first[name], equal_nan=True) for name in look if name.startswith(("gr", "ac", "ze"))
    )


def test_what_is_wrong_is_said() -> None:
    """The laws that mean something of one look: a gradient that vanishes, saturated units, a gradient that is zero."""
    found = profiled(
        {
            "vanishing": SIGMOID,
            "saturated": settings(
                [dense(8, "tanh", init={"kind": "uniform", "low": 60.0, "high": 90.0}) | {"bias_init": UNIFORM}] * 2
            ),
            "zero": settings([dense(4, "relu")], init=ZEROS)
            | {"model": settings([dense(4, "relu", init=ZEROS)], init=ZEROS)["model"]},
            "fine": settings([dense(6, "tanh")]),
        }
    )
    texts = {one.name: [wrong.text.partition(":")[0] for wrong in one.wrong] for one in found}

    assert texts["vanishing"] == ["vanishing gradient"]
    assert "saturated" in texts["saturated"]
    assert texts["zero"] == ["zero gradient", "dead units"]
    assert texts["fine"] == []
    assert found[0].wrong[0].seeds == 3


def test_an_explosion_of_all_layers_alike_is_said() -> None:
    """Nine ReLU layers of weights ten times too large have gradients that are alike, and a loss, that nobody would call usual."""
    huge = {"kind": "normal", "mean": 0.0, "std": 10.0}
    (found, fine) = profiled(
        {
            "exploding": settings([dense(12, "relu", repeat=9, init=huge)], init=huge),
            "fine": settings([dense(12, "relu", repeat=9, init={"kind": "he"})]),
        }
    )
    weighted = [layer for layer in found.layers if layer.weight]

    assert weighted[0].gradient_ratio < 100
    assert [one.text.partition(":")[0] for one in found.wrong] == ["gradients too large", "exploding loss"]
    assert all(one.severity == "alarm" for one in found.wrong)
    assert fine.wrong == []


def test_steps_of_time_are_compared_with_the_last() -> None:
    """A recurrent layer has a row a step of time; its ratio is to the last step, which is 1, and weights have none there."""
    rnn = {
        "kind": "rnn",
        "units": 5,
        "activation": {"kind": "tanh"},
        "sequences": False,
        "bias": True,
        "bias_init": ZEROS,
    }
    rnn |= {"init": UNIFORM, "recurrent_init": {"kind": "orthogonal", "gain": 0.5}}
    (found,) = profiled({"a": settings([rnn], data="digits", batch_size=20)})
    times = [layer for layer in found.layers if layer.kind == "time"]

    assert len(times) == 8
    assert times[-1].gradient_ratio == 1
    assert 0 < times[0].gradient_ratio < 0.1
    assert all(layer.weight is None and math.isnan(layer.weight_norm) for layer in times)


def test_alike_before_the_first_step() -> None:
    """Optimizers tell nothing apart before a step is taken; nets, data and batches do."""
    base = settings(DIGITS, data="digits", batch_size=50)
    adam = settings(DIGITS, data="digits", batch_size=50, optimizer={"kind": "adam", "lr": 0.1})
    other = settings(DIGITS, data="digits", batch_size=60)
    candidates = [Candidate(name, {}, own) for name, own in {"a": base, "b": adam, "c": other}.items()]

    assert [[one.variant for one in group] for group in alike(candidates)] == [["a", "b"], ["c"]]
    assert [(one.name, one.same) for one in profiled({"a": base, "b": adam, "c": other})] == [("a", ["b"]), ("c", [])]


@pytest.mark.parametrize("width", [60, 64, 80, 120])
@pytest.mark.parametrize("in_ascii", [False, True])
def test_the_drawing_keeps_to_the_width(width: int, in_ascii: bool) -> None:
    """No line is wider than the terminal, no number is cut; bars go where there is no room for them."""
    text = drawn(profiled({"a": SIGMOID}), width, in_ascii=in_ascii)

    assert max(map(len, text.splitlines())) <= width
    assert text.isascii() or not in_ascii
    for line in text.splitlines()[2:13]:
        assert len(line.translate(str.maketrans("", "", "█▏▎▍▌▋▊▉#%")).split()) == 7
    assert any(sign in text for sign in "█#") == (width > 64)


def test_colours_only_where_they_are_wanted() -> None:
    """Without colours there is no colour, and what is wrong is marked by its sign."""
    found = profiled({"a": SIGMOID})

    assert "\x1b[33m" in drawn(found, color=True)
    plain = drawn(found)
    assert "\x1b[3" not in plain
    assert "\n  ! vanishing gradient: dense1's is " in plain


@pytest.mark.parametrize(
    ("value", "cells"), [(1.0, 8), (0.1, 5.33), (0.01, 2.67), (0.001, 0.125), (0.0, 0), (math.nan, 0)]
)
def test_bars_count_powers_of_ten(value: float, cells: float) -> None:
    """On a scale of three powers of ten over eight cells each takes 2.67; what is not there has no bar, what is tiny the shortest."""
    scale = ProfileScale(-3.0, 0.0)
    bar = scale.bar(value, 8, in_ascii=False)

    assert len(bar) == 8
    assert sum("▏▎▍▌▋▊▉█".index(sign) + 1 for sign in bar.strip()) / 8 == pytest.approx(cells, abs=0.15)


def test_scale_over_numbers() -> None:
    """A scale ends at the largest number, begins at half the smallest, and is no longer than it may be."""
    assert ProfileScale.over([0.0, 1e-2, 10.0, math.inf, math.nan], 8).low == pytest.approx(-2.3)
    assert ProfileScale.over([1e-20, 10.0], 8) == ProfileScale(-7.0, 1.0)
    assert ProfileScale.over([], 8).bar(0.0, 3, in_ascii=True) == "   "
