"""torch, imported at its first use.

The recipe's room reads the signatures of parts to check a recipe, and must not pay the seconds that `import torch`
costs. So every part module says `from dlbench.parts.lazy import torch`: the name is the real module to a type checker,
and a stand-in at run time that imports torch when an attribute is first read. Only code inside functions may touch it.
(`importlib.util.LazyLoader` does nearly this, but puts the unloaded module into `sys.modules`, where the import wall
could no longer be tested.)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any


class LazyModule:
    """Stands for a module until one of its attributes is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


if TYPE_CHECKING:
    import torch as torch
else:
    torch = LazyModule("torch")
