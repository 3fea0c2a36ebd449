"""TensorBoard's event files become recordings: those of others with their scalars, our own equal to the run that wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imported import asked, curve, imports, states
from synthetic_run import finished, make_plan, probe_event, stack_event, state_of

from dlbench.errors import UsageError
from dlbench.metrics.trial_view import Status
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState

pytestmark = pytest.mark.extras


def exported(state: RunState, folder: Path) -> Path:
    """A run as dlbench writes it for TensorBoard."""
    from dlbench.export.tensorboard.run_log import RunLog

    run = RunFolder(folder / "run")
    run.path.mkdir()
    run.plan_file.touch()
    RunLog(state, run, folder / "board").write()
    return folder / "board"


def write(path: Path, *events: Any) -> Path:
    """An event file with these events, by TensorBoard's own writer."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for event in (Event(file_version="brain.Event:2"), *events):
            RecordWriter(file).write(event.SerializeToString())
    return path


def scalars(step: int, **numbers: float) -> Any:
    """An event with scalars as torch writes them."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=tag.replace("__", "/"), simple_value=value) for tag, value in numbers.items()]
    return Event(step=step, summary=Summary(value=values))


def test_our_own_export_comes_back_equal(tmp_path: Path) -> None:
    """Every trial has its curves and its layers' measures in single precision again, at the same steps, under its own names."""
    plan = make_plan(["relu", "sigmoid"], 2)
    told = state_of(plan, finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_accuracy": 0.75}))
    imports("tensorboard", [exported(told, tmp_path)], tmp_path / "out")
    found = states(tmp_path / "out")

    assert found.keys() == {(trial.plan.variant, trial.plan.seed) for trial in told.trials}
    for before in told.trials:
        after = found[before.plan.variant, before.plan.seed].trials[0]
        assert [layer.name for layer in after.layers] == [
            layer.name for layer in before.layers if _is_measured(before, layer.name)
        ]
        for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "batch_loss"):
            assert (after.steps, after.status) == (before.steps, Status.OK)
            np.testing.assert_array_equal(after.curve(name), np.float64(np.float32(before.curve(name))))
        assert after.probe_steps == before.probe_steps
        rows = [row for row, layer in enumerate(before.layers) if _is_measured(before, layer.name)]
        np.testing.assert_array_equal(after.probe("gradient_norm"), before.probe("gradient_norm")[:, rows])


def _is_measured(trial: Any, layer: str) -> bool:
    row = [one.name for one in trial.layers].index(layer)
    return bool(np.isfinite(trial.probe("gradient_norm")[:, row]).any())


def test_our_histograms_come_back_equal(tmp_path: Path) -> None:
    """Counts of gradients by their power of two are those of the probe; a layer without any has none."""
    plan = make_plan(["relu"], 1)
    counts = np.zeros((1, 3, 40), int)
    counts[0, 0, [20, 23]] = 5, 2
    counts[0, 2, 39] = 1
    events = [stack_event(0), probe_event(0, 7, [[1e-6, 0.5, 1.0]], gradient_histogram=counts.tolist())]
    # A log without a curve is none, so there is one.
    events.append({"v": 1, "kind": "metrics", "stack": 0, "step": 7, "train_loss": [1.0]})
    imports("tensorboard", [exported(state_of(plan, events), tmp_path)], tmp_path / "out")
    (state,) = states(tmp_path / "out").values()

    (record,) = state.stacks[0].histograms.records
    assert record.step == 7
    np.testing.assert_array_equal(record.counts, counts)


def test_a_diverged_trial_of_ours_is_no_success(tmp_path: Path) -> None:
    """What the export calls a failure is one again, and its curves end where they did."""
    plan = make_plan(["relu"], 2)
    numbers = {"train_loss": 0.1, "test_loss": 0.2}
    told = state_of(plan, finished(plan, lambda trial: {"diverged_at": 50} if trial.seed else numbers))
    imports("tensorboard", [exported(told, tmp_path)], tmp_path / "out")
    found = states(tmp_path / "out")

    assert found["relu", 0].trials[0].status is Status.OK
    assert found["relu", 1].trials[0].status is Status.FAILED
    assert 100 not in curve(found["relu", 1], "train_loss")


def test_what_others_write(tmp_path: Path) -> None:
    """Scalars as torch and as TensorFlow 2 write them are series; histograms of others and images are left out and told."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
    from tensorboard.util.tensor_util import make_tensor_proto

    meta = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    tensors = [
        Event(
            step=step,
            summary=Summary(
                value=[Summary.Value(tag="val/acc", tensor=make_tensor_proto(np.float32(0.25 * step)), **own)]
            ),
        )
        for step, own in ((1, {"metadata": meta}), (2, {}))
    ]
    histogram = Event(step=1, summary=Summary(value=[Summary.Value(tag="w", histo=HistogramProto(num=1))]))
    write(
        tmp_path / "logs/he/seed-3/events.out.tfevents.1.host",
        scalars(1, train__loss=2.0, bleu=7.0), histogram, *tensors, scalars(2, train__loss=1.0),
    )  # fmt: skip
    made = imports("tensorboard", [tmp_path / "logs"], tmp_path / "out", asked(pattern="{variant}/seed-{seed}"))
    found = states(tmp_path / "out")

    assert found.keys() == {("he", 3)}
    assert curve(found["he", 3], "train_loss") == {1: 2.0, 2: 1.0}
    assert curve(found["he", 3], "validation_accuracy") == {1: 0.25, 2: 0.5}
    assert curve(found["he", 3], "bleu") == {1: 7.0}
    assert made.recordings[0].remarks == ["left out: histograms (1)"]


def test_hyperparameters_in_a_folder_of_their_own(tmp_path: Path) -> None:
    """What torch's `add_hparams` writes into a folder below names the trial above, and is no recording of its own."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    session = plugin_data_pb2.SessionStartInfo()
    session.hparams["lr"].number_value, session.hparams["seed"].number_value = 0.1, 4.0
    content = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_start_info=session))
    start = Event(summary=Summary(value=[Summary.Value(tag=metadata.SESSION_START_INFO_TAG, metadata=content)]))
    write(tmp_path / "logs/a/events.out.tfevents.1.host", scalars(1, loss=2.0), scalars(2, loss=1.0))
    write(tmp_path / "logs/a/1700000000.5/events.out.tfevents.2.host", start, scalars(0, hparam__best=1.0))
    imports("tensorboard", [tmp_path / "logs"], tmp_path / "out", asked("lr {lr}"))
    found = states(tmp_path / "out")

    assert found.keys() == {("lr 0.1", 4)}
    assert curve(found["lr 0.1", 4], "loss") == {1: 2.0, 2: 1.0}


def test_a_file_that_is_cut_off_counts_up_to_there(tmp_path: Path) -> None:
    """Events before the damage are kept, and the damage is told."""
    path = write(tmp_path / "events.out.tfevents.1.host", *(scalars(step, loss=step) for step in (1, 2, 3)))
    path.write_bytes(path.read_bytes()[:-5])
    (one,) = imports("tensorboard", [path], tmp_path / "out").recordings

    assert curve(next(iter(states(tmp_path / "out").values())), "loss") == {1: 1, 2: 2}
    assert "damaged after 3 records" in one.remarks[0]


@pytest.mark.parametrize("content", [b"step,loss\n1,2\n" * 9, b"\0" * 64, b"\xff" * 7])
def test_no_event_file_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    """What TensorBoard did not write is said to be no event file."""
    (tmp_path / "events.out.tfevents.1").write_bytes(content)
    with pytest.raises(UsageError, match=r"events\.out\.tfevents\.1: is no event file of TensorBoard"):
        imports("tensorboard", [tmp_path / "events.out.tfevents.1"], tmp_path / "out")
