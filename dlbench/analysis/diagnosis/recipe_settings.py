"""The settings of a candidate as rules and remedies ask for them; nothing is known of a loop that was recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

WEIGHTED = ("dense", "conv", "maxout")
"""Layers behind which another one may be put."""
HEAVY = 0.95
"""A momentum above which a step is the sum of more than twenty gradients."""
NORMS = {"batch_norm", "layer_norm"}
BY_FANS = {"he", "xavier", "lecun", "orthogonal", "lsuv", "torch_default"}
"""Inits that keep a signal about as large as it is, by the fans of each layer."""

Patch: TypeAlias = dict[str, Any]
"""Dotted keys of a recipe and their values, as `--set` takes them."""


class RecipeSettings:
    """A resolved recipe (`Candidate.settings`), and patches of it that change one thing each."""

    def __init__(self, settings: Mapping[str, Any], evidence: Mapping[str, float] | None = None) -> None:
        """`evidence` are the numbers of a finding, by which rates are mended."""
        self.settings, self._evidence = settings, evidence or {}

    @property
    def is_known(self) -> bool:
        """Whether a recipe was trained; what was recorded has no settings that a patch could change."""
        return {"data", "model", "train"} <= self.settings.keys()

    def section(self, name: str) -> Mapping[str, Any]:
        """`data`, `model` or `train`; empty where nothing is known."""
        found = self.settings.get(name)
        return found if isinstance(found, Mapping) else {}

    @property
    def rate(self) -> float | None:
        """The learning rate of the optimizer."""
        value = self.section("train").get("optimizer", {}).get("lr")
        return float(value) if isinstance(value, int | float) else None

    @property
    def pace(self) -> float | None:
        """How far a step moves the weights, as a share of their norm, where the finding tells that."""
        told = self._evidence.get("update_ratio", 0.0)
        return told if 0 < told < math.inf else None

    def tells(self, name: str) -> float:
        """A number of the finding's evidence; 0 where it has none of that name."""
        return self._evidence.get(name, 0.0)

    def knows(self, name: str) -> bool:
        """Whether the finding's evidence has a number of that name, were it 0."""
        return name in self._evidence

    @property
    def has_heavy_momentum(self) -> bool:
        """Whether a step sums up more than twenty gradients."""
        value = self.section("train").get("optimizer", {}).get("momentum")
        return isinstance(value, int | float) and value > HEAVY

    @property
    def begins_well(self) -> bool:
        """Whether the weights of all hidden layers are drawn by their fans."""
        return self.inits() <= BY_FANS

    @property
    def begins_unbiased(self) -> bool:
        """Whether the biases of all hidden layers begin at 0, or are drawn."""
        found = (layer.get("bias_init") for _, layer in self.layers)
        return {kind_of(one) for one in found if one is not None} <= {"zeros", "torch_default"}

    @property
    def recurs_well(self) -> bool:
        """Whether what recurrent layers multiply their state by begins as a matrix that keeps its length."""
        found = (layer["recurrent_init"] for _, layer in self.layers if layer.get("recurrent_init"))
        return all(one.get("kind") in {"orthogonal", "identity"} and one.get("gain", 1.0) == 1.0 for one in found)

    def inits(self) -> set[str]:
        """The kinds of inits of its hidden layers."""
        found = (layer.get("init") for _, layer in self.layers)
        return {str(one.get("kind")) for one in found if isinstance(one, Mapping)}

    @property
    def layers(self) -> list[tuple[str, Mapping[str, Any]]]:
        """All hidden layers with their dotted keys, those inside of others too."""
        return list(_walk(self.section("model").get("layers", ()), "model.layers"))

    def kinds(self) -> set[str]:
        """The kinds of its layers."""
        return {str(layer.get("kind")) for _, layer in self.layers}

    def regularizers(self, *kinds: str) -> list[Mapping[str, Any]]:
        """Its regularizers of some kinds."""
        return [one for one in self.section("train").get("regularizers", ()) if one.get("kind") in kinds]

    def activations(self) -> set[str]:
        """The kinds of activations of its hidden layers."""
        found = (layer.get("activation") for _, layer in self.layers)
        return {str(one.get("kind")) for one in found if isinstance(one, Mapping)}

    def everywhere(self, key: str, value: Any) -> Patch:
        """The patch that gives every layer this `activation`, `init` or `bias_init`.

        The model's default reaches all layers that have it; those with one of their own are named.
        """
        default = self.section("model").get(key)
        patch = {f"model.{key}": value}
        patch |= {f"{at}.{key}": value for at, layer in self.layers if key in layer and layer[key] != default}
        output = self.section("model").get("output", {})
        if key != "activation" and key in output and output[key] != default:
            patch[f"model.output.{key}"] = value
        return patch

    def longer(self, factor: int) -> Patch:
        """The patch that trains so many times as long."""
        train = self.section("train")
        key = "epochs" if train.get("epochs") else "steps"
        return {f"train.{key}": factor * train[key]} if train.get(key) else {}

    def normalized(self, kind: str) -> Patch:
        """The patch that puts a layer of this kind between each product and its activation; empty where the net has them.

        Behind the activation it would not keep units from their ends. Other norms give way to it.
        """
        others = {at: {"kind": kind} for at, layer in self.layers if layer.get("kind") in NORMS - {kind}}
        return {} if kind in self.kinds() else others or self.inserted({"kind": kind}, before_activation=True)

    def inserted(self, added: Mapping[str, Any], *, before_activation: bool = False) -> Patch:
        """The patch that puts a layer behind each layer with weights, or between it and its activation; within others too."""
        patch: Patch = {}
        for at, layer in self.layers:
            if layer.get("kind") not in WEIGHTED:
                continue
            behind: list[Mapping[str, Any]] = [dict(added)]
            is_bent = before_activation and kind_of(layer.get("activation")) not in {"identity", "None"}
            if is_bent:
                behind.append({"kind": "activation", "activation": layer["activation"]})
            if layer.get("repeat", 1) == 1:
                place = at.rpartition(".")
                patch.setdefault(f"{place[0]}.insert", []).extend({"after": int(place[2]), **one} for one in behind)
                patch |= {f"{at}.activation": "identity"} if is_bent else {}
            else:
                own = {name: value for name, value in layer.items() if name != "repeat"}
                own |= {"activation": {"kind": "identity"}} if is_bent else {}
                patch[at] = {"kind": "sequential", "repeat": layer["repeat"], "layers": [own, *behind]}
        return patch

    def with_hidden_layer(self, units: int) -> Patch:
        """The patch that puts a dense layer of ReLUs before the output; empty where the signal is no row of features there."""
        layers = self.section("model").get("layers", ())
        is_row = len(layers) == 0 or layers[-1].get("kind") in {
            "flatten",
            "dense",
            "batch_norm",
            "layer_norm",
            "dropout",
        }
        added = {"at": len(layers), "kind": "dense", "units": units, "activation": "relu", "init": "he"}
        return {"model.layers.insert": [added]} if is_row else {}

    def with_blocks_of_zero(self) -> Patch:
        """The patch that starts the last product of each residual block from 0, where no activation follows it inside."""
        patch: Patch = {}
        for at, layer in self.layers:
            inner = layer.get("layers") or [{}]
            last = inner[-1]
            is_plain = (
                last.get("activation", {}).get("kind") == "identity" and last.get("init", {}).get("kind") != "zeros"
            )
            if layer.get("kind") == "residual" and is_plain:
                patch[f"{at}.layers.{len(inner) - 1}.init"] = "zeros"
        return patch

    def resized(self, factor: float, least: int) -> Patch:
        """The patch that gives hidden layers so many times their units, `least` at least, where that changes them."""
        patch: Patch = {}
        for at, layer in self.layers:
            for key in ("units", "channels"):
                if isinstance(layer.get(key), int) and (new := max(int(factor * layer[key]), least)) != layer[key]:
                    patch[f"{at}.{key}"] = new
        return patch

    def weaker(self, factor: float) -> Patch:
        """The patch that makes penalties, weight decay and dropout weaker, bounds wider."""
        patch: Patch = {}
        train = self.section("train")
        for place, one in enumerate(train.get("regularizers", ())):
            if "strength" in one:
                patch[f"train.regularizers.{place}.strength"] = factor * one["strength"]
            elif one.get("kind") == "max_norm":
                patch[f"train.regularizers.{place}.norm"] = one["norm"] / factor
        if train.get("optimizer", {}).get("weight_decay"):
            patch["train.optimizer.weight_decay"] = factor * train["optimizer"]["weight_decay"]
        return patch | {f"{at}.rate": 0.1 for at, one in self.layers if one.get("kind") == "dropout"}

    def stronger(self, kind: str, factor: float) -> Patch:
        """The patch that makes penalties of one kind stronger."""
        own = enumerate(self.section("train").get("regularizers", ()))
        return {f"train.regularizers.{at}.strength": factor * one["strength"] for at, one in own if one["kind"] == kind}

    def regularized(self, added: Mapping[str, Any]) -> Patch:
        """The patch that adds one regularizer to those that there are."""
        return {"train.regularizers": [*self.section("train").get("regularizers", ()), dict(added)]}

    def without(self, *kinds: str) -> Patch:
        """The patch that leaves regularizers of some kinds out; empty where there are none."""
        if not self.regularizers(*kinds):
            return {}
        left = [one for one in self.section("train")["regularizers"] if one.get("kind") not in kinds]
        return {"train.regularizers": left}


def writable(value: Any) -> Any:
    """A value of settings as a recipe writes it: what is `None` there was left out, since TOML has no such value."""
    if isinstance(value, Mapping):
        return {key: writable(own) for key, own in value.items() if own is not None}
    return [writable(own) for own in value] if isinstance(value, list) else value


def _walk(layers: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Layers in their order, each before those inside of it."""
    for place, layer in enumerate(layers):
        own = f"{at}.{place}"
        yield own, layer
        if isinstance(layer.get("layers"), list):
            yield from _walk(layer["layers"], f"{own}.layers")
        for number, branch in enumerate(layer.get("branches", ())):
            yield from _walk(branch, f"{own}.branches.{number}")


def kind_of(part: object) -> str:
    """The kind of an activation, an init or a loss, whether it is written as a table or as its name."""
    return str(part.get("kind")) if isinstance(part, Mapping) else "identity" if part is None else str(part)
