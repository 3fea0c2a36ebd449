"""The callbacks of every library, with the real one: what they record, what they leave as it is, how they end."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from library_trainings import BATCH, EPOCHS, LIBRARIES, RATE, SAMPLES, STEPS, by_hand, recorder_of, train
from recorded_loops import events_of, measured

import dlbench.recording.door
from dlbench.launch.status import status
from dlbench.run.control import ask
from dlbench.run.folder import find_runs

pytestmark = [pytest.mark.extras, pytest.mark.filterwarnings("ignore")]

EACH = SAMPLES // BATCH
CLOSE = 1e-5
"""Of trainings that add up their numbers in another order."""


@pytest.fixture(scope="module", params=LIBRARIES)
def library(request):
    """One library after the other."""
    return request.param


@pytest.fixture(scope="module")
def trained(library, tmp_path_factory):
    """A recorder after a whole training in a block, with an evaluation after it, and what the library tells of it."""
    folder = tmp_path_factory.mktemp(library)
    with recorder_of(library, folder) as recorder:
        own = train(library, folder, recorder, tests=True)
    return recorder.recording, own


@pytest.fixture(scope="module")
def expected():
    """The same training by hand."""
    return by_hand()


def logged(run, name):
    """What was logged under a name, by step."""
    return {event["step"]: event[name][0] for event in events_of(run, "metrics") if event.get(name) is not None}


def state_of(folder):
    """How the one recording in a folder stands, and the error that it tells."""
    (run,) = find_runs(folder)
    ends = events_of(type("Run", (), {"folder": run}), "end")
    return status(run).state, ends[0]["error"]


def test_norms_are_autograds(trained, expected):
    """Gradient, weight and update norms of every layer at every step are those of the same training by hand."""
    run, _ = trained
    seen, _ = expected
    found = {name: measured(run, name) for name in ("gradient_norm", "weight_norm", "update_ratio")}

    assert run.steps == len(found["gradient_norm"]) == len(seen.gradients) == STEPS
    for step in range(STEPS):
        for name, by_layer in (("gradient_norm", seen.gradients), ("weight_norm", seen.weights)):
            told = {layer.rpartition(".")[2]: value for layer, value in found[name][step].items()}
            assert told == pytest.approx(by_layer[step], rel=CLOSE)
        told = {layer.rpartition(".")[2]: value for layer, value in found["update_ratio"][step].items()}
        ratios = {layer: moved / seen.weights[step][layer] for layer, moved in seen.updates[step].items()}
        assert told == pytest.approx(ratios, rel=1e-4)


def test_activations_are_seen(trained):
    """The first layer's outputs are those of its tanh: between -1 and 1, so that saturation is known."""
    run, _ = trained
    for values in measured(run, "saturated_fraction").values():
        first, last = values.values()
        assert 0 <= first < 1
        assert last is None


def test_losses_are_the_librarys(library, trained, expected):
    """The loss of every step is the batch's, Keras's the mean of the epoch so far; what the library tells itself is the same."""
    run, own = trained
    _, losses = expected
    found = logged(run, "train_loss")
    right = {step + 1: loss for step, loss in enumerate(losses)}
    if library == "keras":
        right = {step: np.mean(losses[(step - 1) // EACH * EACH : step]) for step in right}
    if library == "skorch":
        right |= {EACH * (k + 1): np.mean(losses[EACH * k : EACH * (k + 1)]) for k in range(EPOCHS)}

    assert found == pytest.approx(right, rel=CLOSE)
    assert {step: found[step] for step in own.train_loss} == pytest.approx(own.train_loss, rel=1e-6)


def test_what_the_library_validates_is_logged(trained):
    """The validation's loss stands at the last step of each epoch, the test's at the end, with the library's numbers."""
    run, own = trained
    epochs = {event["step"]: event["epoch"] for event in events_of(run, "metrics")}

    assert len(own.validation_loss) == EPOCHS
    assert logged(run, "validation_loss") == pytest.approx(
        {EACH * (epoch + 1): loss for epoch, loss in enumerate(own.validation_loss)}
    )
    assert logged(run, "test_loss") == pytest.approx({STEPS: own.test_loss})
    assert [epochs[EACH * (epoch + 1)] for epoch in range(EPOCHS)] == [1, 2]
    assert list(logged(run, "learning_rate").values()) == pytest.approx([0.1] * STEPS)
    assert status(run.folder).state == "done"


def test_the_training_is_the_same_bit_for_bit(library, trained, tmp_path):
    """The weights at the end and the losses are those of the library without a recorder."""
    _, own = trained
    plain = train(library, tmp_path)

    assert all(torch.equal(one, other) for one, other in zip(own.weights, plain.weights, strict=True))
    assert (plain.train_loss, plain.validation_loss) == (own.train_loss, own.validation_loss)


def failing(error, at=EACH + 2):
    """Something to call at each step, which raises at one in the middle of an epoch."""
    calls = []

    def call():
        calls.append(None)
        if len(calls) == at:
            raise error

    return call


def test_an_error_ends_it_as_failed(library, tmp_path):
    """What ends the training goes on its way; the recording is failed, with its text and every number until then."""
    recorder = recorder_of(library, tmp_path)
    with pytest.raises(ValueError, match="it broke"), recorder:
        train(library, tmp_path, recorder, on_call=failing(ValueError("it broke")))

    assert state_of(tmp_path) == ("failed", "ValueError: it broke")
    assert list(logged(recorder.recording, "train_loss"))[-1] == EACH + 1


def test_ctrl_c_ends_it_as_stopped(library, tmp_path, monkeypatch):
    """Ctrl-C stops the recording, whatever the library makes of it: skorch ends its fit, Lightning the program."""
    monkeypatch.setattr("signal.signal", lambda *_: None)  # Lightning would have this process ignore Ctrl-C
    recorder = recorder_of(library, tmp_path)
    try:
        with recorder:
            train(library, tmp_path, recorder, on_call=failing(KeyboardInterrupt()))
    except (KeyboardInterrupt, SystemExit):
        assert library != "skorch"

    assert state_of(tmp_path)[0] == "stopped"


def test_a_stop_from_outside_ends_the_training_in_its_own_way(library, tmp_path):
    """Someone who asks for another rate and a stop gets both, the training returns, and the recording is stopped."""
    recorder, asked = recorder_of(library, tmp_path, budget=0.0), []

    def call():
        if not asked:
            asked.append(ask(recorder.recording.folder, "set_lr", trials=[0], lr=RATE / 4))
            asked.append(ask(recorder.recording.folder, "stop", stack=None))

    own = train(library, tmp_path, recorder, on_call=call, epochs=1000)

    assert all(map(torch.isfinite, map(torch.sum, own.weights)))
    assert 1 < recorder.recording.steps < 1000 * EACH
    assert state_of(tmp_path) == ("stopped", None)
    answers = [(one["action"], one["error"]) for one in events_of(recorder.recording, "control")]
    assert answers == [("set_lr", None), ("stop", None)]
    if library == "keras":  # whose optimizer is none of torch's
        assert logged(recorder.recording, "learning_rate")[recorder.recording.steps] == pytest.approx(RATE / 4)


def test_other_processes_record_nothing(library, tmp_path, monkeypatch):
    """In a process that is not the first of a distributed training, everything goes on and nothing is written."""
    monkeypatch.setattr(dlbench.recording.door, "_rank", lambda: 1)
    recorder = recorder_of(library, tmp_path / "out")
    own = train(library, tmp_path, recorder, epochs=1)

    assert own.weights
    assert not (tmp_path / "out").exists()


def test_the_environment_names_it(library, tmp_path, monkeypatch):
    """What the recorder is not told comes from the same variables as with `dlbench.record`, and each training is one of its own."""
    for name, value in {"NAME": "told", "VARIANT": "he", "SEED": "7", "OUT": str(tmp_path / "out")}.items():
        monkeypatch.setenv(f"DLBENCH_RECORD_{name}", value)
    recorder = recorder_of(library, None, name=None, variant=None, seed=None)
    for _ in range(2):
        train(library, tmp_path, recorder, epochs=1)

    runs = find_runs(tmp_path / "out")
    trials = [run.read_plan().trials[0] for run in runs]
    assert [(run.recipe, trial.variant, trial.seed) for run, trial in zip(runs, trials, strict=True)] == 2 * [
        ("told", "he", 7)
    ]
    assert {status(run).state for run in runs} == {"done"}


def test_copies_have_the_arguments_alone(library, trained, tmp_path):
    """A copied or pickled recorder has no recording, and can make its own."""
    recorder = recorder_of(library, tmp_path)
    with recorder:
        train(library, tmp_path, recorder, epochs=1)
        for other in (copy.deepcopy(recorder), pickle.loads(pickle.dumps(recorder))):
            assert other.recording is None
            assert (other.name, other.budget) == (library, 1.0)
        recorder.recording.log(test_loss=0.5)

    assert math.isclose(logged(recorder.recording, "test_loss")[EACH], 0.5)
