"""What is told of the outputs of recorded layers, against the same computed from the tensors themselves."""

import copy
import pickle

import numpy as np
import pytest
import torch
from recorded_loops import batch, events_of, measured, perceptron, recording
from torch import nn
from torch.nn.functional import cross_entropy, dropout, max_pool1d, relu

CLOSE = 1e-5
"""Of statistics in single precision."""


def step(model, optimizer, loss):
    """One step of training."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


class Functional(nn.Module):
    """A net whose activations are functions, the first in place, with pooling and dropout before the next layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 16), nn.Linear(8, 16), nn.Linear(16, 3)
        self.seen = {}

    def forward(self, x):
        self.seen["first"] = relu(self.first(x), inplace=True)
        x = dropout(max_pool1d(self.seen["first"].unsqueeze(1), 2).squeeze(1), 0.5, self.training)
        self.seen["second"] = torch.tanh(self.second(x))
        self.seen["last"] = self.last(self.seen["second"])
        return self.seen["last"]


def test_outputs_of_functions_in_place_and_pooled(tmp_path):
    """Mean, deviation, zeros and saturation are those of relu and tanh, called as functions, in place, before pooling."""
    torch.manual_seed(0)
    model, (x, y) = Functional(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        step(model, optimizer, cross_entropy(model(x), y))

    seen = {name: value.detach().double().numpy() for name, value in model.seen.items()}
    for name, value in seen.items():
        assert measured(run, "activation_mean")[0][name] == pytest.approx(value.mean(), rel=CLOSE, abs=1e-7)
        assert measured(run, "activation_std")[0][name] == pytest.approx(value.std(), rel=CLOSE)
    zeros, near = measured(run, "zero_fraction")[0], measured(run, "saturated_fraction")[0]
    assert zeros == {"first": pytest.approx((seen["first"] == 0).mean()), "second": 0.0, "last": None}
    assert 0.2 < zeros["first"] < 0.8
    assert near == {"first": None, "second": pytest.approx((abs(seen["second"]) > 0.98).mean()), "last": None}


def test_how_far_units_differ_at_first(tmp_path):
    """In the first probes the spread of units is that of eight samples' outputs in double precision; of one unit there is none."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(48, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    x, seen = torch.randn(9, 1, 6, 6), []
    with recording(tmp_path, model, optimizer) as run:
        for _ in range(3):
            seen.append(model[0](x)[:8].detach().double().numpy())
            step(model, optimizer, model(x).square().mean())

    told = measured(run, "unit_spread")
    for place, values in enumerate(seen):
        expected = np.sqrt(values.var(axis=1).mean() / np.mean(values**2))
        assert told[place] == {"0": pytest.approx(expected, rel=CLOSE), "2": None}


def test_in_place_activations_of_modules(tmp_path):
    """A module that works in place hides nothing: zeros are those of its result."""
    model, (x, y) = perceptron(hidden=lambda: nn.ReLU(inplace=True)), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    first = relu(nn.functional.linear(x, model[0].weight, model[0].bias)).detach()
    with recording(tmp_path, model, optimizer) as run:
        step(model, optimizer, cross_entropy(model(x), y))

    assert measured(run, "zero_fraction")[0]["0"] == pytest.approx(float((first == 0).double().mean()))
    assert measured(run, "activation_mean")[0]["0"] == pytest.approx(float(first.double().mean()), rel=CLOSE)


def test_calls_of_one_module_are_put_together(tmp_path):
    """A module that is called several times in a step has the numbers of all calls, each by its size."""
    torch.manual_seed(0)
    model, parts = nn.Linear(6, 4), [batch(1, samples=5)[0], 10 + batch(2, samples=20)[0]]
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    every = torch.cat([model(part) for part in parts]).detach().double().numpy()
    with recording(tmp_path, model, optimizer) as run:
        step(model, optimizer, sum((model(part) ** 2).sum() for part in parts))

    assert measured(run, "activation_mean")[0] == {"Linear": pytest.approx(every.mean(), rel=CLOSE)}
    assert measured(run, "activation_std")[0] == {"Linear": pytest.approx(every.std(), rel=CLOSE)}


def test_recurrent_states_are_bounded(tmp_path):
    """The states of an LSTM are told with their share near -1 and 1."""
    torch.manual_seed(0)
    model, x = nn.LSTM(6, 5), torch.randn(7, 4, 6)
    with torch.no_grad():
        model.weight_hh_l0 *= 20
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    states = model(x)[0].detach()
    with recording(tmp_path, model, optimizer) as run:
        step(model, optimizer, model(x)[0].sum())

    assert measured(run, "saturated_fraction")[0]["LSTM"] == pytest.approx(float((states.abs() > 0.98).double().mean()))


def test_evaluations_are_not_measured(tmp_path):
    """Passes without gradients, or in evaluation mode, leave the outputs of the training as they are."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    expected = float(model(x).detach().double().mean())
    with recording(tmp_path, model, optimizer) as run:
        loss = cross_entropy(model(x), y)
        with torch.no_grad():
            model(100 * x)
        model.eval()
        model(100 * x)
        model.train()
        step(model, optimizer, loss)

    assert measured(run, "activation_mean")[0]["4"] == pytest.approx(expected, rel=1e-4)


def test_histograms_count_every_gradient(tmp_path):
    """Gradients are counted by their power of two, exact zeros apart, as numpy counts them."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        cross_entropy(model(x), y).backward()
        model[0].weight.grad[0] = 0
        gradient = model[0].weight.grad.double().numpy().ravel()
        optimizer.step()

    (probe,) = events_of(run, "probe")
    powers = np.log2(np.abs(gradient[gradient != 0]))
    expected, _ = np.histogram(powers, np.arange(-65, 16, 2))
    assert np.asarray(probe["gradient_histogram"])[0, 0].tolist() == expected.tolist()
    assert np.asarray(probe["gradient_zeros"])[0, 0] == (gradient == 0).sum()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copied_model_knows_nothing_of_the_recording(tmp_path, copied):
    """A model can be copied and saved whole in the middle of a recording, and its copy records nothing."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    expected = float(model(x).detach().double().mean())
    with recording(tmp_path, model, optimizer) as run:
        loss = cross_entropy(model(x), y)
        copied(model)(100 * x)
        step(model, optimizer, loss)

    assert measured(run, "activation_mean")[0]["4"] == pytest.approx(expected, rel=1e-4)


class Activated(nn.Module):
    """A layer with its activation inside, as Keras has them."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(16, 6))

    def forward(self, x):
        return relu(x @ self.weight.T)


def test_activations_inside_of_layers(tmp_path):
    """A layer that ends with an activation of its own has that one's zeros, and no other layer takes them for its own."""
    torch.manual_seed(0)
    model, (x, y) = nn.Sequential(Activated(), nn.Linear(16, 3)), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        outputs = model[0](x).detach().double().numpy()
        step(model, optimizer, cross_entropy(model(x), y))

    assert measured(run, "zero_fraction")[0] == {"0": pytest.approx((outputs == 0).mean()), "1": None}
    assert measured(run, "activation_mean")[0]["0"] == pytest.approx(outputs.mean(), rel=CLOSE)
