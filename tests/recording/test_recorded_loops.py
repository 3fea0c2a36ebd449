"""The life of a recording: what it leaves as it is, how it ends, and who may write."""

import os
import warnings
from argparse import Namespace
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from recorded_loops import batch, events_of, measured, perceptron, recording
from torch import nn
from torch.nn.functional import cross_entropy

import dlbench
import dlbench.run.folder
from dlbench.errors import DlbenchError, ExitCode, UsageError
from dlbench.launch.status import status


class Noisy(nn.Module):
    """A net that draws random numbers and keeps running statistics."""

    def __init__(self, kind):
        super().__init__()
        torch.manual_seed(3)
        self.net = nn.Sequential(
            nn.Linear(6, 32), nn.BatchNorm1d(32), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(32, 3)
        ).to(kind)

    def forward(self, x):
        return self.net(x)


def trained(kind, optimizer_kind, record):
    """The bits of everything that training has changed, with or without a recording."""
    model, (x, y) = Noisy(kind), batch()
    optimizer = optimizer_kind(model.parameters())
    torch.manual_seed(7)
    with record(model, optimizer) as run:
        for _ in range(12):
            optimizer.zero_grad()
            loss = cross_entropy(model(x.to(kind)), y)
            loss.backward()
            optimizer.step()
            if run is not None:
                run.log(train_loss=loss)
    state = [*model.state_dict().values(), torch.get_rng_state()]
    state += [value for own in optimizer.state.values() for value in own.values() if torch.is_tensor(value)]
    return state


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, lambda own: torch.optim.SGD(own, 0.1, momentum=0.9)])
def test_training_is_the_same_bit_for_bit(tmp_path, kind, optimizer):
    """Weights, statistics, the optimizer's state and random numbers have the same bits with every step recorded as without."""
    with_it = trained(kind, optimizer, lambda model, own: recording(tmp_path, model, own))
    without = trained(kind, optimizer, lambda *_: nullcontext())

    assert all(torch.equal(one, other) for one, other in zip(with_it, without, strict=True))


def recorded(tmp_path, error=None, **options):
    """A recording of two steps, in which an error is raised."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    run = recording(tmp_path, model, optimizer, **options)
    with run:
        for step in range(2):
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            run.log(train_loss=loss)
            if step and error:
                raise error
    return run


def test_a_loop_that_ends_is_done(tmp_path):
    """A loop that came to its end is done, with all that was logged."""
    run = recorded(tmp_path)

    assert status(run.folder).state == "done"
    assert [event["step"] for event in events_of(run, "metrics")] == [1, 2]
    assert run.folder.read_plan().recorded
    assert repr(run) == f"<Recording {run.name}, 2 steps>"


def test_the_time_of_a_loop_begins_with_it(tmp_path, monkeypatch):
    """What was done before the loop, such as loading modules, is booked and no part of the seconds that are told."""
    monkeypatch.setattr("dlbench.recording.door._LOADING", [(5.0, 5.0)])
    run = recorded(tmp_path, budget=0.5)
    seconds = [event["seconds"] for event in events_of(run, "metrics")]

    assert 0 <= seconds[0] <= seconds[1]
    assert run._budget._clock.owed > 5.0


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [
        (ValueError("it broke"), "failed", "ValueError: it broke"),
        (KeyboardInterrupt(), "stopped", "KeyboardInterrupt"),
        (SystemExit(1), "stopped", "SystemExit"),
    ],
)
def test_errors_go_on_their_way_and_lose_nothing(tmp_path, error, state, text):
    """What ends the loop is raised again; the recording has its text and every number until then."""
    with pytest.raises(type(error)):
        recorded(tmp_path, error)

    (folder,) = (tmp_path / "loop").iterdir()
    run = type("Run", (), {"folder": dlbench.run.folder.RunFolder(folder)})
    assert status(run.folder).state == state
    assert events_of(run, "end")[0]["error"] == text
    assert [event["step"] for event in events_of(run, "metrics")] == [1, 2]
    assert len(measured(run, "gradient_norm")) == 2


def test_an_error_before_the_first_step_is_told(tmp_path):
    """A loop that fails in its first pass is a failed recording with its layers."""
    model = perceptron()
    with pytest.raises(RuntimeError), recording(tmp_path, model, torch.optim.SGD(model.parameters(), 0.1)) as run:
        model(torch.zeros(2, 5))

    assert status(run.folder).state == "failed"
    assert len(events_of(run, "stack")[0]["layers"]) == 3


def test_hooks_are_gone_afterwards(tmp_path):
    """Nothing of a recording is left in model and optimizer."""
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer):
        assert model[0]._forward_hooks
    assert not model[0]._forward_hooks
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_a_step_without_a_probe_is_only_counted(tmp_path):
    """Between probes no module and no parameter has a hook, and the optimizer one, which counts."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer, budget=1e-9) as run:
        for _ in range(12):
            cross_entropy(model(x), y).backward()
            optimizer.step()
        assert len(optimizer._optimizer_step_post_hooks) == 1
        assert not optimizer._optimizer_step_pre_hooks
        assert not any(module._forward_hooks for module in model.modules())
        assert not any(one._post_accumulate_grad_hooks for one in model.parameters())

    assert run.steps == 12
    assert list(measured(run, "gradient_norm")) == [0]


def test_several_recordings_at_once(tmp_path):
    """Two recordings of one loop, begun in the same second, have folders of their own and the same numbers."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as one, recording(tmp_path, model, optimizer) as other:
        cross_entropy(model(x), y).backward()
        optimizer.step()

    assert one.folder.path != other.folder.path
    assert measured(one, "update_ratio") == measured(other, "update_ratio")


def test_a_fork_writes_nothing(tmp_path):
    """A copy of the process, as a DataLoader makes, may log and step and end: the recording is its parent's."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        cross_entropy(model(x), y).backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            optimizer.step()
            run.log(train_loss=1.0)
            run.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        optimizer.step()
        run.log(train_loss=2.0)

    assert [event["train_loss"] for event in events_of(run, "metrics")] == [[2.0]]
    assert len(events_of(run, "probe")) == 1


def test_a_full_disk_does_not_end_the_training(tmp_path):
    """Where the folder is gone, the loop goes on unrecorded, with a warning."""
    import shutil

    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    steps = 0
    with recording(tmp_path, model, optimizer) as run, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            cross_entropy(model(x), y).backward()
            optimizer.step()
            run.log(train_loss=1.0)
            steps += 1
            if steps == 1:
                shutil.rmtree(run.folder.path)
                run._looks._looked = run._looks._heard = -1e9

    assert steps == 3
    assert any("unrecorded" in str(one.message) for one in told)


def test_a_loss_that_ends_as_no_number_has_diverged(tmp_path):
    """The trial has diverged at the step from which on its loss is no number, with its last loss."""
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        for loss in (1.5, float("nan"), 0.5, float("inf"), float("nan")):
            optimizer.step()
            run.log(train_loss=loss)

    (diverged,) = events_of(run, "diverged")
    assert (diverged["step"], diverged["last_loss"]) == (4, 0.5)


def test_arguments_from_the_environment(tmp_path, monkeypatch):
    """What is left out comes from the environment: that is how a program that starts others names them."""
    asked = tmp_path / "asked.toml"
    asked.write_text('[compare]\nmetric = "train_loss"\n')
    told = {"NAME": "mine", "VARIANT": "he", "SEED": "4", "OUT": str(tmp_path), "SETTINGS": '{"lr":0.1}'}
    for name, value in (told | {"QUESTIONS": str(asked)}).items():
        monkeypatch.setenv(f"DLBENCH_RECORD_{name}", value)
    model = perceptron()
    with dlbench.record(model, None) as run:
        pass

    plan = run.folder.read_plan()
    (trial,) = plan.trials
    assert run.folder.path.parent == tmp_path / "mine"
    assert (trial.variant, trial.seed) == ("he", 4)
    assert plan.candidates[0].settings == {"lr": 0.1}
    assert plan.questions.compare.metric == "train_loss"


def test_settings_are_kept_as_plain_data(tmp_path):
    """What a parser of arguments gives is kept, the same text each time: paths, types and functions by their names."""
    model = perceptron()
    given = {
        "out": Path("a/b"),
        "kind": torch.bfloat16,
        "hidden": nn.ReLU,
        "lr": torch.tensor(2.0),
        "n": [1, 2],
    }
    given |= {"device": torch.device("cpu"), "loss": cross_entropy, "grid": {1: (0.5, None)}}
    with recording(tmp_path, model, None, settings=given) as run:
        pass

    assert run.folder.read_plan().candidates[0].settings == {
        "out": "a/b",
        "kind": "torch.bfloat16",
        "hidden": "ReLU",
        "lr": 2.0,
        "n": [1, 2],
        "device": "cpu",
        "loss": "cross_entropy",
        "grid": {"1": [0.5, None]},
    }


@pytest.mark.parametrize("told", ["{", "3", "[1]"])
def test_settings_of_the_environment_are_an_object(monkeypatch, told):
    """What is no JSON object is one clear error."""
    monkeypatch.setenv("DLBENCH_RECORD_SETTINGS", told)

    with pytest.raises(UsageError, match="DLBENCH_RECORD_SETTINGS must be a JSON object"):
        dlbench.record(perceptron(), None)


MISTAKES = {
    "a model that is none": (lambda model: dict(model=3), "torch.nn.Module"),
    "no parameters": (lambda model: dict(model=nn.ReLU()), "no parameters"),
    "lazy": (lambda model: dict(model=nn.LazyLinear(3)), "no shape yet"),
    "no numbers": (lambda model: dict(model=nn.Linear(0, 0)), "no parameters with numbers"),
    "on the device meta": (
        lambda model: dict(model=[model, nn.Linear(2, 2, device="meta")]),
        "'1.weight' has no numbers",
    ),
    "no models": (lambda model: dict(model=[]), "list of models is empty"),
    "an optimizer that is none": (lambda model: dict(optimizer="adam"), "torch.optim.Optimizer"),
    "no optimizers": (lambda model: dict(optimizer=[]), "empty"),
    "a budget beyond 1": (lambda model: dict(budget=3), "from 0 to 1"),
    "a seed below 0": (lambda model: dict(seed=-1), "seed"),
    "a seed that is none": (lambda model: dict(seed="x"), "seed"),
    "questions that are none": (lambda model: dict(questions={"claims": 3}), "claims"),
    "settings that are no table": (lambda model: dict(settings=Namespace(lr=0.1)), "vars"),
    "settings beyond JSON": (lambda model: dict(settings={"lr": 2**70}), "plain values"),
    "a scaler that is none": (lambda model: dict(scaler=3), "GradScaler"),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.filterwarnings("ignore:Lazy modules", "ignore:Initializing zero-element")
def test_mistakes_have_one_clear_error(tmp_path, name):
    """A wrong argument is told by its name before anything is written."""
    made, said = MISTAKES[name]
    model = perceptron()
    given = dict(model=model, optimizer=None, name="n", out=tmp_path) | made(model)

    with pytest.raises(DlbenchError, match=said) as told:
        dlbench.record(**given)
    assert told.value.exit_code == ExitCode.USAGE
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["text", torch.zeros(3), None, [1.0]])
def test_only_single_numbers_can_be_logged(tmp_path, value):
    """Anything but one number is refused by its name."""
    run = recording(tmp_path, perceptron(), None)
    with run, pytest.raises(UsageError, match="'accuracy' must be a single number"):
        run.log(accuracy=value)
    with pytest.raises(UsageError, match="has ended"):
        run.log(accuracy=1.0)


def test_logged_tensors_are_as_they_were(tmp_path):
    """A sum that goes on in place after it was logged does not change what was logged."""
    model, (x, y) = perceptron(), batch()
    optimizer, total = torch.optim.SGD(model.parameters(), 0.1), torch.zeros(())
    with recording(tmp_path, model, optimizer) as run:
        for _ in range(3):
            cross_entropy(model(x), y).backward()
            optimizer.step()
            total += 1
            run.log(total=total, epoch=2)

    assert [(event["total"], event["epoch"]) for event in events_of(run, "metrics")] == [([k], 2.0) for k in (1, 2, 3)]


def test_a_compiled_model_has_weights_alone(tmp_path):
    """Of a compiled model the norms are told and the outputs are not, which a note says."""
    model, (x, y) = perceptron(), batch()
    compiled = torch.compile(model, backend="eager")
    optimizer = torch.optim.SGD(compiled.parameters(), 0.1)
    with recording(tmp_path, compiled, optimizer) as run:
        cross_entropy(compiled(x), y).backward()
        optimizer.step()

    assert set(measured(run, "gradient_norm")[0]) == {"0", "2", "4"}
    assert measured(run, "activation_mean") == {}
    assert "compiled" in events_of(run, "note")[0]["text"]


def test_a_fault_of_the_recording_is_a_warning(tmp_path):
    """A layer that cannot be measured ends the probes, never the training."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        cross_entropy(model(x), y).backward()
        run._steps._probe._row[id(model[0].bias)] = 99
        with pytest.warns(RuntimeWarning, match="cannot be measured"):
            optimizer.step()
        run.log(train_loss=1.0)
        optimizer.step()
        run.log(train_loss=1.0)

    assert run.steps == 2
    assert len(events_of(run, "metrics")) == 2
    assert status(run.folder).state == "done"


def test_importing_dlbench_costs_no_torch():
    """`import dlbench` loads no torch; asking for an unknown name is an error as ever."""
    with pytest.raises(AttributeError, match="no attribute 'recorder'"):
        dlbench.recorder  # noqa: B018


def test_the_rate_is_that_of_the_step(tmp_path):
    """What is logged again after a scheduler's step keeps the rate that the optimizer's step had."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    with recording(tmp_path, model, optimizer) as run:
        for _ in range(2):
            cross_entropy(model(x), y).backward()
            optimizer.step()
            run.log(train_loss=0.5)
            scheduler.step()
            run.log(validation_loss=0.5)

    assert [event["learning_rate"] for event in events_of(run, "metrics")] == [[0.1], [0.05]]
