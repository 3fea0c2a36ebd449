"""The text of `net.py`: a class with the layers, what is done to inputs and outputs, and how a file of weights is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from dlbench import __version__
from dlbench.parts.tasks import Task
from dlbench.weights.kept import KeptTrial
from dlbench.weights.torch_net import TorchNet, torch_net
from dlbench.words.printable import one_line

INPUTS = ("fill", "mean", "std")
TARGETS = ("target_shift", "target_unit")


def net_file(one: KeptTrial, about: str, example: str, module: str = "net") -> str:
    """The text of `module` for the nets of a candidate; `about` says whose, `example` is a file of weights beside it."""
    net, task, data = torch_net(one.blocks), one.task, one.kept.data
    shape = task.source.shape
    parts = [
        _head(one, about, example, module, net),
        _imports(net),
        "\n".join(_constants(task)),
        *(source.strip("\n") for source in net.classes),
        "\n".join(_class(net, task, data, shape)),
        LOAD.strip("\n"),
    ]
    first, second, *rest = parts
    return "\n\n".join([first, second, *filter(None, rest[:1])]) + "\n\n\n" + "\n\n\n".join(rest[1:]) + "\n"


def _head(one: KeptTrial, about: str, example: str, module: str, net: TorchNet) -> str:
    """What the file is, and how it is used."""
    task, shape = one.task, one.task.source.shape
    said = "numbers" if task.source.targets else "probabilities" if task.link != "identity" else "outputs"
    width = len(task.source.targets) or (2 if task.outputs == 1 and task.link == "sigmoid" else task.outputs)
    size = ", ".join(map(str, ("samples", *shape)))
    raw = ", as they are in the data: net.normalize prepares them" if _is_prepared(one.kept.data) else ""
    return f'''"""{_in_docstring(about)}: plain torch.nn code, written by dlbench {__version__}.

{_needs(net)}:

    import torch
    from {module} import load

    net = load("{_in_docstring(example)}")
    x = torch.rand({", ".join(map(str, (5, *shape)))})  # [{size}]{raw}
    net.predict(x)  # [samples, {width}]: {said}
"""'''


def _needs(net: TorchNet) -> str:
    """What must be there beside the file."""
    if not net.imports:
        return "It needs torch and safetensors, and nothing of dlbench"
    files = [Path(one.file).name for one in net.imports if one.file]
    beside = f"; {', '.join(files)} must lie where Python finds it, as beside this file" if files else ""
    names = ", ".join(one.name for one in net.imports)
    return f"It needs torch, safetensors and dlbench, and builds modules of {_in_docstring(names + beside)}"


def _in_docstring(text: str) -> str:
    """A name from outside, which cannot end the docstring or escape anything in it."""
    return one_line(text).replace("\\", "\\\\").replace('"', "'")


def _is_prepared(data: Any) -> bool:
    return any(name in data for name in INPUTS)


def _imports(net: TorchNet) -> str:
    code = "\n".join([*net.made, *net.done, *net.classes])
    lines = ["import torch"]
    if "F." in code:
        lines.append("import torch.nn.functional as F")
    lines += ["from safetensors.torch import load_file", "from torch import Tensor, nn"]
    if net.imports:
        lines += ["", *(f"import {one.name}" for one in sorted(net.imports, key=lambda one: one.name))]
    if "Callable" in code:
        lines = ["from collections.abc import Callable", "", *lines]
    return "\n".join(lines)


def _constants(task: Task) -> Iterator[str]:
    """Names of what goes in and what comes out."""
    source = task.source
    if source.feature_names:
        yield from _listed(
            "FEATURES", source.feature_names, "The columns of x; `column=value` is 1 where the column has the value."
        )
    if source.targets:
        yield from _listed("TARGETS", source.targets, "What the numbers are called that the net says.")
    else:
        yield from _listed("CLASSES", source.names, "The classes in the order of their probabilities.")


def _listed(name: str, values: Sequence[str], what: str) -> Iterator[str]:
    quoted = [json.dumps(value, ensure_ascii=False) for value in values]
    text = ", ".join(quoted)
    if len(text) < 100:
        yield f"{name} = [{text}]"
    else:
        yield from [f"{name} = [", *(f"    {value}," for value in quoted), "]"]
    yield f'"""{what}"""'


def _class(net: TorchNet, task: Task, data: Any, shape: Sequence[int]) -> Iterator[str]:
    yield "class Net(nn.Module):"
    yield f'    """{_promise(task, shape)}"""'
    yield ""
    yield "    def __init__(self) -> None:"
    yield "        super().__init__()"
    yield from (f"        {line}" for line in [*net.made, *_buffers(data)])
    yield ""
    yield "    def forward(self, x: Tensor) -> Tensor:"
    yield f'        """{_returns(task)} of inputs as training saw them: `normalize` makes them so."""'
    yield from (f"        {line}" for line in net.done)
    yield "        return x"
    yield ""
    yield indent("\n".join(_normalize(data)), "    ")
    yield ""
    yield indent("\n".join(_predict(task, data)), "    ")


def _promise(task: Task, shape: Sequence[int]) -> str:
    size = ", ".join(map(str, ("samples", *shape)))
    outputs = f"[samples, {task.outputs}]"
    return f"From samples `[{size}]` to {_returns(task).lower()} `{outputs}`."


def _returns(task: Task) -> str:
    if task.source.targets:
        return "Numbers"
    return "Logits" if task.link != "identity" else "Outputs"


def _buffers(data: Any) -> Iterator[str]:
    """What was taken from the training samples, kept with the weights, in the precision that it was used in."""
    for name in (*INPUTS, *TARGETS):
        if name in data:
            array = data[name]
            yield f'self.register_buffer("{buffer_name(name)}", torch.zeros({array.shape}, dtype=torch.{array.dtype}))'


def buffer_name(name: str) -> str:
    """What an array of the data's preparation is called in the net."""
    return name if name in TARGETS else f"input_{name}"


def _normalize(data: Any) -> Iterator[str]:
    """What is done to every input."""
    yield "def normalize(self, x: Tensor) -> Tensor:"
    if not _is_prepared(data):
        yield '    """The inputs as they are: this net was trained on numbers that nothing was done to."""'
        yield "    return x"
        return
    steps = {
        "fill": "missing numbers (nan) filled in",
        "mean": "the training samples' mean subtracted",
        "std": "divided by their standard deviation",
    }
    yield f'    """The inputs as the net was trained on them: {", ".join(steps[name] for name in INPUTS if name in data)}."""'
    precise = next(data[name].dtype for name in reversed(INPUTS) if name in data)
    yield f"    x = x.to(torch.{precise})"
    if "fill" in data:
        yield "    x = torch.where(x.isnan(), self.input_fill, x)"
    if "mean" in data:
        yield "    x = x - self.input_mean"
    if "std" in data:
        yield "    x = x / self.input_std"
    yield "    return x.float()"


def _predict(task: Task, data: Any) -> Iterator[str]:
    """What is said of inputs as they are in the data."""
    outputs = "self(self.normalize(x))"
    yield "@torch.no_grad()"
    yield "def predict(self, x: Tensor) -> Tensor:"
    if task.source.targets:
        yield '    """The numbers in their own units, a column a target, for inputs as they are in the data."""'
        scaled = "target_unit" in data and "target_shift" in data
        yield f"    return {f'{outputs} * self.target_unit + self.target_shift' if scaled else outputs}"
    elif task.link == "softmax":
        yield '    """The probability of each class, for inputs as they are in the data; those of a sample sum to 1."""'
        yield f"    return torch.softmax({outputs}, dim=1)"
    elif task.link == "sigmoid" and task.outputs == 1:
        yield '    """The probability of each of the two classes, for inputs as they are in the data.'
        yield ""
        yield "    The net has one logistic unit: its logit z stands for the second class, p = 1 / (1 + exp(-z)), and 1 - p is"
        yield "    left for the first. (Two softmax units would say the same by the difference of their logits.)"
        yield '    """'
        yield f"    p = torch.sigmoid({outputs})"
        yield "    return torch.cat([1 - p, p], dim=1)"
    elif task.link == "sigmoid":
        yield '    """The probability of each class by itself, for inputs as they are in the data: they need not sum to 1."""'
        yield f"    return torch.sigmoid({outputs})"
    else:
        where = "above 0.5 the second class" if task.outputs == 1 else "the largest is the class"
        yield f'    """The outputs for inputs as they are in the data: its loss makes no probabilities of them; {where}."""'
        yield f"    return {outputs}"


LOAD = '''
def load(path: str) -> Net:
    """The net with the weights of a file, ready to predict; on a device without float64: `load(path).float().to(device)`."""
    net = Net()
    net.load_state_dict(load_file(path))
    return net.eval()
'''
