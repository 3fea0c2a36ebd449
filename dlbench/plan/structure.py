"""What must be equal for trials to train as one tensor program: everything but seeds, inits, numbers and early stopping."""

from __future__ import annotations

import json
from typing import Any

from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Of, PerTrial, marks


def structure(settings: dict[str, Any]) -> str:
    """A key that is equal for settings whose trials can share a stack."""
    model, train = settings["model"], settings["train"]
    return json.dumps(
        {
            "data": settings["data"],
            "layers": [_part("layers", layer) for layer in model["layers"]],
            "output": _part("layers", {"kind": "dense", **model["output"]}),
            "train": {
                # Whoever stops early is held while the others of its stack train on.
                **{key: value for key, value in train.items() if key != "early_stopping"},
                "optimizer": _part("optimizers", train["optimizer"]),
                "schedule": _part("schedules", train["schedule"]),
                "regularizers": [_part("regularizers", own) for own in train["regularizers"]],
                "pretrain": _part("pretraining", train["pretrain"]) if train.get("pretrain") else None,
            },
            "evaluate": settings["evaluate"],
            "probes": settings["probes"],
        },
        sort_keys=True,
    )


def _part(catalog: str, settings: dict[str, Any]) -> dict[str, Any]:
    """A part's settings without inits, its numbers reduced to whether they are given."""
    arguments = CATALOGS[catalog][settings["kind"]].arguments
    kept: dict[str, Any] = {}
    for name, value in settings.items():
        found = marks(arguments[name].annotation) if name in arguments else []
        inner = next((mark.catalog for mark in found if isinstance(mark, Of)), None)
        if inner == "inits":
            continue
        if any(isinstance(mark, PerTrial) for mark in found):
            kept[name] = value is None
        elif inner is not None and value is not None:
            kept[name] = _parts(inner, value)
        else:
            kept[name] = value
    return kept


def _parts(catalog: str, value: Any) -> Any:
    """A part, a list of parts, or lists of them, each reduced."""
    return [_parts(catalog, item) for item in value] if isinstance(value, list) else _part(catalog, value)
