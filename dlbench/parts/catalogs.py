"""The one list of catalogues; importing it imports no torch."""

from __future__ import annotations

from typing import Any

from dlbench.catalog import Catalog
from dlbench.parts.activations import ACTIVATIONS
from dlbench.parts.arguments import given
from dlbench.parts.datasets import DATASETS
from dlbench.parts.inits import INITS
from dlbench.parts.layers import LAYERS
from dlbench.parts.losses import LOSSES
from dlbench.parts.modules import MODULES
from dlbench.parts.optimizers import OPTIMIZERS
from dlbench.parts.pretraining import PRETRAINING
from dlbench.parts.regularizers import REGULARIZERS
from dlbench.parts.schedules import SCHEDULES
from dlbench.parts.tasks import TASKS

CATALOGS: dict[str, Catalog[Any]] = {
    catalog.name: catalog
    for catalog in (
        LAYERS,
        MODULES,
        ACTIVATIONS,
        INITS,
        LOSSES,
        OPTIMIZERS,
        SCHEDULES,
        REGULARIZERS,
        DATASETS,
        TASKS,
        PRETRAINING,
    )
}
"""Every catalogue by its name."""


def make(catalog: str, settings: dict[str, Any]) -> Any:
    """Build a class part from its settings: `make("layers", {"kind": "dense", "units": 5})`."""
    return CATALOGS[catalog][settings["kind"]].make(**given(settings))
