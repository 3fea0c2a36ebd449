"""Which remedies a finding names: those alone that can mend it, by when it began, by its evidence and by the recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_training_rules import FLAT, RANGES, SETTINGS, kinds, made, mended, trained, with_settings

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.folding import folded
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings
from dlbench.analysis.diagnosis.remedies import remedies
from dlbench.analysis.diagnosis.rules import RULES

HEAVY = {"kind": "momentum", "lr": 0.1, "momentum": 0.99}


def named(rule_name, settings=SETTINGS, since=0, **evidence):
    """The names of the remedies that a rule gives a finding of its own."""
    (rule,) = (rule for rule in RULES if type(rule).__name__ == rule_name)
    one = Finding(rule.kind, "warning", "", ("",), since, evidence=evidence)
    recipe = RecipeSettings(settings, evidence)
    return [name for name in rule.remedies if rule.is_apt(name, one, recipe)]


def patch(name, settings, **evidence):
    """What a remedy sets; `None` where it does not fit."""
    found = remedies([name], settings, evidence)
    return dict(found[0].set) if found else None


def layered(init, **layer):
    """Settings of one hidden layer with this init."""
    return with_settings(model__layers=[{"kind": "dense", "units": 8, "init": {"kind": init}, **layer}])


@pytest.mark.parametrize("rule", ["DeadUnits", "ZeroGradient", "SaturatedUnits"])
def test_steps_mend_nothing_that_was_so_before_any_of_them(rule):
    """Units that are off from the start need another start, those that died on the way smaller steps."""
    assert "lower-rate" not in named(rule)
    assert not {"init", "zero-bias", "normalize-input"} & {*named(rule, since=30)}
    assert "lower-rate" in named(rule, since=30)


def test_equal_weights_stay_equal_behind_any_activation():
    """A leaky ReLU is for units that die by chance: not for weights that are all 0, nor for biases that switch all units off."""
    assert "leaky-relu" in named("ZeroGradient", layered("he"))
    assert "leaky-relu" not in named("ZeroGradient", layered("zeros"))
    assert "leaky-relu" not in named("DeadUnits", layered("he", bias_init={"kind": "constant", "value": -9.0}))


@pytest.mark.parametrize("rule", ["ExplodingGradient", "LargeGradient", "ExplodingLoss", "ExplodingOverDepth"])
def test_an_explosion_from_the_start_is_not_mended_by_short_steps(rule):
    """Weights that begin far too large are mended; clipping is for those that begin as usual, or explode later."""
    assert not {"clip-norm", "lower-rate"} & {*named(rule, layered("uniform"))}
    assert {"clip-norm", "lower-rate"} <= {*named(rule, layered("he"))}
    assert {"clip-norm", "lower-rate"} <= {*named(rule, layered("uniform"), since=5)}


@pytest.mark.parametrize(("mean", "first"), [(500.0, ["normalize-input"]), (0.0, [])])
def test_inputs_of_usual_size_are_not_normalized(mean, first):
    """What explodes though its inputs are of size 1 is not told to normalize them; where they are large, it is."""
    state = trained(facts=mended(ranges=replace(RANGES, mean=(mean,) * 8)))
    (rule,) = (rule for rule in RULES if type(rule).__name__ == "Diverged")
    one = rule.mended(Finding("diverged", "alarm", "", ("",), 3), state.trials[0])

    assert [own.name for own in one.remedies if own.name == "normalize-input"] == first


def test_what_is_out_of_scale_is_scaled():
    """Inputs are normalized, and targets with them; targets alone where no input is out of scale."""
    assert named("UnscaledInput", largest_rms=900.0, target_rms=400.0) == ["normalize-input"]
    assert named("UnscaledInput", target_rms=400.0) == ["normalize-target"]


def test_a_net_without_room_gets_what_it_lacks():
    """Narrow layers are widened, lines are bent, and a narrow line is bent first of all."""
    bent, line = layered("he", activation={"kind": "relu"}), layered("he", activation={"kind": "identity"})

    assert named("Underfitting", bent, narrowest_units=1.0) == ["wider"]
    assert named("Underfitting", line) == ["hidden-layer", "relu"]
    assert "wider" not in named("Underfitting", line, narrowest_units=1.0)


def test_left_out_samples_are_the_remedy_of_overfitting():
    """Where a limit leaves samples out, or the recipe replaces labels, that is mended, and nothing else is tried."""
    assert named("Overfitting", left_out=900.0) == ["more-data"]
    assert len(named("Overfitting")) > 2
    assert named("LabelNoise", label_noise=0.4) == ["clean-labels"]


def test_recurrent_weights_are_mended_before_steps():
    """Clipping is for recurrent weights that begin orthogonal and grow; others are made so."""
    grows = with_settings(
        model__layers=[{"kind": "rnn", "units": 4, "recurrent_init": {"kind": "identity", "gain": 2.0}}]
    )
    keeps = with_settings(model__layers=[{"kind": "rnn", "units": 4, "recurrent_init": {"kind": "orthogonal"}}])

    assert "clip-norm" not in named("ExplodingThroughTime", grows)
    assert "clip-norm" in named("ExplodingThroughTime", keeps)


@pytest.mark.parametrize(("size", "is_named"), [(2.0, True), (64.0, False)])
def test_larger_batches_are_for_tiny_ones(size, is_named):
    """Running averages that lag do so with larger batches, too, of which there are fewer."""
    assert ("larger-batch" in named("BatchNormStatistics", batch_size=size)) is is_named


def test_norms_go_into_blocks():
    """A signal that grows within residual blocks is normalized there, not between them."""
    block = {
        "kind": "residual",
        "repeat": 5,
        "layers": [{"kind": "conv", "channels": 8}, {"kind": "conv", "channels": 8}],
    }
    settings = with_settings(model__layers=[{"kind": "flatten"}, block])

    found = patch("batch-norm", settings)

    assert found == {"model.layers.1.layers.insert": [{"after": place, "kind": "batch_norm"} for place in (0, 1)]}


def test_a_heavy_ball_is_made_lighter():
    """What swings by its momentum gets a usual one, and no lower rate."""
    heavy = with_settings(train__optimizer=HEAVY)

    assert "lower-rate" not in named("OscillatingLoss", heavy)
    assert patch("lower-momentum", heavy) == {"train.optimizer.momentum": 0.9}
    assert patch("lower-momentum", with_settings(train__optimizer=HEAVY | {"momentum": 0.9})) is None


@pytest.mark.parametrize(("steps", "epochs"), [(15, 67), (200, 5), (5000, 5)])
def test_longer_is_long_enough(steps, epochs):
    """Five times as long, and a thousand steps at least: five times a handful of steps is a handful."""
    settings = {"data": {}, "model": {}, "train": {"epochs": 1}}

    assert patch("longer", settings, steps=float(steps)) == {"train.epochs": epochs}


@pytest.mark.parametrize(
    ("size", "samples", "steps", "smaller"),
    [("full", 1437.0, 15.0, 32), (256, 1000.0, 4.0, None), (256, 1000.0, 100.0, 32), (32, 1000.0, 100.0, 8), (8, 1e3, 1e3, None)],
)  # fmt: skip
def test_smaller_batches_make_enough_steps(size, samples, steps, smaller):
    """They are named where they make hundreds of steps of the same epochs."""
    settings = {"data": {}, "model": {}, "train": {"epochs": 2, "batch_size": size}}
    expected = None if smaller is None else {"train.batch_size": smaller}

    assert patch("smaller-batch", settings, steps=steps, train_samples=samples) == expected


@pytest.mark.parametrize(
    ("name", "rate", "evidence", "expected"),
    [
        ("higher-rate", 1e-5, {"update_ratio": 1e-6}, 0.03),
        ("higher-rate", 0.01, {"update_ratio": 3e-3}, None),
        ("lower-rate", 1.0, {"update_ratio": 3e9}, 0.001),
        ("lower-rate", 0.4, {"change_over_loss": 0.3}, 0.03),
    ],
)
def test_rates_follow_the_pace(name, rate, evidence, expected):
    """A rate is changed by as much as a step's length is off, as far as that is believed, and not where it is right."""
    settings = {"data": {}, "model": {}, "train": {"optimizer": {"kind": "sgd", "lr": rate}}}

    assert patch(name, settings, **evidence) == (None if expected is None else {"train.optimizer.lr": expected})


def test_steps_of_all_samples_swing_at_twice_the_best_rate():
    """Without noise of batches a swing tells how much too large the rate is: a quarter of it does."""
    settings = {"data": {}, "model": {}, "train": {"batch_size": "full", "optimizer": {"kind": "sgd", "lr": 0.4}}}

    assert patch("lower-rate", settings, change_over_loss=0.3) == {"train.optimizer.lr": 0.1}


def test_a_rate_of_which_nothing_is_left_is_known():
    """A schedule that takes the rate away to an exact 0 is the cause, as one that leaves a little."""
    settings = {
        "data": {},
        "model": {},
        "train": {"optimizer": {"kind": "sgd", "lr": 0.1}, "schedule": {"kind": "step"}},
    }

    assert patch("constant-rate", settings, rate_left=0.0) == {"train.schedule": "constant"}
    assert patch("higher-rate", settings, rate_left=0.0, update_ratio=1e-6) is None
    assert patch("constant-rate", settings) is None
    assert named("LearningRateTooLow", rate_left=0.0) == ["constant-rate", "no-clipping"]
    assert named("LearningRateTooLow")[-2:] == ["higher-rate", "adam"]


@pytest.mark.parametrize(
    ("loss", "samples", "strength"),
    [("cross_entropy", 40, 0.01), ("cross_entropy", 1500, 0.001), ("mse", 100, 0.3), ("mse", 3000, 0.01)],
)
def test_fewer_samples_need_a_stronger_penalty(loss, samples, strength):
    """The penalty falls with the samples that speak against it; one that is there already grows."""
    settings = {"data": {}, "model": {}, "train": {"loss": {"kind": loss}, "regularizers": []}}
    penalty = {"kind": "l2", "strength": strength}

    assert patch("l2", settings, train_samples=float(samples)) == {"train.regularizers": [penalty]}
    settings["train"]["regularizers"] = [penalty]
    assert patch("l2", settings) == {"train.regularizers.0.strength": pytest.approx(10 * strength)}


@pytest.mark.parametrize("samples", [100, 1000])
def test_few_samples_cannot_be_watched(samples):
    """Early stopping by twenty samples stops anywhere: it is named where fifty can be held out."""
    settings = {"data": {}, "model": {}, "train": {}}
    found = patch("early-stopping", settings, train_samples=float(samples))

    assert found == (None if samples == 100 else {"train.early_stopping": {"patience": 5}, "data.validation": 200})


@pytest.mark.parametrize(
    ("activation", "init", "expected"),
    [("relu", "zeros", "he"), ("tanh", "zeros", "xavier"), ("sigmoid", "zeros", "lsuv"), ("sigmoid", "xavier", None)],
)
def test_the_init_fits_the_activation(activation, init, expected):
    """He's for ReLU, Xavier's for tanh; sigmoids, whose slope is a quarter, begin scaled on a batch, unless they begin well."""
    model = {"layers": [{"kind": "dense", "units": 4, "activation": {"kind": activation}, "init": {"kind": init}}]}
    found = patch("init", {"data": {}, "model": model, "train": {}})

    assert (found or {}).get("model.init") == expected


def test_a_cause_is_no_symptom_of_another():
    """Under what explodes one reads that steps are small, as can be seen, and not that the rate is too low, which would be a cause."""
    low = trained(0.95 * FLAT, probes=lambda _: {"update_ratio": [1e-6] * 3}, facts=None)
    (slow,) = diagnose(low)[0]
    (found,) = folded([made("exploding-gradient"), slow])

    assert kinds(low) == ["learning-rate-too-low"]
    assert "That explains: small steps." in found.because
    assert "rate too low" not in found.because
