"""Models that compute their passes or their weights in ways of their own, held against autograd."""

import copy

import pytest
import torch
from recorded_loops import ByHand, batch, events_of, layers_of, measured, named_leaves, norm, perceptron, recording
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm
from torch.utils.checkpoint import checkpoint

CLOSE = 1e-6


def agree(run, name, expected):
    """The measure of all layers at all steps is what was computed by hand."""
    found = measured(run, name)
    assert list(found) == list(range(len(expected)))
    for step, values in found.items():
        assert values == pytest.approx(expected[step], rel=CLOSE)


def ratios(by_hand):
    """Updates over weights."""
    return [
        {name: moved / weights[name] for name, moved in updates.items()}
        for updates, weights in zip(by_hand.updates, by_hand.weights, strict=True)
    ]


class Checkpointed(nn.Module):
    """A net of which a part is computed again on the way back: with statistics, random numbers and pooling in it."""

    def __init__(self, *, reentrant):
        super().__init__()
        torch.manual_seed(2)
        self.first = nn.Linear(6, 16)
        self.inner = nn.Sequential(
            nn.Linear(16, 16),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(16, 16),
            nn.Tanh(),
            nn.Unflatten(1, (1, 16)),
            nn.MaxPool1d(2),
            nn.Flatten(),
        )
        self.last = nn.Linear(8, 3)
        self.reentrant = reentrant

    def forward(self, x):
        hidden = checkpoint(self.inner, torch.relu(self.first(x)), use_reentrant=self.reentrant)
        return self.last(hidden)


def trained(model, run=None, watch=None):
    """All that two steps leave behind: weights, statistics, random numbers."""
    x, y = batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    torch.manual_seed(5)
    with run(model, optimizer) if run else torch.enable_grad() as recorded:
        for _ in range(2):
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            if watch:
                watch.before()
            optimizer.step()
            if watch:
                watch.after()
    return recorded, [*model.state_dict().values(), torch.get_rng_state()]


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_parts_are_measured_and_left_alone(tmp_path, reentrant):
    """A part that is computed again on the way back has its norms, and not a bit of statistics or weights changes."""
    model = Checkpointed(reentrant=reentrant)
    plain = copy.deepcopy(model)
    by_hand = ByHand(named_leaves(model))
    run, state = trained(model, lambda *own: recording(tmp_path, *own), by_hand)
    _, expected = trained(plain)

    assert all(torch.equal(one, other) for one, other in zip(state, expected, strict=True))
    agree(run, "gradient_norm", by_hand.gradients)
    agree(run, "update_ratio", ratios(by_hand))
    assert not events_of(run, "note")


def test_activations_of_checkpointed_parts(tmp_path):
    """Of a checkpointed part the activation that the next layer is given is measured once, as without checkpoints."""
    model, (x, y) = perceptron(), batch()
    means = []
    for is_checkpointed in (False, True):
        own = copy.deepcopy(model)
        optimizer = torch.optim.SGD(own.parameters(), 0.1)
        with recording(tmp_path, own, optimizer) as run:
            passed = checkpoint(own, x, use_reentrant=False) if is_checkpointed else own(x)
            cross_entropy(passed, y).backward()
            optimizer.step()
        means.append([measured(run, name)[0] for name in ("activation_mean", "zero_fraction")])

    plain, checkpointed = means
    for expected, found in zip(plain, checkpointed, strict=True):
        assert {name: value for name, value in expected.items() if value is not None} == pytest.approx(
            {name: value for name, value in found.items() if value is not None}, rel=CLOSE
        )


def test_gradients_of_functional_transforms(tmp_path):
    """Gradients that `torch.func` has computed, and that the loop hands to its optimizer, are those that are told."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    by_hand = ByHand(named_leaves(model))

    def loss(weights):
        return cross_entropy(torch.func.functional_call(model, weights, (x,)), y)

    with recording(tmp_path, model, optimizer) as run:
        for _ in range(2):
            found = torch.func.grad(loss)({name: one.detach() for name, one in model.named_parameters()})
            for name, one in model.named_parameters():
                one.grad = found[name]
            by_hand.before()
            optimizer.step()
            by_hand.after()

    agree(run, "gradient_norm", by_hand.gradients)
    agree(run, "update_ratio", ratios(by_hand))


def test_a_functional_call_with_the_parameters_themselves(tmp_path):
    """A pass by `functional_call` with the model's parameters is a pass of the model, gradients and outputs too."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer) as run:
        cross_entropy(torch.func.functional_call(model, dict(model.named_parameters()), (x,)), y).backward()
        mean = torch.relu(model[0](x)).mean().item()
        by_hand.before()
        optimizer.step()
        by_hand.after()

    agree(run, "gradient_norm", by_hand.gradients)
    assert measured(run, "zero_fraction")[0]["0"] is not None
    assert mean > 0


PARAMETRIZED = {"weight norm": weight_norm, "spectral norm": spectral_norm, "orthogonal": orthogonal}


@pytest.mark.parametrize("kind", PARAMETRIZED)
def test_computed_weights_are_their_modules(tmp_path, kind):
    """A module whose weight is computed is one row, with what the optimizer moves of it, and no bit of it changes."""
    torch.manual_seed(0)
    model = nn.Sequential(PARAMETRIZED[kind](nn.Linear(6, 8)), nn.Tanh(), nn.Linear(8, 3))
    plain = copy.deepcopy(model)
    originals = [one for name, one in model[0].named_parameters() if "original" in name]
    expected, before = [], None

    class Watch:
        def before(self):
            nonlocal before
            before = [one.detach().clone() for one in originals]
            expected.append([norm([one.grad for one in originals]), norm(originals)])

        def after(self):
            expected[-1].append(norm([new - old for new, old in zip(originals, before, strict=True)]))

    run, state = trained(model, lambda *own: recording(tmp_path, *own), Watch())
    _, without = trained(plain)

    assert layers_of(run) == ["0", "2"]
    assert all(torch.equal(one, other) for one, other in zip(state, without, strict=True))
    for step, (gradient, weight, update) in enumerate(expected):
        assert measured(run, "gradient_norm")[step]["0"] == pytest.approx(gradient, rel=CLOSE)
        assert measured(run, "weight_norm")[step]["0"] == pytest.approx(weight, rel=CLOSE)
        assert measured(run, "update_ratio")[step]["0"] == pytest.approx(update / weight, rel=CLOSE)


def test_a_weight_of_two_optimizers(tmp_path):
    """A trunk that two optimizers move in one step has the gradient and the update of the first that steps."""
    torch.manual_seed(0)
    nets = {"trunk": nn.Linear(6, 8), "one": nn.Linear(8, 3), "other": nn.Linear(8, 3)}
    x, y = batch()
    optimizers = [
        torch.optim.SGD([*nets["trunk"].parameters(), *nets[head].parameters()], rate)
        for head, rate in {"one": 0.1, "other": 0.5}.items()
    ]
    first, second = ByHand({"trunk": nets["trunk"], "one": nets["one"]}), ByHand({"other": nets["other"]})
    with recording(tmp_path, nets, optimizers) as run:
        for _ in range(2):
            for head, optimizer, by_hand in zip(("one", "other"), optimizers, (first, second), strict=True):
                optimizer.zero_grad()
                cross_entropy(nets[head](nets["trunk"](x)), y).backward()
                by_hand.before()
                optimizer.step()
                by_hand.after()

    assert run.steps == 2
    for step in range(2):
        found = {name.partition(".")[0]: value for name, value in measured(run, "gradient_norm")[step].items()}
        assert found == pytest.approx(first.gradients[step] | second.gradients[step], rel=CLOSE)
        moved = {name.partition(".")[0]: value for name, value in measured(run, "update_ratio")[step].items()}
        assert moved == pytest.approx(ratios(first)[step] | ratios(second)[step], rel=CLOSE)


class Recurrent(nn.Module):
    """A recurrent layer that somebody has written: two weights and a bias as parameters, called once a time step."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(4)
        self.input = nn.Parameter(torch.randn(6, 5) / 3)
        self.state = nn.Parameter(torch.randn(5, 5) / 3)
        self.bias = nn.Parameter(torch.zeros(5))

    def forward(self, x, state):
        return torch.tanh(x @ self.input + state @ self.state + self.bias)


def test_a_recurrent_layer_of_ones_own(tmp_path):
    """All weights of a layer count, not the first alone, the bias does not; its calls in a step are taken together."""
    cell, head = Recurrent(), nn.Linear(5, 3)
    model, (_, y) = nn.ModuleDict({"cell": cell, "head": head}), batch()
    x = torch.randn(4, 32, 6)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer) as run:
        state, states = torch.zeros(32, 5), []
        for part in x:
            state = cell(part, state)
            states.append(state.detach())
        cross_entropy(head(state), y).backward()
        by_hand.before()
        optimizer.step()
        by_hand.after()

    agree(run, "gradient_norm", by_hand.gradients)
    agree(run, "update_ratio", ratios(by_hand))
    every = torch.stack(states)
    assert measured(run, "activation_mean")[0]["cell"] == pytest.approx(every.mean().item(), rel=1e-5)
    assert measured(run, "activation_std")[0]["cell"] == pytest.approx(every.std(correction=0).item(), rel=1e-5)
    assert events_of(run, "stack")[0]["net"][0]["parameters"] == 6 * 5 + 5 * 5 + 5


@pytest.mark.parametrize(("step", "moved"), [(1e-7, 2 * 2.0**-24), (2e-8, 0.0), (2.0**-10, 2.0**-10)])
def test_an_update_is_what_the_weight_has_moved(tmp_path, step, moved):
    """A weight of 1 in single precision moves by steps of its last digit: that, to all digits, and not what was asked for."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), step)
    with recording(tmp_path, model, optimizer) as run:
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()

    assert measured(run, "update_ratio")[0]["Linear"] == pytest.approx(moved, rel=CLOSE, abs=0.0)
