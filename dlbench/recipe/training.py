"""The sections that make a training: what stands in each, with which default. Frozen dataclasses in the vocabulary of parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Annotated, ClassVar

from annotated_types import Ge

from dlbench.parts.arguments import Activation, Init, Layers, Settings
from dlbench.recipe.vocabulary import (
    BatchSize,
    ClassWeights,
    Count,
    Dataset,
    Every,
    Held,
    Loss,
    Optimizer,
    Precision,
    Predictions,
    Pretrain,
    Regularizers,
    Schedule,
)


def _kind(name: str) -> Callable[[], Settings]:
    return lambda: {"kind": name}


@dataclass(frozen=True)
class Output:
    """The output layer: as many units as what is learned needs, and plain sums, unless told otherwise.

    init: how its weights start; the model's unless given: `init = "zeros"`.
    bias_init: how its bias starts; the model's unless given: `bias_init = "zeros"`.
    bias: whether a bias is added: `bias = false`.
    units: how many units; unless given one for two classes, else one a class, and one a number to be learned: `units = 3`.
    activation: what is applied before the loss, which has its own: an error worth seeing: `activation = "sigmoid"`.
    layer: whether there is one; without it the last of the layers must put out as many numbers itself: `layer = false`.
    """

    WRITTEN: ClassVar[str] = "[model.output]"

    init: Init | None = None
    bias_init: Init | None = None
    bias: bool = True
    units: Count | None = None
    activation: Activation | None = None
    layer: bool = True


@dataclass(frozen=True)
class Model:
    """The net: defaults for every layer, and the layers from the input to the last hidden one.

    layers: the layers in their order; the output layer is added: `layers = [{ kind = "dense", units = 64, repeat = 2 }]`.
    activation: what layers apply that name none: `activation = { kind = "leaky_relu", slope = 0.1 }`.
    init: how weights start: `init = { kind = "xavier", fan = "in" }`.
    bias_init: how biases start: `bias_init = "torch_default"`.
    output: the output layer, where it shall not be the usual one: `output = { init = "zeros" }`.
    """

    WRITTEN: ClassVar[str] = "[model]"

    layers: Layers
    activation: Activation = field(default_factory=_kind("relu"))
    init: Init = field(default_factory=_kind("torch_default"))
    bias_init: Init = field(default_factory=_kind("zeros"))
    output: Output = field(default_factory=Output)


@dataclass(frozen=True)
class EarlyStopping:
    """When a trial stops before its last step: after `patience` evaluations in a row that are not better.

    The trial ends with the weights of its best evaluation. It needs `[data] validation`.

    metric: what is watched, a metric of the validation set: `metric = "validation_accuracy"`.
    patience: so many evaluations in a row that are no better end the trial: `patience = 10`.
    min_delta: better means by more than this: `min_delta = 0.001`.
    """

    WRITTEN: ClassVar[str] = "[train.early_stopping]"

    metric: Held = "validation_loss"
    patience: Count = 5
    min_delta: Annotated[float, Ge(0)] = 0.0


@dataclass(frozen=True)
class Train:
    """How the net learns; exactly one of `steps` and `epochs` is given.

    loss: what is minimized; unless given cross_entropy of classes, mse of numbers: `loss = { kind = "huber", delta = 0.5 }`.
    optimizer: how a gradient changes the weights: `optimizer = { kind = "adam", lr = 0.01 }`.
    schedule: how the learning rate changes on the way: `schedule = "cosine"`.
    regularizers: what keeps weights or gradients small, in this order: `regularizers = [{ kind = "l2", strength = 0.001 }]`.
    batch_size: how many samples a step takes, or all: `batch_size = 100`.
    drop_last: leaves out the last batch of an epoch where it is smaller than the others: `drop_last = true`.
    class_weights: weigh a sample by its class in what is learned, and so in batch_loss, as torch.nn.CrossEntropyLoss does;
        "balanced" is n / (classes * count) of the training samples. Evaluations stay unweighted: `class_weights = [1.0, 5.0]`.
    steps: how long to train, in steps: `steps = 10_000`.
    epochs: how long to train, in passes over the training samples: `epochs = 15`.
    early_stopping: when a trial stops before its end: `early_stopping = { patience = 10 }`.
    pretrain: how hidden layers learn without labels before step 0: `pretrain = { kind = "rbm", epochs = 5 }`.
    precision: what products compute with: "bfloat16" by torch.autocast, weights, losses and probes staying float32; "tf32" rounds
        what NVIDIA's GPUs multiply, and is float32 elsewhere. What `predict` and exports compute is float32:
        `precision = "bfloat16"`.
    """

    WRITTEN: ClassVar[str] = "[train]"

    loss: Loss | None = None
    optimizer: Optimizer = field(default_factory=_kind("sgd"))
    schedule: Schedule = field(default_factory=_kind("constant"))
    regularizers: Regularizers = field(default_factory=list)
    batch_size: BatchSize = "full"
    drop_last: bool = False
    class_weights: ClassWeights | None = None
    steps: Count | None = None
    epochs: Count | None = None
    early_stopping: EarlyStopping | None = None
    pretrain: Pretrain | None = None
    precision: Precision = "float32"


@dataclass(frozen=True)
class Evaluate:
    """How often the metrics are taken, and on what.

    every: after so many steps; "auto" is an epoch where `epochs` are given, else a hundredth of the steps: `every = "epoch"`.
    train_samples: on so many training samples at most, drawn in proportion to the classes: `train_samples = 1_000`.
    predictions: whether what each trial says of the test data in the end is kept on disk, four bytes an output and sample;
        "auto" does where the recipe has an `[ensemble]`: `predictions = true`.
    weights: whether the weights that each trial ends with are kept on disk, four bytes a number, for `dlbench predict` and
        `dlbench export --format safetensors`; `dlbench run --save-weights` says the same: `weights = true`.
    """

    WRITTEN: ClassVar[str] = "[evaluate]"

    every: Every = "auto"
    train_samples: Count = 10_000
    predictions: Predictions = "auto"
    weights: bool = False


@dataclass(frozen=True)
class Probes:
    """How often the layers are measured: gradients, weights, activations.

    points: at how many steps of the training, evenly spread; 0 is never: `points = 500`.
    histograms: whether with histograms of gradients: `histograms = false`.
    profile: whether to say at the end of each stack where the time of its training went; `dlbench run --profile` says the same:
        `profile = true`.
    """

    WRITTEN: ClassVar[str] = "[probes]"

    points: Annotated[int, Ge(0)] = 200
    histograms: bool = True
    profile: bool = False


@dataclass(frozen=True)
class Training:
    """Everything that a trial depends on but its seed: the sections that a variant may change.

    data: what is learned from: a dataset by its `kind`, with its arguments.
    model: the net.
    train: how it learns, and for how long.
    evaluate: how often the metrics are taken.
    probes: how often the layers are measured.
    """

    WRITTEN: ClassVar[str] = "the recipe"

    data: Dataset
    model: Model
    train: Train
    evaluate: Evaluate = field(default_factory=Evaluate)
    probes: Probes = field(default_factory=Probes)


TRAINING = tuple(entry.name for entry in fields(Training))
"""The sections that a variant may change."""
