"""What a recipe may name. `CATALOGS` is read when it is first asked for, so that the vocabulary of parts costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlbench.parts.catalogs import CATALOGS, make

__all__ = ["CATALOGS", "make"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dlbench.parts import catalogs

    return getattr(catalogs, name)
