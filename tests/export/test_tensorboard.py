"""What TensorBoard's own loader reads back is what the run's state says."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_once import made_once
from PIL import Image
from synthetic_run import finished, make_plan, probe_event, stack_event, state_of
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import UsageError
from dlbench.plan import Candidate, Plan
from dlbench.run.folder import RunFolder, find_run
from dlbench.state.run_state import RunState

pytestmark = pytest.mark.extras

ALL = {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0}
RECIPE = """
data = { kind = "digits", limit = 200 }
model = { activation = "sigmoid", layers = [
    { kind = "flatten" },
    { kind = "dense", units = 16 },
    { kind = "residual", layers = [{ kind = "dense", units = 16 }] },
] }
train = { optimizer = { kind = "sgd", lr = 0.1 }, batch_size = 50, steps = 40 }
trials = { seeds = 2 }
[variants.slow]
[variants."fast/er"]
train.optimizer.lr = 0.5
"""


def run(*words: object) -> None:
    """A command that ends well."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def written(state: RunState, folder: Path) -> Path:
    """A state, written for TensorBoard as a whole."""
    from dlbench.export.tensorboard.run_log import RunLog

    run = RunFolder(folder / "run")
    run.path.mkdir()
    run.plan_file.touch()
    RunLog(state, run, folder / "board").write()
    return folder / "board"


def read(folder: Path) -> Any:
    """A run of TensorBoard, by its own loader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance=ALL)
    found.Reload()
    return found


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Every scalar of a run of TensorBoard by its tag and its step."""
    found = read(folder)
    return {tag: {one.step: one.value for one in found.Scalars(tag)} for tag in found.Tags()["scalars"]}


def told(steps: list[int], values: Any) -> dict[int, float]:
    """Numbers by their steps in single precision, without those that are not there."""
    return {step: float(value) for step, value in zip(steps, np.float32(values), strict=True) if np.isfinite(value)}


def test_curves_and_measures_are_the_states(tmp_path: Path) -> None:
    """Every curve and every measure of every layer is read back at its steps; what is missing there is missing here."""
    plan = make_plan(["relu", "sigmoid"], 2)
    events = finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_accuracy": 0.75})
    state = state_of(plan, events)
    board = written(state, tmp_path)

    for trial in state.trials:
        found = scalars(board / trial.plan.variant / f"seed-{trial.plan.seed}")
        for split, name in (("train", "loss"), ("train", "accuracy"), ("test", "loss"), ("test", "accuracy")):
            assert found[f"{name}/{split}"] == told(trial.steps, trial.curve(f"{split}_{name}"))
        assert found["loss/batch"] == told(trial.steps, trial.curve("batch_loss"))
        norms = trial.probe("gradient_norm")
        for layer, values in zip(trial.layers, norms.T, strict=True):
            assert found.get(f"gradient_norm/{layer.name}", {}) == told(trial.probe_steps, values)


def test_a_diverged_trial_has_no_numbers_after_its_end(tmp_path: Path) -> None:
    """Where a trial has diverged its curves end; it counts as failed among the hyperparameters, the other as a success."""
    from tensorboard.plugins.hparams import api_pb2, metadata

    plan = make_plan(["relu"], 2)
    state = state_of(
        plan, finished(plan, lambda trial: {"diverged_at": 50} if trial.seed else {"train_loss": 0.1, "test_loss": 0.2})
    )
    board = written(state, tmp_path)

    ends = []
    for seed in range(2):
        content = read(board / "relu" / f"seed-{seed}").PluginTagToContent(metadata.PLUGIN_NAME)
        ends.append(metadata.parse_session_end_info_plugin_data(content[metadata.SESSION_END_INFO_TAG]).status)
    assert ends == [api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE]
    assert 100 in scalars(board / "relu/seed-0")["loss/train"]
    assert 100 not in scalars(board / "relu/seed-1")["loss/train"]


def test_histograms_have_the_gradients_powers_of_ten(tmp_path: Path) -> None:
    """A bucket's ends are those of its bin, as powers of ten; counts, and what lies outside of them, are the probe's."""
    plan = make_plan(["relu"], 1)
    counts = np.zeros((1, 3, 40), int)
    counts[0, 0, [20, 23]] = 5, 2  # 2^-25 to 2^-23, and 2^-19 to 2^-17
    events = [stack_event(0), probe_event(0, 7, [[1e-6, None, 1.0]], gradient_histogram=counts.tolist())]
    (found,) = read(written(state_of(plan, events), tmp_path) / "relu/seed-0").Histograms("gradient_log10/0 dense")

    value, decade = found.histogram_value, np.log10(2)
    filled = [(limit, count) for limit, count in zip(value.bucket_limit, value.bucket, strict=True) if count]
    assert (found.step, value.num) == (7, 7)
    assert (value.min, value.max) == (pytest.approx(-25 * decade), pytest.approx(-17 * decade))
    assert filled == [(pytest.approx(-23 * decade), 5), (pytest.approx(-17 * decade), 2)]
    assert value.sum == pytest.approx(decade * (5 * -24 + 2 * -18))


def test_hyperparameters_are_what_tells_trials_apart(tmp_path: Path) -> None:
    """Of the settings those that differ, the seed and the variant's name; what is alike in all is left out."""
    from tensorboard.plugins.hparams import metadata

    made = make_plan(["a", "b"], 1)
    settings: list[Mapping[str, Any]] = [
        {
            "train": {"lr": 0.1, "steps": 5},
            "model": {"layers": [{"kind": "dense", "units": 3}], "init": {"kind": "he"}},
        },
        {"train": {"lr": 0.5, "steps": 5}, "model": {"layers": [{"kind": "dense", "units": "many"}]}},
    ]
    candidates = [Candidate(name, {}, dict(own)) for name, own in zip("ab", settings, strict=True)]
    plan = Plan(made.recipe, candidates, made.trials, made.stacks, made.workers)
    board = written(state_of(plan, finished(plan, lambda _: {"train_loss": 0.1})), tmp_path)

    found = []
    for name in "ab":
        content = read(board / name / "seed-0").PluginTagToContent(metadata.PLUGIN_NAME)
        start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
        kinds = {key: value.WhichOneof("kind") for key, value in start.hparams.items()}
        found.append({key: getattr(start.hparams[key], kind) for key, kind in kinds.items()})
    lr, units, init = "train.lr", "model.layers.0.units", "model.init.kind"
    assert found == [
        {"variant": "a", "seed": 0, lr: 0.1, units: "3", init: "he"},
        {"variant": "b", "seed": 0, lr: 0.5, units: "many"},
    ]
    content = read(board).PluginTagToContent(metadata.PLUGIN_NAME)
    experiment = metadata.parse_experiment_plugin_data(content[metadata.EXPERIMENT_TAG])
    assert {info.name for info in experiment.hparam_infos} == {"variant", "seed", lr, units, init}
    assert {"loss/train", "accuracy/test"} <= {info.name.tag for info in experiment.metric_infos}


def test_what_is_written_in_turn_is_what_is_written_at_once(tmp_path: Path) -> None:
    """A log that is written after every event has the same numbers as one that is written at the end."""
    from dlbench.export.tensorboard.run_log import RunLog

    plan = make_plan(["relu"], 2)
    events = finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_loss": 0.5})
    once = written(state_of(plan, events, histograms=64), tmp_path)
    state = RunState(plan, histograms=64)
    log = RunLog(state, RunFolder(tmp_path / "run"), tmp_path / "live")
    for event in events:
        state.apply([event])
        log.write()

    for seed in ("seed-0", "seed-1"):
        assert scalars(tmp_path / "live/relu" / seed) == scalars(once / "relu" / seed)


def test_variants_that_files_cannot_tell_apart_have_folders_of_their_own(tmp_path: Path) -> None:
    """Names with the same letters, with none that a folder can have, or too many, do not end in one folder, nor in none."""
    from dlbench.export.tensorboard.run_log import group_names

    texts = ["a-b 2", "a-b-2", "a/b", "a:b", "a-b", "A-B", "..", "/", "가" * 300, "가" * 299]
    names = group_names(make_plan(texts, 1))

    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name.encode()) <= 255 for name in names)
    assert all(name.strip(".") and "/" not in name for name in names)


def test_two_runs_are_not_mixed(tmp_path: Path) -> None:
    """A folder that has something in it already is refused, and left as it was."""
    state = state_of(plan := make_plan(["relu"], 1), finished(plan, lambda _: {"train_loss": 0.1}))
    board = written(state, tmp_path)
    before = sorted(board.rglob("*"))
    from dlbench.export.tensorboard.run_log import RunLog

    with pytest.raises(UsageError, match="name a new or an empty folder"):
        RunLog(state, RunFolder(tmp_path / "run"), board)
    assert sorted(board.rglob("*")) == before


@pytest.mark.parametrize("is_torn", [False, True])
def test_a_resumed_run_goes_on_in_the_same_folders(tmp_path: Path, is_torn: bool) -> None:
    """What the first session has written stays, the second adds what is new, and together they are the run written once.

    Also where the first one was killed while it wrote: what is cut off is written again.
    """
    from dlbench.export.tensorboard.run_log import RunLog

    plan = make_plan(["relu", "tanh"], 2)
    events = finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_accuracy": 0.5})
    whole = written(state_of(plan, events), tmp_path)
    run = RunFolder(tmp_path / "run")
    RunLog(state_of(plan, events[: len(events) // 2 + 2]), run, tmp_path / "live").write()
    first = sorted((tmp_path / "live").rglob("*.dlbench"))
    for path in first if is_torn else []:
        path.write_bytes(path.read_bytes()[:-3])
    before = {path: path.read_bytes() for path in first}
    RunLog(state_of(plan, events), run, tmp_path / "live", resumes=True).write()

    assert all(path.read_bytes() == content for path, content in before.items())
    folders = sorted(path.relative_to(whole) for path in whole.rglob("seed-*"))
    assert sorted(path.relative_to(tmp_path / "live") for path in (tmp_path / "live").rglob("seed-*")) == folders
    for folder in folders:
        now, once = read(tmp_path / "live" / folder), read(whole / folder)
        assert scalars(tmp_path / "live" / folder) == scalars(whole / folder)
        assert now.Tags() == once.Tags()
        for tag in once.Tags()["scalars"]:
            assert len(now.Scalars(tag)) == len(once.Scalars(tag)), tag
        assert len([*(tmp_path / "live" / folder).glob("*.dlbench")]) <= 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was written along, with nets that have branches: `runs` and `live` in a folder."""

    def make(folder: Path) -> None:
        (folder / "nets.toml").write_text(RECIPE)
        run(
            "run", folder / "nets.toml", "--out", folder / "runs", "--tensorboard", folder / "live", "--display", "none"
        )

    return made_once(tmp_path_factory, "written-along", make)


def test_a_run_that_is_written_along_has_what_its_export_has(trained: Path, tmp_path: Path) -> None:
    """Live and exported scalars, histograms and pictures are the same, and the pictures open as images."""
    (live,) = (trained / "live/nets").iterdir()
    run("export", find_run(trained / "runs", "nets").path, "--format", "tensorboard", "-o", tmp_path / "later")

    folders = sorted(path.relative_to(live) for path in live.rglob("seed-*"))
    assert [str(folder) for folder in folders] == ["fast-er/seed-0", "fast-er/seed-1", "slow/seed-0", "slow/seed-1"]
    for folder in folders:
        now, later = read(live / folder), read(tmp_path / "later" / folder)
        assert now.Tags() == later.Tags()
        assert scalars(live / folder) == scalars(tmp_path / "later" / folder)
        for tag in now.Tags()["images"]:
            for one in now.Images(tag):
                assert Image.open(io.BytesIO(one.encoded_image_string)).size == (one.width, one.height)


def test_the_graph_has_every_layer_of_the_net(trained: Path) -> None:
    """A node a layer, fed by the one before it; a residual block adds its branch to what came in."""
    (live,) = (trained / "live/nets").iterdir()
    nodes = {node.name: (node.op, list(node.input)) for node in read(live / "slow/seed-0").Graph().node}

    assert nodes["dense1"] == ("dense", ["flatten1"])
    assert nodes["residual1/branch1/dense2"] == ("dense", ["dense1"])
    assert nodes["residual1/merge"][1] == ["residual1/branch1/dense2", "dense1"]
    assert nodes[max(nodes, key=lambda name: list(nodes).index(name))][1] == ["residual1/merge"]


def test_a_file_is_no_folder_for_tensorboard(tmp_path: Path) -> None:
    """`run --tensorboard` says so before anything is trained."""
    from dlbench.cli.run import written_along

    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageError, match="is no folder"):
        written_along(file, detach=False)
