"""From a draft to a candidate: every default filled in, and everything that cannot work found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dlbench.errors import DlbenchError, meant
from dlbench.parts import schedules
from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Source
from dlbench.parts.datasets.loading import describe
from dlbench.parts.outline import Block, LayerError, apart_notes, outline
from dlbench.parts.tasks import Task, task_of
from dlbench.plan.duration import batch_size, steps_per_epoch, total_steps
from dlbench.recipe import limits
from dlbench.recipe.batches import batch_problems
from dlbench.recipe.messages import few
from dlbench.recipe.parts import arguments, nested, table
from dlbench.recipe.placeholders import TrainingLength
from dlbench.recipe.pretraining import pretrain_problems
from dlbench.recipe.source_map import KeyPath
from dlbench.recipe.tasks import not_of_task
from dlbench.recipe.training import Training
from dlbench.recipe.validation import mistakes_in

DEFAULTS = ("activation", "init", "bias_init")
"""The keys of `[model]` that its layers take where they are left out."""


FILE_KEYS = ("path", "folder")
"""The arguments by which datasets name a file or folder."""

_TRAINING: TypeAdapter[Training] = TypeAdapter(table(Training))


@dataclass
class Resolved:
    """What became of a draft: its settings, what it trains on, its size, or what is wrong with it."""

    settings: dict[str, Any] | None = None
    task: Task | None = None
    notes: list[tuple[KeyPath, str]] = field(default_factory=list)
    """What can run, and is hardly meant."""
    steps: int | None = None
    """How long it trains, where that is known."""
    parameters: int = 0
    mistakes: list[tuple[KeyPath, str]] = field(default_factory=list)
    unavailable: list[tuple[KeyPath, str]] = field(default_factory=list)
    """What of its data is not there, or cannot be read."""

    @property
    def source(self) -> Source | None:
        """What it trains on."""
        return None if self.task is None else self.task.source

    @property
    def length(self) -> TrainingLength:
        """The same in steps and epochs."""
        if self.settings is None or self.source is None or self.steps is None:
            return TrainingLength(None, None)
        train = self.settings["train"]
        epochs = train["epochs"] or self.steps / steps_per_epoch(train, self.source.train)
        return TrainingLength(self.steps, epochs)

    @property
    def earliest_end(self) -> int:
        """The first step at which its training may end, 0 where that is not known, or early stopping decides."""
        is_open = self.settings is None or self.settings["train"]["early_stopping"]
        return 0 if is_open or self.steps is None else self.steps


class Resolver:
    """Resolves the drafts of one recipe; asks a dataset once for its shapes, and lays a net out once.

    `predictions`: whether they are kept where a draft leaves that open.
    """

    def __init__(self, *, predictions: bool) -> None:
        self._sources: dict[str, Source] = {}
        self._nets: dict[str, list[Block] | LayerError] = {}
        self._predictions = predictions

    def resolve(self, drafts: Sequence[dict[str, Any]]) -> list[Resolved]:
        """Check the data of all drafts and fill it in; what is too much is counted before any net is laid out."""
        found = [self._filled_in(data) for data in drafts]
        whole = [one for one in found if one.settings and not one.mistakes]
        layers = [limits.count_layers(one.settings["model"]["layers"]) for one in whole if one.settings]
        total = sum(count for count in layers if count <= limits.LAYERS)
        too_many_in_all = limits.beyond(total, limits.LAYERS_IN_ALL, "layers in all candidates together")
        for one, count in zip(whole, layers, strict=True):
            if too_many := limits.beyond(count, limits.LAYERS, "layers") or too_many_in_all:
                one.mistakes.append((("model", "layers"), too_many))
            elif one.settings:
                self._check_together(one, one.settings)
        return found

    def _filled_in(self, data: dict[str, Any]) -> Resolved:
        result = Resolved()
        result.mistakes += _one_duration(data.get("train"))
        if too_long := _endless(data.get("model")):
            result.mistakes.append((("model", "layers"), too_long))
            return result
        try:
            training = _TRAINING.validate_python(data)
        except ValidationError as error:
            result.mistakes += mistakes_in(error)
            return result
        result.settings = _settings(training, predictions=self._predictions)
        return result

    def _check_together(self, result: Resolved, settings: dict[str, Any]) -> None:
        """What no section can know alone: data and net, data and batch, sizes against limits."""
        try:
            source = self._described(settings["data"])
        except ValueError as error:
            result.mistakes.append((("data",), str(error)))
        except DlbenchError as error:
            result.unavailable.append((_data_place(settings["data"]), str(error)))
        else:
            task = result.task = task_of(source, settings)
            settings["train"]["loss"] = task.settings
            settings["model"]["output"]["units"] = task.outputs
            result.steps = total_steps(settings["train"], source.train)
            result.mistakes += [*_train_problems(settings["train"], source, result.steps), *task.mistakes(settings)]
            result.notes += task.notes(settings)
            self._check_net(result, settings, task)

    def _check_net(self, result: Resolved, settings: dict[str, Any], task: Task) -> None:
        """Lay the net out on paper."""
        source, blocks = task.source, self._laid_out(settings["model"], task)
        if isinstance(blocks, LayerError):
            place: KeyPath = ("model", *blocks.path) if blocks.path else ("model", "layers")
            result.mistakes.append((place, str(blocks) if blocks.path else f"the output layer does not fit: {blocks}"))
            return
        result.parameters = sum(block.parameters for block in blocks)
        if too_many := limits.beyond(result.parameters, limits.PARAMETERS, "parameters in one trial"):
            result.mistakes.append((("model",), too_many))
        result.mistakes += batch_problems(settings, blocks, source)
        result.notes += [(("model", "layers"), note) for note in apart_notes(blocks)]
        result.mistakes += [
            (("train", "pretrain", *path), what) for path, what in pretrain_problems(settings, blocks, source)
        ]

    def _laid_out(self, model: Settings, task: Task) -> list[Block] | LayerError:
        """The blocks of a net, or what does not fit; each net is laid out once, however many candidates train it."""
        shape, outputs = task.source.shape, task.outputs
        key = json.dumps([model, shape, outputs], sort_keys=True)
        if key not in self._nets:
            try:
                self._nets[key] = outline(model, shape, outputs)
            except LayerError as error:
                self._nets[key] = error
        return self._nets[key]

    def _described(self, settings: Settings) -> Source:
        key = json.dumps(settings, sort_keys=True)
        if key not in self._sources:
            self._sources[key] = describe(settings)
        return self._sources[key]


def _data_place(settings: Settings) -> KeyPath:
    """Where a recipe says which file its data is in, or else what its data is."""
    return ("data", next((key for key in FILE_KEYS if settings.get(key)), "kind"))


def _one_duration(train: Any) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(train, dict):
        if "steps" in train and "epochs" in train:
            yield ("train", "epochs"), "[train] takes either 'steps' or 'epochs', not both"
        if not any(meant(key, ("steps", "epochs")) for key in train):
            yield ("train",), "[train] needs 'steps' or 'epochs'"


def _endless(model: Any) -> str | None:
    """Whether a list of layers is too long even to be checked."""
    layers = model.get("layers") if isinstance(model, dict) else None
    return limits.beyond(len(layers), limits.LAYERS, "layers") if isinstance(layers, list) else None


def _settings(training: Training, *, predictions: bool) -> dict[str, Any]:
    """Plain data, the model's defaults filled into its layers."""
    model = dict(vars(training.model))
    defaults = {key: model[key] for key in DEFAULTS}
    # Its activation is not the model's: a loss wants plain sums, or what the recipe says of the output itself.
    usual = {**defaults, "activation": {"kind": "identity"}}
    output = {key: usual.get(key) if value is None else value for key, value in vars(training.model.output).items()}
    if output["layer"]:
        del output["layer"]  # as runs have it that are older than the key: a trial's id comes of its settings
    return {
        "data": training.data,
        "model": {**model, "layers": _filled(training.model.layers, defaults), "output": output},
        "train": asdict(training.train),
        "evaluate": _evaluate(training, predictions=predictions),
        "probes": dict(vars(training.probes)),
    }


def _evaluate(training: Training, *, predictions: bool) -> dict[str, Any]:
    asked = training.evaluate.predictions
    return {**vars(training.evaluate), "predictions": predictions if asked == "auto" else asked}


def _filled(layers: list[Any], defaults: dict[str, Settings]) -> list[Any]:
    """The layers (or branches of layers) with the model's defaults where an argument's own default is `None`."""
    return [_filled(layer, defaults) if isinstance(layer, list) else _fill(layer, defaults) for layer in layers]


def _fill(layer: Settings, defaults: dict[str, Settings]) -> Settings:
    known = arguments("layers", layer["kind"])
    missing = {key: defaults[key] for key in known.keys() & defaults.keys() if layer[key] is None}
    inner = {key: _filled(held, defaults) for key, held in nested("layers", layer, "layers").items()}
    return {**layer, **missing, **inner}


def _train_problems(train: dict[str, Any], source: Source, steps: int) -> Iterator[tuple[KeyPath, str]]:
    if (batch := batch_size(train, source.train)) > source.train:
        yield ("train", "batch_size"), f"a batch of {batch:,} is more than the {source.train:,} samples to train on"
    if too_many := limits.beyond(steps, limits.STEPS, "steps"):
        yield ("train", "steps" if train["steps"] else "epochs"), too_many
    weights = train["class_weights"]
    if isinstance(weights, list) and source.classes and len(weights) != source.classes:
        what = f"has {len(weights)} numbers, but the data has {source.classes} classes: {few(source.names)}"
        yield ("train", "class_weights"), what
    if train["early_stopping"] and not source.validation:
        yield ("train", "early_stopping"), "needs data.validation, the number of samples to split off"
    elif train["early_stopping"] and (wrong := not_of_task(train["early_stopping"]["metric"], [source.task])):
        yield ("train", "early_stopping", "metric"), wrong
    if followed := schedules.adaptive(train["schedule"]):
        if followed.metric.startswith("validation") and not source.validation:
            what = f"follows {followed.metric}, which needs data.validation, the number of samples to split off"
            yield ("train", "schedule"), f'{what}; or follow another metric, such as metric = "train_loss"'
        elif wrong := not_of_task(followed.metric, [source.task]):
            yield ("train", "schedule", "metric"), wrong
