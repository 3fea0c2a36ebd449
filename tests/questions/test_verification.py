"""A trial trained again, and held against what was recorded of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from trained_runs import learning, trained_run
from typer.testing import CliRunner

from dlbench.analysis.summary import standing
from dlbench.cli.app import make_app
from dlbench.engine.worker import Worker
from dlbench.errors import SetupError, UsageError
from dlbench.questions.agreement import Departure, agreement
from dlbench.questions.differences import Difference
from dlbench.questions.verification import Verification, plan_again, refuse_recorded, to_verify, verified
from dlbench.questions.weight_agreement import WeightAgreement, weight_agreement
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import environment
from dlbench.text.verification import verification_lines
from dlbench.weights.final import final_weights

TOLERANCE = 1e-3


def train_here(run):
    """Train all stacks of a run in this process."""
    assert Worker(run, 0, 0, [0]).run() == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of XOR: two rates, three seeds, one stack."""
    fast = learning("xor")
    fast["train"]["optimizer"] = fast["train"]["optimizer"] | {"lr": 0.5}
    for own in (slow := learning("xor"), fast):
        own["evaluate"]["every"] = 10
    folder = trained_run(tmp_path_factory.mktemp("runs"), {"slow": slow, "fast": fast}, (0, 1, 2))
    write_json_atomic(folder.env_file, environment())
    return folder


@pytest.fixture
def state(run):
    """How the run stands, read anew so that a test may change its numbers."""
    return standing(run)


@pytest.fixture(scope="module")
def again(run, tmp_path_factory):
    """What came of seed 1 of the second variant, trained again alone, and the run that was trained for it."""
    trial = next(one for one in standing(run).trials if (one.plan.variant, one.plan.seed) == ("fast", 1))
    made = []

    def train(folder):
        made.append(folder)
        train_here(folder)

    return verified(run, trial, tmp_path_factory.mktemp("again"), train, tolerance=TOLERANCE), made[0]


def found_with(again, run, state, change):
    """What is found where the recorded numbers of that trial were changed."""
    verification, folder = again
    trial = next(one for one in state.trials if (one.plan.variant, one.plan.seed) == ("fast", 1))
    change(trial)
    (twin,) = standing(folder).trials
    return replace(verification, agreement=agreement(trial, twin, TOLERANCE))


def test_a_trial_comes_out_again_bit_by_bit(again):
    """A trial that was trained among others has the same bits alone, in every curve and every measure of every layer."""
    verification, folder = again

    assert (verification.outcome, verification.company) == ("equal", 0)
    assert verification.agreement.numbers > 100
    assert verification.weights == WeightAgreement(2 * 6 + 6 + 6 + 1, 0, 0.0, None)
    assert [one.seed for one in folder.read_plan().trials] == [1]
    assert "have the same bits" in "\n".join(verification_lines(verification, 100))


@pytest.mark.parametrize(("factor", "outcome"), [(1.5, "different"), (1 + 1e-5, "within tolerance")])
def test_a_number_that_was_altered_is_named(again, run, state, factor, outcome):
    """An altered number of one layer at one step is told exactly: step, layer, measure and both values."""
    before = {}

    def change(trial):
        place, layer = 1, 1
        series = trial.stack.probes.series("gradient_norm")
        before["value"] = float(series[place, trial.position, layer])
        series[place:, trial.position, layer] *= np.float32(factor)
        before["step"], before["layer"] = trial.probe_steps[place], trial.layers[layer].name

    found = found_with(again, run, state, change)
    own = found.agreement.departure

    assert found.outcome == outcome
    assert (own.step, own.layer, own.measure) == (before["step"], before["layer"], "gradient_norm")
    assert own.second == before["value"]
    assert own.first == pytest.approx(before["value"] * factor, rel=1e-6)
    assert own.relative == pytest.approx(1 - 1 / factor, rel=0.02)
    assert (found.agreement.beyond is None) == (outcome != "different")
    assert f"step {own.step}, where gradient_norm of {own.layer}" in " ".join(
        "\n".join(verification_lines(found, 100)).split()
    )


def test_a_curve_parts_before_layers(again, run, state):
    """At one step an evaluation is told before the layers, whose numbers come later."""

    def change(trial):
        trial.stack.metrics.series("train_loss")[:, trial.position] += 0.5
        trial.stack.probes.series("gradient_norm")[:, trial.position] *= 2

    own = found_with(again, run, state, change).agreement.departure
    assert (own.step, own.layer, own.measure) == (0, None, "train_loss")


def test_no_number_against_a_number_is_different(again, run, state):
    """NaN in one of both is a difference, NaN in both is none."""

    def change(trial):
        trial.stack.metrics.series("train_loss")[-1, trial.position] = np.nan

    found = found_with(again, run, state, change)
    assert found.outcome == "different"
    assert (found.agreement.departure.first, found.agreement.departure.relative) == (None, float("inf"))


def test_other_surroundings_are_told(again, run, state, tmp_path):
    """Threads, and versions of libraries, that are others than they were stand beside the outcome."""
    copy = type(run)(Path(shutil.copytree(run.path, tmp_path / "run")))
    env = json.loads(copy.env_file.read_text())
    env["packages"]["torch"] = "1.0"
    copy.env_file.write_text(json.dumps(env))
    trial = standing(copy).trials[0]
    asked = []

    def train(folder):
        asked.append(folder.read_plan().workers[0].threads)
        train_here(folder)

    found = verified(copy, trial, tmp_path, train, threads=1)

    assert asked == [1]
    assert ("packages.torch", "1.0") in [(one.key, one.first) for one in found.environment]
    assert "packages.torch 1.0 against" in " ".join("\n".join(verification_lines(found, 100)).split())


def test_elsewhere_the_company_is_trained_too(run, state):
    """On a CPU a trial is planned alone, on a GPU with all of its stack, each with its own candidate and settings."""
    plan, trial = run.read_plan(), state.trials[4]
    alone = plan_again(plan, trial, threads=3)
    facts = trial.stack.worker
    trial.stack.workers[trial.stack.session] = replace(facts, device="cuda:0")
    together = plan_again(plan, trial)

    assert [one.id for one in alone.trials] == [trial.plan.id]
    assert alone.candidates[alone.trials[0].candidate] == plan.candidates[trial.plan.candidate]
    assert (alone.workers[0].device, alone.workers[0].threads) == ("cpu", 3)
    assert [one.id for one in together.trials] == [plan.trials[place].id for place in trial.stack.plan.trials]
    for one in together.trials:
        assert together.candidates[one.candidate].variant == one.variant
    assert together.workers[0].device == "cuda:0"


def test_what_cannot_be_verified_is_refused(run, state, tmp_path):
    """Recordings cannot be trained again, nor trials that have not begun; a training that fails is no verdict."""
    with pytest.raises(UsageError, match="recorded of a loop of your own"):
        refuse_recorded(replace(run.read_plan(), recorded=True), "mine")
    with pytest.raises(SetupError, match="could not be trained again"):
        verified(run, state.trials[0], tmp_path, lambda _: None)
    assert to_verify(state).index == 0


def test_the_verb_has_an_exit_code_for_each_outcome(again, run, monkeypatch):
    """`dlbench verify` exits with 0 where the numbers are equal or near enough, with 1 where they are not."""
    app = make_app(["verify", "schema"])
    verification, _ = again
    own = verification.agreement
    near, far = replace(own, different=1, largest=1e-5), Departure(3, "gradient_norm", "dense1", 0.1, 0.2, 0.5)
    outcomes: list[tuple[Verification, int, str]] = [
        (verification, 0, "equal"),
        (replace(verification, agreement=near), 0, "within tolerance"),
        (replace(verification, agreement=replace(near, departure=far, beyond=far)), 1, "different"),
        (replace(verification, ended=[Difference("status", "ok", "diverged")]), 1, "different"),
    ]
    for found, code, outcome in outcomes:
        monkeypatch.setattr("dlbench.questions.verification.verified", lambda *_, found=found, **__: found)
        result = CliRunner().invoke(app, ["verify", str(run.path), "--json"])
        assert (result.exit_code, json.loads(result.stdout)["outcome"]) == (code, outcome)


def test_nets_are_compared_weight_by_weight(again):
    """A weight that differs is told with its tensor, over the largest of it; beyond the tolerance the outcome is `different`."""
    verification, _ = again
    ours = {"dense1.weight": np.array([[0.5, -2.0]]), "dense1.bias": np.array([np.nan])}
    theirs = ours | {"dense1.weight": np.array([[0.5, -1.9]])}

    found = weight_agreement(ours, theirs)
    assert (found.numbers, found.different, found.tensor) == (3, 1, "dense1.weight")
    assert found.largest == pytest.approx(0.05)
    assert replace(verification, weights=found).outcome == "different"
    assert replace(verification, weights=found, tolerance=0.1).outcome == "within tolerance"
    assert weight_agreement(ours, ours | {"dense1.bias": np.array([0.0])}).largest == np.inf
    assert weight_agreement(ours, {}) == "the nets have other layers"
    assert "1 of 3 differ, first in dense1.weight" in "\n".join(
        verification_lines(replace(verification, weights=found), 200)
    )


def test_a_net_is_read_from_a_checkpoint_as_it_was_kept(run, state, tmp_path):
    """Checkpoint and kept weights have the same net; where neither is left, that is said."""
    copy, trial = type(run)(Path(shutil.copytree(run.path, tmp_path / "run"))), state.trials[4]
    wanted = (run.read_plan(), trial.stack.index, trial.plan.id)

    of_checkpoint = final_weights(copy, *wanted)
    shutil.rmtree(copy.checkpoints)
    as_kept = final_weights(copy, *wanted)
    assert of_checkpoint.keys() == as_kept.keys()
    assert all(np.array_equal(of_checkpoint[name], as_kept[name]) for name in as_kept)
    shutil.rmtree(copy.weights_file(0).parent)
    assert "is gone, and the run kept no weights" in final_weights(copy, *wanted)
