"""The laws: what is wrong with a net, as rules over its probes with the words that tell them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.measures.gradient_ratio import first_over_last
from dlbench.words.number_format import number

Severity: TypeAlias = Literal["alarm", "warning"]
Values: TypeAlias = NDArray[np.float64]
Probes: TypeAlias = dict[str, Values]
"""Measure -> its values `[probes, layers]`."""
Rule: TypeAlias = "Callable[[Probes, NDArray[np.bool_]], NDArray[np.bool_]]"
"""From probes, and which layers have weights, to where it holds, `[probes, layers]`."""

MEASURES = ("gradient_norm", "weight_norm", "update_ratio", "zero_fraction", "saturated_fraction")
"""What the rules look at."""
LOSS = "loss"
"""And beside these the loss over what blind guessing costs: ln K among K equal classes; one number for all layers of a probe."""
VANISHING = 1e-4
"""Gradient norm of the first layer over that of the last, below which the first hardly learns."""
EXPLODING = 1e4
"""The same the other way round."""
LARGE = 100.0
"""The norm of the gradient of all weights over the norm of all weights, from which on it is too large by itself, however alike
its layers are: plain gradient descent at a rate of 0.01 would move the weights by their own norm, and forget what they were. A
tiny net has a gradient of usual size and weights of hardly any, so the gradient's norm must be as large, too."""
COSTLY = 200.0
"""A loss of so many times ln K is that of logits in the hundreds. Of the shipped recipes' nets that learn, the first loss is below
half of that (three layers of 784, 100 and 100 units whose weights begin as N(0, 1): about 85 times ln 10)."""
WILD = 0.5
"""A step that moves weights by this share of their norm forgets what was learnt."""
MOST = 0.9
"""The share of a layer's outputs from which on it is called dead or saturated."""
STILL = 1e-7
"""Weights in single precision that a step moves by a smaller share of their norm hardly change at all."""
FALLEN = 0.9
"""A loss above this share of what it was at first, or is by guessing, has not fallen."""
LASTING = 3
"""Probes in a row for which it must hold, where single ones mean nothing."""


def _lost(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    lost: NDArray[np.bool_] = np.isnan(probes["gradient_norm"]) & weighted
    return lost


def _zero(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    zero: NDArray[np.bool_] = (probes["gradient_norm"] == 0) & weighted
    return zero


def _large(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return _at_the_first(_ratio(probes, weighted) > EXPLODING, weighted)


def _small(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = _ratio(probes, weighted)
    return _at_the_first((found > 0) & (found < VANISHING), weighted)


def _huge(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All layers with weights: of those that explode alike no ratio tells."""
    gradient, weights = _norm(probes["gradient_norm"], weighted), _norm(probes["weight_norm"], weighted)
    huge = (gradient > LARGE) & (weights > 0) & (gradient > LARGE * weights)
    return huge[:, np.newaxis] & weighted


def _costly(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    costly: NDArray[np.bool_] = (probes[LOSS] > COSTLY) & weighted
    return costly


def _norm(norms: Values, weighted: NDArray[np.bool_]) -> Values:
    """The norm of all layers with weights together, of norms `[..., layers]`."""
    norm: Values = np.linalg.norm(norms[..., weighted], axis=-1)
    return norm


def _ratio(probes: Probes, weighted: NDArray[np.bool_]) -> Values:
    """The gradient norm of the first layer with weights over that of the last, `[probes]`."""
    return first_over_last(probes["gradient_norm"][:, weighted])


def _at_the_first(holds: NDArray[np.bool_], weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found = np.zeros((len(holds), len(weighted)), np.bool_)
    found[:, np.argmax(weighted)] = holds
    return found


def _wild(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wild: NDArray[np.bool_] = (probes["update_ratio"] > WILD) & weighted
    return wild


def _still(probes: Probes, weighted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All layers with weights, where none of them moves."""
    still: NDArray[np.bool_] = (probes["update_ratio"] < STILL) | ~weighted
    return still.all(axis=1, keepdims=True) & weighted


def _dead(probes: Probes, _: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hidden layers of one-sided activations, which have no saturated share."""
    dead: NDArray[np.bool_] = (probes["zero_fraction"] > MOST) & np.isnan(probes["saturated_fraction"])
    dead[:, -1:] = False
    return dead


def _saturated(probes: Probes, _: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hidden layers: an output layer that is sure of its answers is a good one."""
    saturated: NDArray[np.bool_] = probes["saturated_fraction"] > MOST
    saturated[:, -1:] = False
    return saturated


@dataclass(frozen=True)
class Law:
    """A rule with its words, in short up to their colon; they may name `layers`, the `first` and the `last` with weights, and numbers.

    `gap` is the gradient norm of the first over that of the last, `percent` the largest `measure` of `layers`, `norm` that of
    the gradient of all weights, `times` this over the norm of all weights, `loss` the loss over ln K.
    """

    severity: Severity
    holds: Rule
    text: str
    measure: str
    lasting: int = 1

    def said(
        self, layers: Sequence[int], names: Sequence[str], weighted: NDArray[np.bool_], probe: Mapping[str, Values]
    ) -> str:
        """The words for the rows `layers` of one probe, whose measures are `[layers]` each."""
        norms, values = probe["gradient_norm"], probe[self.measure][list(layers)]
        first, last = np.flatnonzero(weighted)[[0, -1]].tolist()
        norm, of_weights = _norm(norms, weighted), _norm(probe["weight_norm"], weighted)
        with np.errstate(divide="ignore", invalid="ignore"):
            times = float(norm / of_weights)
        return self.text.format(
            layers=_named(names, layers),
            learn="learn" if len(layers) > 1 else "learns",
            first=names[first],
            last=names[last],
            gap=number(float(first_over_last(norms[weighted]))),
            percent=f"{100 * values.max():.0f} %",
            norm=number(float(norm)),
            times=number(times),
            loss=number(float(probe[LOSS].max())),
        )


def _named(names: Sequence[str], layers: Sequence[int]) -> str:
    """Layers in words: one, two, or from the first to the last where they are in a row."""
    if 1 < len(layers) == len(names):
        return "all layers"
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        return f"{names[layers[0]]} to {names[layers[-1]]}"
    shown = [names[layer] for layer in layers[:3]]
    more = len(layers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


STUCK = Law("alarm", _still, "stuck: no layer moves, and the loss is no better than guessing", "update_ratio", LASTING)
EXPLODING_GRADIENT = Law("alarm", _large, "exploding gradient: {first}'s is {gap} times {last}'s", "gradient_norm")
TOO_LARGE = Law(
    "alarm", _huge, "gradients too large: their norm is {norm}, {times} times that of all weights", "gradient_norm"
)
EXPLODING_LOSS = Law("alarm", _costly, "exploding loss: {loss} times what blind guessing costs", LOSS)
EXPLOSIONS = (EXPLODING_GRADIENT, TOO_LARGE, EXPLODING_LOSS)
VANISHED = Law("warning", _small, "vanishing gradient: {first}'s is {gap} of {last}'s", "gradient_norm")
LAWS = (
    Law("alarm", _lost, "NaN or infinity: the gradient of {layers} is not a number", "gradient_norm"),
    Law("alarm", _zero, "zero gradient: {layers} {learn} nothing at all", "gradient_norm"),
    *EXPLOSIONS,
    STUCK,
    VANISHED,
    Law(
        "warning",
        _wild,
        "steps too large: one moves {layers} by {percent} of its weights' norm",
        "update_ratio",
        LASTING,
    ),
    Law("warning", _dead, "dead units: {percent} of the outputs of {layers} are exactly zero", "zero_fraction"),
    Law(
        "warning",
        _saturated,
        "saturated: {percent} of the outputs of {layers} are at the ends of their range",
        "saturated_fraction",
    ),
)
"""In the order in which they are told."""
