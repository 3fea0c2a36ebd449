"""Recorded loops for tests: what was written of them, and the same numbers computed by hand."""

import numpy as np
import torch
from torch import nn

import dlbench
from dlbench.run.events import EventReader


def recording(tmp_path, model, optimizer, **options):
    """A recording that probes every step, for `with`."""
    told = {"name": "loop", "variant": "one", "seed": 0, "out": tmp_path, "budget": 1.0} | options
    return dlbench.record(model, optimizer, **told)


def events_of(run, kind=None):
    """The events of a recording, all or those of one kind."""
    return [event for event in EventReader(run.folder).poll() if kind in {None, event["kind"]}]


def layers_of(run):
    """The names of a recording's layers."""
    (stack,) = events_of(run, "stack")
    return [layer["name"] for layer in stack["layers"]]


def measured(run, name):
    """One measure of all probes, `{step: {layer: number or None}}`."""
    names = layers_of(run)
    return {
        probe["step"]: dict(zip(names, np.asarray(probe[name], object)[0].tolist(), strict=True))
        for probe in events_of(run, "probe")
        if name in probe
    }


def weights_of(module):
    """The parameters of a module itself that are no biases."""
    return [one for key, one in module.named_parameters(recurse=False) if "bias" not in key]


def norm(tensors):
    """The length of several tensors together, by numpy in double precision; None where there are none."""
    numbers = [one.detach().to(torch.float64).numpy().ravel() for one in tensors if one is not None]
    return float(np.sqrt(sum((one**2).sum() for one in numbers))) if numbers else None


class ByHand:
    """What the layers of a model are around a step, computed beside the recording."""

    def __init__(self, modules):
        self.modules = modules
        self.gradients, self.weights, self.updates = [], [], []

    def before(self, scale=1.0):
        """Between the way back and the step."""
        self.gradients.append(
            {
                name: norm([None if one.grad is None else one.grad / scale for one in weights_of(module)])
                for name, module in self.modules.items()
            }
        )
        self.weights.append({name: norm(weights_of(module)) for name, module in self.modules.items()})
        self._old = {name: [one.detach().clone() for one in weights_of(m)] for name, m in self.modules.items()}

    def after(self):
        """After the step."""
        self.updates.append(
            {
                name: norm(
                    [
                        new.detach().double() - old.double()
                        for new, old in zip(weights_of(module), self._old[name], strict=True)
                        if new.grad is not None
                    ]
                )
                for name, module in self.modules.items()
            }
        )


def named_leaves(model):
    """The modules of a model that have weights of their own, by their names."""
    return {
        name: module for name, module in model.named_modules() if any(True for _ in module.parameters(recurse=False))
    }


def perceptron(seed=0, hidden=nn.ReLU):
    """A small net with three layers."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 16), hidden(), nn.Linear(16, 16), hidden(), nn.Linear(16, 3))


def batch(seed=1, samples=32, features=6, classes=3):
    """Random inputs and labels."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(samples, features, generator=generator), torch.randint(classes, (samples,), generator=generator)
