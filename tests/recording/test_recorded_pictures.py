"""Pictures that a recorded loop keeps of its layers."""

import numpy as np
import pytest
import torch
from recorded_loops import events_of, recording
from torch import nn

from dlbench.analysis.summary import folded
from dlbench.errors import UsageError
from dlbench.state.pictures import read_pictures


def small_net():
    """A convolution on one channel, one on four, and dense units."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Flatten(), nn.Linear(80, 3))


def kept(run, position=0):
    """The filters of one file of pictures, and its layer and step as the fold has them."""
    (trial,) = folded(run.folder).trials
    record = trial.pictures[position]
    found = read_pictures(run.folder.path / record.file, 0)
    return record.layer, record.step, found.filters


def test_filters_are_those_of_the_moment(tmp_path):
    """Pictured before and after a step, the first convolution's kernels are what they were each time, named by layer and step."""
    model = small_net()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    weights = []
    with recording(tmp_path, model, optimizer) as run:
        for _ in range(2):
            run.pictures()
            weights.append(model[0].weight.detach().half().float().numpy())
            optimizer.zero_grad()
            model(torch.randn(2, 1, 8, 8)).square().sum().backward()
            optimizer.step()

    assert [kept(run, place)[:2] for place in range(2)] == [("0", 0), ("0", 1)]
    for place, expected in enumerate(weights):
        np.testing.assert_array_equal(kept(run, place)[2], expected)
    kinds = [event["kind"] for event in events_of(run)]
    assert kinds.index("stack") < kinds.index("pictures")


PICTURED = {
    "a later convolution": (dict(layer="2"), "2", (20, 1, 3, 3)),
    "a module": (lambda model: dict(layer=model[2]), "2", (20, 1, 3, 3)),
    "images": (dict(layer="4", images=np.ones((3, 5, 6))), "4", (3, 1, 5, 6)),
    "images of colours": (dict(images=torch.zeros(2, 3, 4, 4)), "0", (2, 3, 4, 4)),
}


@pytest.mark.parametrize("name", PICTURED)
def test_what_can_be_pictured(tmp_path, name):
    """A layer by its name or itself, kernels of many channels as an image each, and images of one's own."""
    given, layer, shape = PICTURED[name]
    model = small_net()
    with recording(tmp_path, model, None) as run:
        run.pictures(**(given(model) if callable(given) else given))

    assert kept(run)[0] == layer
    assert kept(run)[2].shape == shape


def test_dense_units_look_like_their_input(tmp_path):
    """The weights of dense units are pictures in the shape of what they see, of 64 units at most."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(30, 70))
    with recording(tmp_path, model, None) as run:
        run.pictures(shape=(1, 5, 6))

    layer, _, filters = kept(run)
    assert layer == "1"
    expected = model[1].weight.detach()[:64].reshape(64, 1, 5, 6).half().float().numpy()
    np.testing.assert_array_equal(filters, expected)


MISTAKES = {
    "no such layer": (dict(layer="9"), "'9' is no layer"),
    "dense without a shape": (dict(layer="4"), "no images"),
    "a wrong shape": (dict(layer="4", shape=(1, 9, 9)), "no images"),
    "images that are none": (dict(images=np.ones(3)), "not of shape"),
    "too many channels": (dict(images=np.ones((1, 5, 4, 4))), "not 5"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_cannot_be_pictured_is_an_error(tmp_path, name):
    """A layer or images that make no picture are one clear error, and nothing is written."""
    given, said = MISTAKES[name]
    with recording(tmp_path, small_net(), None) as run, pytest.raises(UsageError, match=said):
        run.pictures(**given)

    assert events_of(run, "pictures") == []
