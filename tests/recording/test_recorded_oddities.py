"""What loops do that nobody plans for: odd parameters, other optimizers, programs that end without a word."""

import gc
import weakref

import pytest
import torch
from recorded_loops import ByHand, batch, events_of, measured, named_leaves, perceptron, recording
from torch import nn
from torch.nn.functional import cross_entropy

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


def test_numbers_need_a_name(tmp_path):
    """A name of blanks would be a column that nobody finds."""
    with recording(tmp_path, perceptron(), None) as run, pytest.raises(UsageError, match="needs a name"):
        run.log(**{" ": 1.0})
