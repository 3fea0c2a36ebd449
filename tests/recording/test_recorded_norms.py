"""Norms of a recorded loop, in every situation that a loop may be in, against the same by numpy in double precision."""

import math

import numpy as np
import pytest
import torch
from recorded_loops import ByHand, batch, events_of, layers_of, measured, named_leaves, perceptron, recording
from torch import nn
from torch.nn.functional import cross_entropy

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.summary import folded

CLOSE = 1e-6


def agree(found, expected):
    """Whether every layer's number is the expected one to a millionth, and missing where that is."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if value is None or math.isnan(value):
            assert found[name] is None or math.isnan(found[name])
        else:
            assert found[name] == pytest.approx(value, rel=CLOSE)


def agree_in(run, by_hand):
    """Whether every probe of a recording has the norms that were computed by hand."""
    gradients, weights, ratios = (measured(run, name) for name in ("gradient_norm", "weight_norm", "update_ratio"))
    assert len(weights) == len(by_hand.weights) > 0
    for step, expected in enumerate(by_hand.weights):
        agree(weights[step], expected)
        agree(gradients[step], by_hand.gradients[step])
        moved = by_hand.updates[step]
        agree(ratios[step], {name: None if moved[name] is None else moved[name] / expected[name] for name in expected})


def train(tmp_path, model, optimizer, loss, steps=3, **options):
    """Record a few steps of a loop and the numbers by hand; `loss` is a function of the step's number."""
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer, **options) as run:
        for step in range(steps):
            optimizer.zero_grad()
            loss(step).backward()
            by_hand.before()
            optimizer.step()
            by_hand.after()
    return run, by_hand


OPTIMIZERS = {
    "sgd": lambda own: torch.optim.SGD(own, 0.1, momentum=0.9),
    "adam": torch.optim.Adam,
    "fused": lambda own: torch.optim.AdamW(own, fused=True),
    "rmsprop": torch.optim.RMSprop,
    "groups": lambda own: torch.optim.SGD([{"params": [one], "lr": 0.01 * (k + 1)} for k, one in enumerate(own)]),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_norms_are_autograds(tmp_path, name):
    """Gradient, weight and update norms of every layer are those of the step, whatever the optimizer."""
    model, (x, y) = perceptron(), batch()

    agree_in(*train(tmp_path, model, OPTIMIZERS[name](list(model.parameters())), lambda _: cross_entropy(model(x), y)))


def test_vanishing_gradients_have_norms(tmp_path):
    """A gradient whose square is too small for single precision has its norm."""
    model, (x, y) = perceptron(), batch()
    run, by_hand = train(
        tmp_path,
        model,
        torch.optim.SGD(model.parameters(), 1e25),
        lambda _: 1e-28 * cross_entropy(model(x), y),
        steps=1,
    )

    assert 0 < by_hand.gradients[0]["0"] < 1e-28
    agree_in(run, by_hand)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float64])
def test_norms_of_other_types(tmp_path, kind):
    """Weights of half and of double precision have the norms that they have in double."""
    model, (x, y) = perceptron().to(kind), batch()

    agree_in(
        *train(tmp_path, model, torch.optim.SGD(model.parameters(), 0.5), lambda _: cross_entropy(model(x.to(kind)), y))
    )


def test_accumulated_gradients_are_measured_at_the_step(tmp_path):
    """Of several backward passes the sum counts, at the optimizer's step."""
    model, optimizer = (net := perceptron()), torch.optim.SGD(net.parameters(), 0.1)
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer) as run:
        for _ in range(2):
            for part in range(3):
                x, y = batch(part)
                (cross_entropy(model(x), y) / 3).backward()
            by_hand.before()
            optimizer.step()
            by_hand.after()
            optimizer.zero_grad()

    agree_in(run, by_hand)
    assert run.steps == 2


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
def test_gradients_are_told_before_and_after_clipping(tmp_path, clip, parts):
    """Gradients are measured as the step uses them and as the way back has left them, the sum of several; steps that clip are counted."""
    model, optimizer = (net := perceptron()), torch.optim.SGD(net.parameters(), 0.1)
    by_hand, before = ByHand(named_leaves(model)), ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer) as run:
        for bound in (1e-3, 1e3, 1e-3, 1e-4):
            for part in range(parts):
                x, y = batch(part)
                (cross_entropy(model(x), y) / parts).backward()
            before.before()
            clip(model.parameters(), bound)
            by_hand.before()
            optimizer.step()
            by_hand.after()
            optimizer.zero_grad()
            run.log(train_loss=1.0)

    agree_in(run, by_hand)
    unclipped = measured(run, "unclipped_gradient_norm")
    assert list(unclipped) == [0, 2, 3]
    for step, norms in unclipped.items():
        agree(norms, before.gradients[step])
    assert events_of(run, "metrics")[-1]["clipped_fraction"] == [0.75]


def test_nothing_is_told_of_gradients_that_nobody_clips(tmp_path):
    """Without clipping there is one norm, and after the first probes gradients are looked at once."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    run, by_hand = train(tmp_path, model, optimizer, lambda _: cross_entropy(model(x), y), steps=7)

    agree_in(run, by_hand)
    assert measured(run, "unclipped_gradient_norm") == {}
    assert all("clipped_fraction" not in event for event in events_of(run, "metrics"))


def test_frozen_layers_have_weights_alone(tmp_path):
    """A layer without gradients has the norm of its weights, and neither gradient nor update: missing, not 0."""
    model, (x, y) = perceptron(), batch()
    model[0].requires_grad_(False)
    run, by_hand = train(
        tmp_path, model, torch.optim.SGD(model.parameters(), 0.1), lambda _: cross_entropy(model(x), y)
    )

    agree_in(run, by_hand)
    assert by_hand.gradients[0]["0"] is None


def test_unused_layers_are_missing(tmp_path):
    """A layer that the loss does not depend on has no gradient, and no outputs where it was not called."""
    torch.manual_seed(0)
    model, (x, y) = nn.ModuleDict({"used": nn.Linear(6, 3), "spare": nn.Linear(6, 3)}), batch()
    run, by_hand = train(
        tmp_path, model, torch.optim.Adam(model.parameters()), lambda _: cross_entropy(model["used"](x), y)
    )

    agree_in(run, by_hand)
    assert by_hand.gradients[0]["spare"] is None
    assert measured(run, "activation_mean")[0]["spare"] is None


def test_a_missing_gradient_is_none_that_is_nan(tmp_path):
    """Diagnosis says nothing of a layer that was not used, and calls a gradient NaN that is."""
    torch.manual_seed(0)
    model, (x, y) = nn.ModuleDict({"used": nn.Linear(6, 3), "spare": nn.Linear(6, 3)}), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    run, _ = train(tmp_path / "unused", model, optimizer, lambda _: cross_entropy(model["used"](x), y))
    broken, _ = train(
        tmp_path / "nan", model, optimizer, lambda _: cross_entropy(model["used"](x), y) * math.nan, steps=1
    )

    kinds = [{one.kind for own in diagnose(folded(each.folder)).values() for one in own} for each in (run, broken)]
    assert ["diverged" in found for found in kinds] == [False, True]


def test_tied_weights_are_named_once(tmp_path):
    """A weight of two modules counts in the first, with the gradient of both."""
    torch.manual_seed(0)
    embedding, head = nn.Embedding(9, 8), nn.Linear(8, 9, bias=False)
    head.weight = embedding.weight
    model = nn.ModuleDict({"embedding": embedding, "head": head})
    tokens = torch.arange(9)

    def loss(_):
        return cross_entropy(head(embedding(tokens)), tokens)

    by_hand = ByHand({"embedding": embedding})
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        loss(0).backward()
        by_hand.before()
        optimizer.step()
        by_hand.after()

    assert layers_of(run) == ["embedding"]
    agree_in(run, by_hand)


def test_sparse_gradients_count(tmp_path):
    """An embedding with sparse gradients has the norm of those that it looked up."""
    torch.manual_seed(0)
    model, tokens = nn.Embedding(50, 4, sparse=True), torch.tensor([3, 3, 7])
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        (model(tokens) ** 2).sum().backward()
        expected = float(torch.linalg.vector_norm(model.weight.grad.to_dense().double()))
        optimizer.step()

    assert measured(run, "gradient_norm")[0] == {"Embedding": pytest.approx(expected, rel=CLOSE)}


RECURRENT = {
    "lstm": lambda: nn.LSTM(6, 5, num_layers=2, batch_first=True),
    "gru": lambda: nn.GRU(6, 5, batch_first=True),
    "attention": lambda: nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True),
    "convolution": lambda: nn.Sequential(nn.Conv1d(7, 4, 3), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Flatten()),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_norms_of_other_modules(tmp_path, name):
    """Recurrent, attention, convolution and norm layers have the norms of all their weights together."""
    torch.manual_seed(0)
    model, x = RECURRENT[name](), torch.randn(4, 7, 6)

    def loss(_):
        found = model(x)
        return ((found[0] if isinstance(found, tuple) else found) ** 2).sum()

    run, by_hand = train(tmp_path, model, torch.optim.Adam(model.parameters()), loss)
    if "" in by_hand.modules:  # the model itself is the layer
        for numbers in (*by_hand.gradients, *by_hand.weights, *by_hand.updates):
            numbers[type(model).__name__] = numbers.pop("")

    agree_in(run, by_hand)


def test_two_optimizers_make_one_step(tmp_path):
    """Of a GAN one step is one of the discriminator and one of the generator, each with its own gradient."""
    torch.manual_seed(0)
    nets = {"generator": nn.Linear(2, 4), "critic": nn.Linear(4, 1)}
    both = [torch.optim.Adam(net.parameters(), 0.01) for net in reversed(nets.values())]
    critics, makers = ByHand({"critic": nets["critic"]}), ByHand({"generator": nets["generator"]})
    with recording(tmp_path, nets, both) as run:
        for _ in range(3):
            noise, real = torch.randn(8, 2), torch.randn(8, 4)
            both[0].zero_grad()
            (nets["critic"](nets["generator"](noise).detach()).mean() - nets["critic"](real).mean()).backward()
            critics.before()
            both[0].step()
            critics.after()
            both[1].zero_grad()
            (-nets["critic"](nets["generator"](noise)).mean()).backward()
            makers.before()
            both[1].step()
            makers.after()

    assert run.steps == 3
    assert [layer.split(".")[0] for layer in layers_of(run)] == ["generator", "critic"]
    gradients = measured(run, "gradient_norm")
    for step in range(3):
        told = {name.split(".")[0]: value for name, value in gradients[step].items()}
        agree(told, critics.gradients[step] | makers.gradients[step])


def test_closures_are_measured_at_their_first_call(tmp_path):
    """LBFGS computes gradients inside of its step: those of the first call count, and the whole way of the weights."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5)
    by_hand = ByHand(named_leaves(model))
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        if not calls:
            by_hand.before()
        calls.append(loss.item())
        return loss

    with recording(tmp_path, model, optimizer) as run:
        first = optimizer.step(closure)
        by_hand.after()

    assert len(calls) > 1
    assert first.item() == calls[0]
    agree_in(run, by_hand)


def test_weights_moved_by_hand(tmp_path):
    """Without an optimizer the loop says when a step is over."""
    model, (x, y) = perceptron(), batch()
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, None) as run:
        for _ in range(3):
            model.zero_grad()
            cross_entropy(model(x), y).backward()
            by_hand.before()
            with torch.no_grad():
                for one in model.parameters():
                    one.sub_(0.1 * one.grad)
            by_hand.after()
            run.step()

    agree_in(run, by_hand)


@pytest.mark.parametrize("fused", [False, True])
def test_scaled_gradients_are_told_unscaled(tmp_path, fused):
    """With a GradScaler gradients have their own size, whoever divides them, and skipped steps are counted."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer, scaler=scaler) as run:
        for step in range(3):
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            scaler.scale(loss * (math.inf if step == 1 else 1.0)).backward()
            if step != 1:
                by_hand.before(scaler.get_scale())
            scaler.step(optimizer)
            if step != 1:
                by_hand.after()
            scaler.update()
            run.log(train_loss=loss)

    kept = [0, 2] if fused else [0, 1]
    gradients = measured(run, "gradient_norm")
    assert list(gradients) == kept
    for step, expected in zip(kept, by_hand.gradients, strict=True):
        agree(gradients[step], expected)
    assert events_of(run, "metrics")[-1]["skipped_steps"] == [1.0]
    assert "step" not in vars(scaler)


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_scaled_gradients_are_clipped(tmp_path, fused, is_told):
    """With a GradScaler, whether it is told of or not, both norms have their own size; dividing by the scale is no clipping."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    by_hand, before = ByHand(named_leaves(model)), ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer, scaler=scaler if is_told else None) as run:
        for bound in (1e-3, None, 1e3):
            optimizer.zero_grad()
            scaler.scale(cross_entropy(model(x), y)).backward()
            before.before(scaler.get_scale())
            scaler.unscale_(optimizer)
            if bound:
                nn.utils.clip_grad_norm_(model.parameters(), bound)
            by_hand.before()
            scaler.step(optimizer)
            by_hand.after()
            scaler.update()
            run.log(train_loss=1.0)

    agree_in(run, by_hand)
    unclipped = measured(run, "unclipped_gradient_norm")
    assert list(unclipped) == [0]
    agree(unclipped[0], before.gradients[0])
    assert events_of(run, "metrics")[-1]["clipped_fraction"] == [0.5]


def test_a_model_may_change_its_type_on_the_way(tmp_path):
    """What `model.to` makes of the weights is what the next step is measured by."""
    model, (x, y) = perceptron(), batch()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    by_hand = ByHand(named_leaves(model))
    with recording(tmp_path, model, optimizer) as run:
        for kind in (torch.float32, torch.float64):
            model.to(kind)
            optimizer.zero_grad()
            cross_entropy(model(x.to(kind)), y).backward()
            by_hand.before()
            optimizer.step()
            by_hand.after()

    agree_in(run, by_hand)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rate", [1e-6, 0.3])
def test_tiny_updates_are_those_of_double(tmp_path, kind, rate):
    """Weights that move by a few of their last digits, or hardly any of them, have moved as far as in double, to 1e-6."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(8, 12), nn.Linear(12, 40_000, bias=False)).to(kind), torch.randn(4, 8).to(kind)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    run, by_hand = train(tmp_path, model, optimizer, lambda _: model(x).square().mean(), steps=1)

    moved = sum(value > 0 for value in by_hand.updates[0].values())
    assert moved or kind == torch.bfloat16
    agree_in(run, by_hand)


@pytest.mark.parametrize("scale", [1.0, 1e-15, 1e-30, 1e25])
def test_large_weights_have_exact_norms(tmp_path, scale):
    """A layer with more numbers than are worked on at once has its norms, however small or large the gradients are."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(301, 331)), torch.randn(4, 301)
    optimizer = torch.optim.SGD(model.parameters(), 0.1 / scale)

    agree_in(*train(tmp_path, model, optimizer, lambda _: scale * model(x).square().mean(), steps=1))


def test_histograms_of_large_gradients_are_samples(tmp_path):
    """Of a large gradient a part is counted for all: exact shares of rows and columns of zeros, and its whole number."""
    torch.manual_seed(0)
    model = nn.Linear(512, 512)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with recording(tmp_path, model, optimizer) as run:
        model.weight.grad = torch.randn(512, 512)
        model.weight.grad[:, ::2] = 0
        model.weight.grad[:128] = 0
        optimizer.step()

    (probe,) = events_of(run, "probe")
    zeros, inside = float(probe["gradient_zeros"][0][0]), np.array(probe["gradient_histogram"][0][0])
    assert zeros + inside.sum() == pytest.approx(512 * 512, rel=1e-3)
    assert zeros / 512**2 == pytest.approx(5 / 8, abs=0.01)
    powers = np.log2(model.weight.grad[model.weight.grad != 0].abs().double().numpy())
    expected, _ = np.histogram(powers, np.arange(-65, 16, 2))
    assert inside / inside.sum() == pytest.approx(expected / expected.sum(), abs=0.01)
