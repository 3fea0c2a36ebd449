"""What numbers of a log are called here: common names become ours, where their values can be what ours mean; others stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dlbench.metrics.names import BATCH_LOSS, CURVES, EVALUATED, LEARNING_RATE

STEPS = ("step", "global_step", "_step", "trainer/global_step", "train/global_step", "iter", "iteration")
"""What a step is called, the first that there is."""
EPOCHS = ("epoch", "time/epoch", "train/epoch", "_epoch")
SECONDS = ("seconds", "time/seconds", "_runtime")
"""The time since the beginning, in seconds."""
EPOCH, SECONDS_FIELD = "epoch", "seconds"

RESERVED = frozenset({"v", "seq", "time", "kind", "crc", "arrays", "stack", "step", "session", "worker", "self"})
"""What events say of themselves, which no number of a log can be called."""

_SPLITS = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
           "eval": "validation", "dev": "validation", "test": "test", "testing": "test"}  # fmt: skip
_METRICS = {**{name: name for name in EVALUATED}, "acc": "accuracy"}
_FIXED = {"lr": LEARNING_RATE, "train/learning_rate": LEARNING_RATE, "loss/batch": BATCH_LOSS}
_BARE = {"loss": "train_loss", "accuracy": "train_accuracy", "acc": "train_accuracy"}
"""Of the training data where the same log has that of the validation data, as Keras writes them."""
_FIRST = re.compile(rf"({'|'.join(_SPLITS)})[/_.-]({'|'.join(_METRICS)})(?:_epoch)?", re.IGNORECASE)
_LAST = re.compile(rf"({'|'.join(_METRICS)})[/_.-]({'|'.join(_SPLITS)})", re.IGNORECASE)


def common_name(name: str) -> str | None:
    """Our name of a common one: `validation_loss` of `val/loss`, `test_accuracy` of `acc/test`; `None` of others."""
    if name in _FIXED:
        return _FIXED[name]
    if found := _FIRST.fullmatch(name):
        return f"{_SPLITS[found[1].lower()]}_{_METRICS[found[2].lower()]}"
    if found := _LAST.fullmatch(name):
        return f"{_SPLITS[found[2].lower()]}_{_METRICS[found[1].lower()]}"
    return None


def new_names(ranges: Mapping[str, tuple[float, float] | None], wanted: Mapping[str, str]) -> dict[str, str]:
    """Every name of a log with what it is called here; `ranges` are the smallest and largest finite value of each.

    `wanted` are renamings that the caller told, which come first. No two become one, and none takes a name whose values are of
    another kind: an accuracy in percent is none of ours.
    """
    told = {name: wanted.get(name, name) for name in ranges}
    has_validation = {common_name(name) for name in ranges} & {"validation_loss", "validation_accuracy"}
    taken = set(told.values())
    for name in ranges:
        if name in wanted or told[name] in CURVES:
            continue
        ours = common_name(name) or (_BARE.get(name) if has_validation else None)
        if ours is not None and ours not in taken and can_be(ours, ranges[name]):
            told[name] = ours
            taken.add(ours)
        elif name in RESERVED:
            told[name] = f"logged_{name}"
    return told


def can_be(ours: str, found: tuple[float, float] | None) -> bool:
    """Whether values from one number to another can be of the kind that one of our curves is of."""
    if ours not in CURVES or found is None:
        return True
    bounds = EVALUATED[ours.rpartition("_")[2]].quantity.bounds
    return found[0] in bounds and found[1] in bounds


def first_of(names: Iterable[str], known: Iterable[str]) -> str | None:
    """The first of the known names that is there."""
    there = set(names)
    return next((name for name in known if name in there), None)
