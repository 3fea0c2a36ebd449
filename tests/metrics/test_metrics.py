from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from each import each
from synthetic_run import LN2, make_plan

from dlbench.metrics.catalog import METRICS
from dlbench.metrics.format import value_format
from dlbench.metrics.names import CURVES
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import Solved
from dlbench.state.run_state import RunState


@dataclass
class FakeTrial:
    """A trial with three evaluations at steps 0, 50 and 100; by default it learns at step 50."""

    status: Status = Status.OK
    step: int = 100
    diverged_at: int | None = None
    dropped_at: int | None = None
    steps: list[int] = field(default_factory=lambda: [0, 50, 100])
    curves: dict[str, list[float]] = field(
        default_factory=lambda: {"train_accuracy": [0.5, 1.0, 1.0], "train_loss": [LN2, 0.1, 0.2]}
    )
    norms: list[float] | None = None
    time_norms: list[float] | None = None
    classes: int | None = 2
    class_names: list[str] = field(default_factory=list)
    class_counts: list[int] | None = None
    confused: list[list[int]] | None = None
    stopped_at: int | None = None
    steps_per_epoch: int | None = 10
    seconds: float | None = 0.5
    parameters: int = 21
    solved_rule: Solved | None = None
    chance: dict[str, float] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)

    def curve(self, name):
        return np.array(self.curves.get(name, [math.nan] * len(self.steps)))

    def gradient_norms(self, at_step=None):
        return None if self.norms is None else np.array(self.norms)

    def pretrained(self, name):
        return self.told.get(name)

    def confusion(self, split="test"):
        return None if self.confused is None or split != "test" else np.array(self.confused)

    def time_gradient_norms(self, at_step=None):
        return None if self.time_norms is None else np.array(self.time_norms)


def test_a_mean_can_be_printed_as_a_percentage():
    """A metric that is no share of seeds may be told in percent; one that would print as 0 is told by powers of ten."""
    metric = replace(METRICS["overfit_gap"], format=".1%")
    assert [format(mean, value_format(metric, mean)) for mean in (0.267, 0.0001)] == ["26.7%", "1.0e-04"]


def value(name, trial, at_step=None):
    """The value of a metric by its name."""
    return METRICS[name].value(trial, at_step)


def test_importing_the_metrics_is_light():
    """Whoever only asks for the names of metrics, as the recipe's checker does, pays for no numpy."""
    code = "import sys, dlbench.metrics.catalog; sys.exit(bool({'numpy', 'scipy', 'torch', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@each("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_trial_without_numbers_has_no_value(metric):
    """No metric makes up a number for a trial that has not begun; `parameters` is known without training."""
    waiting = FakeTrial(Status.WAITING, step=0, steps=[], curves={}, classes=None, seconds=None)
    assert metric.value(waiting) is None or metric.name == "parameters"


@each("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_can_be_printed(metric):
    """Every metric's format prints a number, in a table too, and every summary is a sentence."""
    assert format(0.5, value_format(metric, 0.5))
    assert metric.summary.endswith(".")


@pytest.mark.parametrize("name", CURVES)
def test_a_diverged_trial_has_no_metrics_at_its_end(name):
    """A trial that diverged keeps what it had before, has no loss or accuracy at its end, and has not solved anything."""
    trial = FakeTrial(Status.DIVERGED, diverged_at=70, curves={name: [3.0, 2.0, math.nan]})
    assert value(name, trial) is None
    assert value(f"best_{name}", trial) is None
    assert value(name, trial, at_step=60) == 2.0
    assert value(name, trial, at_step=70) is None
    assert value("solved", trial) == 0.0
    assert value("diverged", trial) == 1.0


def test_best_is_the_lowest_loss_and_the_highest_accuracy():
    """Best means lowest for losses, highest for accuracies, whenever it was, and passes over evaluations without a number."""
    trial = FakeTrial(curves={"test_loss": [3.0, 1.0, 2.0], "test_accuracy": [0.2, math.nan, 0.1]})
    assert value("best_test_loss", trial) == 1.0
    assert value("best_test_accuracy", trial) == 0.2
    assert value("test_accuracy", trial) == 0.1


@pytest.mark.parametrize(
    ("accuracy", "loss", "solved"),
    [(1.0, 0.1, 1.0), (0.75, 0.1, 0.0), (1.0, LN2 / 2 + 1e-6, 0.0), (0.99, LN2 / 2, 1.0)],
)
def test_solved_needs_accuracy_and_loss(accuracy, loss, solved):
    """A net whose outputs sit at 0.5 may toss an accuracy of 1, but its loss gives it away."""
    assert value("solved", FakeTrial(curves={"train_accuracy": [accuracy] * 3, "train_loss": [loss] * 3})) == solved


def test_solved_by_the_recipes_own_rule():
    """A rule of the recipe replaces the default one, in `steps_to_solve` too."""
    trial = FakeTrial(curves={"test_accuracy": [0.1, 0.98, 0.99]}, solved_rule=Solved("test_accuracy", at_least=0.985))
    assert value("solved", trial) == 1.0
    assert value("steps_to_solve", trial) == 100.0
    assert value("solved", trial, at_step=99) == 0.0


def test_steps_to_solve_is_the_first_evaluation_that_is_solved():
    """It is missing, not infinite or the last step, for a trial that never learns."""
    assert value("steps_to_solve", FakeTrial()) == 50.0
    assert value("steps_to_solve", FakeTrial(), at_step=49) is None
    assert value("steps_to_solve", FakeTrial(curves={"train_accuracy": [0.5] * 3, "train_loss": [LN2] * 3})) is None


@pytest.mark.parametrize(
    ("norms", "ratio"),
    [([1e-6, 5.0, 2.0], 5e-7), ([0.0, 2.0], 0.0), ([1.0, 0.0], None), ([0.0, 0.0], None), ([], None)],
)
def test_gradient_ratio_is_first_over_last(norms, ratio):
    """A last layer without gradient has no ratio; a first one without has ratio 0. So it is over time."""
    assert value("first_last_gradient_ratio", FakeTrial(norms=norms)) == ratio
    assert value("time_gradient_ratio", FakeTrial(norms=[3.0, 1.0], time_norms=norms)) == ratio


def slope_of(norms):
    """The oracle: numpy's own least squares through the logarithms, from the input up."""
    slope, _ = np.polyfit(np.arange(len(norms)), np.log(norms), 1)
    return math.exp(-slope)


@pytest.mark.parametrize(
    "norms",
    [[1e-6, 5.0, 2.0], [1.0, 0.25], [3.0, 3.0, 3.0, 3.0], [1e-30, 1e-20, 1e-11, 1e-4, 1.0], [8.0, 4.0, 2.0, 1.0]],
)
def test_gradient_factor_is_the_slope_of_the_logarithms(norms):
    """By what the gradient is multiplied from layer to layer on its way back is least squares through the logarithms."""
    assert value("gradient_factor_per_layer", FakeTrial(norms=norms)) == pytest.approx(slope_of(norms), rel=1e-12)


@pytest.mark.parametrize("norms", [[1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0], [1.0, math.nan, 1.0], [2.0], [], None])
def test_a_gradient_that_reaches_fewer_than_two_layers_has_no_factor(norms):
    """Where nothing arrives, or a number is missing, the factor is missing, never 0."""
    assert value("gradient_factor_per_layer", FakeTrial(norms=norms)) is None


def test_nets_of_any_depth_have_their_factor():
    """A gradient that underflows on its way has the factor of where it has not, those with lost digits left out."""
    single = np.float32(0.26) ** np.arange(200, dtype=np.float32)  # 0 from the 78th layer back, inexact before that
    assert value("gradient_factor_per_layer", FakeTrial(norms=single[::-1].tolist())) == pytest.approx(0.26, rel=1e-6)
    assert value("gradient_factor_per_layer", FakeTrial(norms=[5.0, 0.0, 0.01, 0.1, 1.0])) == pytest.approx(0.1)


def test_a_step_that_was_not_reached_has_no_value():
    """The last record before a step stands for it only once training has passed there."""
    running = FakeTrial(Status.RUNNING, step=55, steps=[0, 50], curves={"test_loss": [3.0, 2.0]})
    assert value("test_loss", running, at_step=55) == 2.0
    assert value("test_loss", running, at_step=56) is None
    assert value("test_loss", running) == 2.0


def test_a_failed_trial_has_no_numbers():
    """A trial whose worker failed is missing, not a trial that did not learn."""
    failed = FakeTrial(Status.FAILED)
    assert value("train_loss", failed) is None
    assert value("solved", failed) is None
    assert value("diverged", failed) is None


def test_the_gap_is_of_errors():
    """What the net gets wrong on the test data beyond what it gets wrong on its own: 0.9 right against 1.0 is a gap of 0.1."""
    trial = FakeTrial(curves={"train_accuracy": [0.1, 0.9, 1.0], "test_accuracy": [0.1, 0.95, 0.9]})
    assert value("overfit_gap", trial) == pytest.approx(0.1)
    assert value("overfit_gap", trial, at_step=50) == pytest.approx(-0.05)
    assert value("overfit_gap", FakeTrial()) is None


TURNED = [2.3, 1.0, 0.5, 0.4, 0.41, 0.43, 0.44, 0.46, 0.47, 0.49, 0.5]


def turning(losses, **changes):
    """A trial that was evaluated every 50 steps, with these test losses."""
    steps = list(range(0, 50 * len(losses), 50))
    return FakeTrial(steps=steps, step=steps[-1], curves={"test_loss": losses}, **changes)


def test_the_turn_is_the_lowest_before_the_rise():
    """Its step, its epoch, and how far the loss has risen since; at a step before it, the curve has not turned."""
    trial = turning(TURNED)
    assert value("overfitting_step", trial) == 150.0
    assert value("overfitting_epoch", trial) == 15.0
    assert value("overfitting_rise", trial) == pytest.approx(0.1)
    assert value("overfitting_step", trial, at_step=200) is None
    assert value("overfitting_rise", trial, at_step=150) == 0.0


def test_being_put_back_is_no_turn():
    """A trial that stopped early has the turn that it had till then, however long its stack repeats what it was put back to."""
    before = sorted(TURNED, reverse=True)
    for repeated in (1, 20):
        assert value("overfitting_step", turning([*before, *[0.6] * repeated], stopped_at=50 * len(before))) is None
        assert value("overfitting_step", turning([*TURNED, *[0.4] * repeated], stopped_at=50 * len(TURNED))) == 150.0


def test_what_has_not_turned_has_no_turn():
    """A loss that falls to its end has no turn, neither step nor epoch, and has risen by nothing."""
    trial = turning(sorted(TURNED, reverse=True))
    assert value("overfitting_step", trial) is None
    assert value("overfitting_epoch", trial) is None
    assert value("overfitting_rise", trial) == 0.0


def test_a_stopped_trial_stays_what_it_is():
    """A trial that stopped early has its number at every later step, reached by its stack or not, and its step of stopping."""
    trial = turning([2.3, 1.0, 0.5, 0.5], stopped_at=150)
    assert value("test_loss", trial, at_step=10_000) == 0.5
    assert value("stopped_at", trial) == 150.0
    assert value("stopped_at", trial, at_step=149) is None
    assert value("stopped_at", turning([2.3, 1.0])) is None


def test_what_is_no_number_is_not_there():
    """A metric, of whoever it is, that comes to NaN has no value; infinity is one."""
    own = replace(METRICS["train_loss"], function=lambda trial, at_step: trial.curves["train_loss"][0])

    assert own.value(FakeTrial(curves={"train_loss": [math.nan]})) is None
    assert own.value(FakeTrial(curves={"train_loss": [math.inf]})) == math.inf


def test_parameters_that_nobody_told_are_unknown():
    """A log of someone else's says nothing of the size of its net: that is no net without parameters."""
    plan = make_plan(["a"], 1)
    unknown = replace(plan, stacks=[replace(stack, parameters=0) for stack in plan.stacks])

    values = [METRICS["parameters"].value(RunState(one).trials[0]) for one in (plan, unknown)]
    assert values == [plan.stacks[0].parameters, None]
