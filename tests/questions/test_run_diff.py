"""Two runs held against each other: what differs, and what of it can explain the results."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats
from typer.testing import CliRunner

from benchmarks import synthetic_runs
from benchmarks.synthetic_runs import Size, write_run
from dlbench.cli.app import make_app
from dlbench.plugins import PartsFile
from dlbench.questions.reasons import reasons
from dlbench.questions.run_diff import diff_runs
from dlbench.run.folder import RunFolder
from dlbench.text.run_diff import diff_lines

SIZE = Size(layers=2, seeds=4, steps=100, probes=5, evaluations=5)
OLD = Path(__file__).parents[1] / "run" / "old_runs" / "version-1"
DEPARTED = 25
"""The first step at which the other run's numbers are others."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run, and another of the same recipe in which seed 1 of either variant has other losses from step 25 on."""
    run = write_run(tmp_path_factory.mktemp("one"), SIZE)
    original = synthetic_runs.metrics

    def altered(rng, trials, step):
        found = original(rng, trials, step)
        if step >= DEPARTED:
            found["test_loss"] = found["test_loss"].copy()
            found["test_loss"][1] *= 1.5
            found["test_accuracy"] = found["test_accuracy"].copy()
            found["test_accuracy"][1] -= 0.1
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic_runs, "metrics", altered)
        other = write_run(tmp_path_factory.mktemp("two"), SIZE)
    return run, other


@pytest.fixture
def copies(made, tmp_path):
    """The same two, to be changed."""
    return [RunFolder(Path(shutil.copytree(run.path, tmp_path / str(i) / "run"))) for i, run in enumerate(made)]


def told(first, second):
    """What differs, and the reasons as (factor, whether it can explain it, of which variants)."""
    found = diff_runs(first, second)
    return found, [(one.factor, one.can_explain, one.candidates) for one in reasons(found)]


def with_environment(folder, **changes):
    """Write other facts into a run's env.json."""
    env = json.loads(folder.env_file.read_text())
    env["packages"].update(changes.pop("packages", {}))
    folder.env_file.write_text(json.dumps(env | changes))


def with_setting(folder, variant, rate):
    """Give one variant another rate in a run's plan."""
    plan = folder.read_plan()

    def changed(candidate):
        train = candidate.settings["train"]
        return replace(
            candidate, settings=candidate.settings | {"train": train | {"optimizer": {"kind": "sgd", "lr": rate}}}
        )

    one = [changed(candidate) if candidate.variant == variant else candidate for candidate in plan.candidates]
    folder.write_plan(replace(plan, candidates=one))


def test_a_run_does_not_differ_from_itself(made):
    """Nothing differs, every shared seed is the same, and there is nothing to explain."""
    found, why = told(made[0], made[0])

    assert (found.settings, found.seeds, found.environment, found.code) == ({}, {}, [], [])
    assert all(one.is_same and one.same == SIZE.seeds for one in found.results)
    assert why == [("nothing", False, ["sigmoid", "relu"])]


def test_numbers_that_differ_for_no_known_reason(made):
    """Where settings, seeds, environment and code are the same and numbers are not, it is the machine or chance in it."""
    found, why = told(*made)

    assert why == [("nothing", True, ["sigmoid", "relu"])]
    for one in found.results:
        assert (one.same, one.compared, one.departed_seed) == (SIZE.seeds - 1, SIZE.seeds, 1)
        assert (one.departure.step, one.departure.measure, one.departure.layer) == (DEPARTED, "test_loss", None)
        assert one.departure.relative == pytest.approx(1 / 3, rel=1e-6)
    assert "not deterministic" in " ".join(" ".join(diff_lines(found, reasons(found), 100)).split())


def test_a_setting_explains_its_own_variant_alone(copies):
    """A setting that differs in one variant can explain that one, and says nothing of the other."""
    with_setting(copies[1], "sigmoid", 0.25)
    found, why = told(*copies)

    assert list(found.settings) == ["sigmoid"]
    assert ("settings", True, ["sigmoid"]) in why
    assert ("settings", False, ["relu"]) in why
    assert ("nothing", True, ["relu"]) in why
    assert any(one.key == "train.optimizer.lr" and one.second == 0.25 for one in found.settings["sigmoid"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"packages": {"torch": "1.0"}}, ("environment", True)),
        ({"cpu": "another"}, ("environment", True)),
        ({"packages": {"textual": "1.0"}}, ("environment", False)),
        ({"cores": 999}, ("environment", False)),
        ({"commit": "another"}, ("code", True)),
    ],
    ids=str,
)
def test_surroundings_explain_what_numbers_depend_on(copies, changes, expected):
    """Another torch or processor can explain other numbers, another drawer of screens or more cores cannot."""
    with_environment(copies[1], **changes)
    _, why = told(*copies)

    assert (*expected, ["sigmoid", "relu"]) in why


def test_files_of_parts_are_code(copies):
    """A file of parts with another sha256 differs, wherever it was."""
    for folder, path, sha in zip(copies, ("/a/mine.py", "/b/mine.py"), ("aa", "bb"), strict=True):
        folder.write_plan(replace(folder.read_plan(), parts=[PartsFile(path, sha)]))
    found, why = told(*copies)

    assert [(one.key, one.first, one.second) for one in found.code] == [("parts.mine.py", "aa", "bb")]
    assert ("code", True, ["sigmoid", "relu"]) in why


def test_shared_seeds_are_compared_in_pairs(made):
    """The difference is the mean of second minus first over shared seeds, with Student's interval, as scipy has it."""
    found, _ = told(*made)
    for one in found.results:
        ours = one.difference
        assert (ours.n, one.is_paired) == (SIZE.seeds, True)
        expected = stats.ttest_1samp([0, -0.1, 0, 0], 0).confidence_interval(0.95)
        assert ours.mean == pytest.approx(-0.025, abs=1e-6)
        assert (ours.interval.low, ours.interval.high) == pytest.approx(tuple(expected), abs=1e-6)


def test_other_seeds_are_independent(copies):
    """Of runs without a common seed the means are compared by Welch's interval, and chance may explain what differs."""
    plan = copies[1].read_plan()
    copies[1].write_plan(replace(plan, trials=[replace(one, seed=one.seed + 100) for one in plan.trials]))
    found, why = told(*copies)

    assert found.seeds["relu"].second == [100, 101, 102, 103]
    assert ("seeds", True, ["relu"]) in why
    for one in found.results:
        assert (one.is_paired, one.compared) == (False, 0)
        assert one.difference.interval is not None


def test_more_seeds_are_the_only_difference(copies):
    """Where the seeds that both have are the same, only the others can make the means differ."""
    plan = copies[0].read_plan()
    copies[0].write_plan(replace(plan, trials=[replace(one, seed=9) if one.seed == 3 else one for one in plan.trials]))
    twin = Path(shutil.copytree(copies[0].path, copies[0].path.parent / "twin"))
    RunFolder(twin).write_plan(plan)
    _, why = told(copies[0], RunFolder(twin))

    assert why[:2] == [("seeds", True, ["sigmoid"]), ("seeds", True, ["relu"])]


def test_runs_of_old_versions_are_compared(made, tmp_path):
    """A run of 0.1.0 is held against itself with other test data, and against one of today that has none of its variants."""
    old = RunFolder(Path(shutil.copytree(OLD, tmp_path / "small" / "old")))
    changed = RunFolder(Path(shutil.copytree(OLD, tmp_path / "small" / "new")))
    for _, _, events in changed.events_files():
        lines = [json.loads(line) for line in events.read_text().splitlines()]
        for line in lines:
            line.pop("crc")
            if line["kind"] == "data":
                line["sha256"]["test"] = "0" * 64
            if line["kind"] == "metrics":
                line["test_loss"] = [None if value is None else value * 2 for value in line["test_loss"]]
        events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found, why = told(old, changed)

    assert {one.key for own in found.data.values() for one in own} == {"sha256.test"}
    assert any(factor == "data" and can for factor, can, _ in why)
    found, why = told(old, made[0])
    assert found.only_first == ["wild"]


def test_runs_without_a_common_variant_are_not_called_the_same(made):
    """Of what was not compared nothing is said but that."""
    diff = replace(diff_runs(*made), only_first=["a"], only_second=["b"], settings={}, data={}, seeds={}, results=[])
    lines = "\n".join(diff_lines(diff, reasons(diff), 100))

    assert "no variant is in both runs: there is nothing to compare" in lines
    assert not any(f"{title}: the same" in lines for title in ("settings", "data", "seeds", "results"))


def test_the_verb_prints_what_differs(made):
    """`dlbench diff RUN RUN` prints its sections, `--json` the same as data."""
    runs = [str(run.path) for run in made]
    app = make_app(["diff", "schema"])

    text = CliRunner().invoke(app, ["diff", *runs], catch_exceptions=False).output
    data = json.loads(CliRunner().invoke(app, ["diff", *runs, "--json"], catch_exceptions=False).stdout)

    assert "settings: the same" in text
    assert "what can explain the difference" in text
    assert [one["factor"] for one in data["reasons"]] == ["nothing"]
    assert data["results"][0]["departure"]["step"] == DEPARTED
