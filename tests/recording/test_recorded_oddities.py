"""What loops do that nobody plans for: odd parameters, other optimizers, programs that end without a word."""

import gc
import os
import warnings
import weakref
from types import SimpleNamespace

import pytest
import torch
from recorded_loops import ByHand, batch, events_of, measured, named_leaves, perceptron, recording
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from dlbench.errors import UsageError
from dlbench.launch.status import status
from dlbench.recording import program_end


def steps(model, optimizer, run, count=2):
    """A few steps, each logged."""
    x, y = batch()
    for _ in range(count):
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        run.log(train_loss=loss)


ODD = {
    "whole numbers": torch.arange(6),
    "no numbers": torch.ones(0, 3),
    "eight bits": torch.full((4,), 0.5).to(torch.float8_e4m3fn),
    "complex": torch.full((2,), 3 + 4j),
}
"""Parameters that are frozen, beside layers that train."""


@pytest.mark.parametrize("kind", ODD)
def test_odd_parameters_disturb_no_probe(tmp_path, kind):
    """The layers beside them are measured, and their own norm is told where they have numbers of any precision."""
    model = perceptron()
    model.odd = nn.Module()
    model.odd.weight = nn.Parameter(ODD[kind], requires_grad=False)
    model.forward = lambda x: model[4](model[3](model[2](model[1](model[0](x)))))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        steps(model, optimizer, run)
    found = measured(run, "weight_norm")[0]
    gradients = measured(run, "gradient_norm")[0]

    assert [name for name, value in gradients.items() if value is not None] == ["0", "2", "4"]
    assert found.get("odd") == {"eight bits": pytest.approx(1.0), "complex": pytest.approx(50**0.5)}.get(kind)


def test_an_optimizer_that_takes_over_is_followed(tmp_path):
    """A loop that replaces its optimizer, twice, has all its steps counted, the rates of each, and one note a change."""
    model, (x, y) = perceptron(), batch()
    first = torch.optim.SGD(model.parameters(), 0.1)
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, first) as run:
        for optimizer in (first, torch.optim.Adam(model.parameters(), 0.02), torch.optim.SGD(model.parameters(), 0.3)):
            for _ in range(4):
                optimizer.zero_grad()
                cross_entropy(model(x), y).backward()
                by_hand.before()
                optimizer.step()
                by_hand.after()
                run.log(train_loss=1.0)

    assert run.steps == 12
    rates = {event["step"]: event["learning_rate"][0] for event in events_of(run, "metrics")}
    assert (rates[3], rates[7], rates[12]) == (0.1, 0.02, 0.3)
    assert ["Adam" in event["text"] for event in events_of(run, "note")] == [True, False]
    gradients, ratios = measured(run, "gradient_norm"), measured(run, "update_ratio")
    assert list(gradients) == [0, 1, 2, 3, 6, 7, 10, 11]
    for step, found in gradients.items():
        assert found == pytest.approx(by_hand.gradients[step], rel=1e-6)
        updates, weights = by_hand.updates[step], by_hand.weights[step]
        assert ratios[step] == pytest.approx({name: updates[name] / weights[name] for name in updates}, rel=1e-6)


def test_recordings_side_by_side_are_no_strangers(tmp_path):
    """Optimizers of other models are none of a recording's business, and no recording is kept alive by looking at them."""
    model, other = perceptron(), perceptron()
    optimizer, theirs = (torch.optim.SGD(one.parameters(), 0.1) for one in (model, other))
    run, second = (recording(tmp_path, *pair) for pair in ((model, optimizer), (other, theirs)))
    steps(model, optimizer, run)
    steps(other, theirs, second)
    run.close()
    second.close()
    assert not events_of(run, "note") + events_of(second, "note")

    left = weakref.ref(recording(tmp_path, model, torch.optim.SGD(model.parameters(), 0.1)))
    gc.collect()
    assert left() is None


def test_optimizers_that_cannot_be_meant(tmp_path):
    """The same one twice takes one step a step; of one that has nothing of the model a note asks whether that is old."""
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, [optimizer, optimizer]) as run:
        steps(model, optimizer, run, 3)
    assert run.steps == 3

    with recording(tmp_path, perceptron(), optimizer) as run:
        steps(model, optimizer, run)
    assert "made anew" in events_of(run, "note")[0]["text"]


def test_a_program_that_ends_without_closing_loses_nothing(tmp_path):
    """A recording that nobody has closed is stopped at the end of the program, with all that it was told."""
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    run = recording(tmp_path, model, optimizer)
    steps(model, optimizer, run, 3)
    program_end._close_all()

    assert len(events_of(run, "metrics")) == 3
    assert status(run.folder).state == "stopped"


def test_a_recording_that_nobody_holds_is_stopped(tmp_path):
    """Where a cell of a notebook is run again, what it recorded before has ended, with all that was logged."""
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    run = recording(tmp_path, model, optimizer)
    steps(model, optimizer, run, 3)
    held = SimpleNamespace(folder=run.folder)
    del model, optimizer, run
    gc.collect()

    assert len(events_of(held, "metrics")) == 3
    assert (status(held.folder).state, events_of(held, "end")[0]["error"]) == (
        "stopped",
        "it was let go without run.close()",
    )


@pytest.mark.parametrize(("by_hand", "said"), [(True, "call run.step()"), (False, "the one that steps")])
def test_a_loop_without_a_step_is_told(tmp_path, by_hand, said):
    """Who forgets to tell of steps, or gives another optimizer, reads why nothing is known of the layers."""
    model, (x, y) = perceptron(), batch()
    optimizer = None if by_hand else torch.optim.SGD(perceptron().parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        loss = cross_entropy(model(x), y)
        loss.backward()
        run.log(train_loss=loss)

    assert said in events_of(run, "note")[-1]["text"]


def test_numbers_need_a_name(tmp_path):
    """A name of blanks would be a column that nobody finds."""
    with recording(tmp_path, perceptron(), None) as run, pytest.raises(UsageError, match="needs a name"):
        run.log(**{" ": 1.0})


class Sparse(nn.Module):
    """A layer that puts out a sparse tensor, of which torch computes no mean, and the dense one beside it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return (x * self.weight).to_sparse()


def test_outputs_that_cannot_be_measured_end_no_training(tmp_path):
    """A module whose outputs are of an odd kind has its norms, the others have everything, and one note tells of it."""
    model, (x, y) = perceptron(), batch()
    last = Sparse()
    optimizer = torch.optim.SGD([*model.parameters(), *last.parameters()], 0.1)
    with recording(tmp_path, {"net": model, "last": last}, optimizer) as run:
        for _ in range(2):
            optimizer.zero_grad()
            cross_entropy(last(model(x)).to_dense(), y).backward()
            optimizer.step()

    assert [event["text"].partition(" cannot")[0] for event in events_of(run, "note")] == ["the outputs of 'last'"]
    norms, means = measured(run, "gradient_norm")[1], measured(run, "activation_mean")[1]
    assert all(value is not None for value in norms.values())
    assert [name for name, value in means.items() if value is None] == ["last"]


def test_passes_of_functional_transforms_are_left_out(tmp_path):
    """Gradients a sample by torch.func.vmap in a recorded loop disturb no probe, whose outputs are the plain pass's."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        for _ in range(2):
            weights = {name: one.detach() for name, one in model.named_parameters()}

            def loss(weights, x, y):
                return cross_entropy(torch.func.functional_call(model, weights, (x[None],)), y[None])

            torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(weights, x, y)
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            with torch.no_grad():
                mean = model[:2](x).mean().item()
            optimizer.step()

    assert list(measured(run, "gradient_norm")) == [0, 1]
    assert not events_of(run, "note")
    assert measured(run, "activation_mean")[1]["0"] == pytest.approx(mean, rel=1e-5)


def test_workers_of_a_data_loader_leave_the_recording_alone(tmp_path):
    """A loader with worker processes feeds a recorded loop: every step is the loop's own, told once, and it ends as done."""
    x, y = batch(samples=16)
    loader = DataLoader(TensorDataset(x, y), batch_size=4, num_workers=1, multiprocessing_context="fork")
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            run.log(train_loss=loss)

    assert run.steps == 4
    assert [event["step"] for event in events_of(run, "metrics")] == [1, 2, 3, 4]
    assert [event["pid"] for event in events_of(run, "run")] == [os.getpid()]
    assert status(run.folder).state == "done"
