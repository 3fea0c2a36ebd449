"""The two ways to ask for a dataset: describe it, and load it. Imports no torch."""

from __future__ import annotations

from dlbench.parts.arguments import Settings
from dlbench.parts.datasets import labelled, numbered
from dlbench.parts.datasets.base import DATASETS, Arrays, Source
from dlbench.parts.datasets.carried import brought, own_arguments
from dlbench.parts.datasets.common import BEFORE_SPLITS, COMMON, Common, check_memory


def describe(settings: Settings, *, everything: bool = False) -> Source:
    """The source that settings such as `{"kind": "mnist", "limit": 100}` name, common arguments applied; loads no samples.

    `everything`: whether its `load` keeps the samples that a limit leaves out, as `x_all`. Raises `ValueError` where the common
    arguments ask for more than there is, `SetupError` where a file is wrong.
    """
    common = Common(**BEFORE_SPLITS | {key: value for key, value in settings.items() if key in COMMON})
    own = own_arguments(settings)
    whole = brought(settings["kind"], own) or DATASETS[settings["kind"]].make(**own)
    check_memory(whole)
    if whole.targets:
        return numbered.described(common, whole, everything=everything)
    return labelled.described(common, whole, settings.get("seed", 0), everything=everything)


def load_data(settings: Settings, *, everything: bool = False) -> Arrays:
    """The arrays that settings name, common arguments applied; raises what `describe` raises, and `SetupError` without data."""
    return describe(settings, everything=everything).load()
