"""Catalogues: the parts a recipe may name, found by name, described by their own signatures. Imports no torch."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Part(Generic[F]):
    """One entry of a catalogue: its name, the function or class behind it, and fixed facts about it (`traits`)."""

    name: str
    make: F
    traits: Mapping[str, Any]

    @cached_property
    def arguments(self) -> Mapping[str, inspect.Parameter]:
        """The arguments a recipe may give: the keyword-only ones, with evaluated annotations (`Annotated` kept)."""
        function: Any = self.make.__init__ if inspect.isclass(self.make) else self.make
        own = [one for one in inspect.signature(function).parameters.values() if one.kind is one.KEYWORD_ONLY]
        if dataclasses.is_dataclass(self.make):
            # Its fields may be those of a base in another module, where their annotations have their meaning.
            hints = get_type_hints(self.make, include_extras=True)
            return {one.name: one.replace(annotation=hints[one.name]) for one in own}
        return {one.name: one.replace(annotation=_evaluated(one.annotation, function.__globals__)) for one in own}

    @cached_property
    def is_whole(self) -> bool:
        """Whether what a recipe gives is all that a class is built of; other classes are handed runtime objects too."""
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        own = inspect.signature(self.make).parameters.values()
        return inspect.isclass(self.make) and not any(one.kind in positional for one in own)

    @property
    def doc(self) -> str:
        """The whole docstring, dedented."""
        return inspect.getdoc(self.make) or ""

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]


class Catalog(Generic[F]):
    """The parts of one kind, in the order of their registration; a part is added by decorating it with `add`."""

    def __init__(self, name: str, *, title: str) -> None:
        """`name` is the plural that recipes' documentation uses ("activations"); `title` says in words what they are."""
        self.name = name
        self.title = title
        self._parts: dict[str, Part[F]] = {}

    def add(self, *, name: str | None = None, **traits: Any) -> Callable[[F], F]:
        """Register the decorated function or class under its own name in snake case (or `name`)."""

        def register(make: F) -> F:
            key = name or snake_case(make.__name__)
            if key in self._parts:
                raise ValueError(f"{self.name}: {key!r} is registered twice")
            self._parts[key] = Part(key, make, traits)
            return make

        return register

    def __getitem__(self, name: str) -> Part[F]:
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[Part[F]]:
        return iter(self._parts.values())

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def names(self) -> list[str]:
        """The names of all parts."""
        return list(self._parts)


def _evaluated(annotation: Any, scope: dict[str, Any]) -> Any:
    """An annotation as an object. Those of runtime objects are left alone, because they would import torch."""
    return eval(annotation, scope) if isinstance(annotation, str) else annotation  # noqa: S307


def snake_case(name: str) -> str:
    """`BatchNorm` -> `batch_norm`; names already in snake case stay."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def import_modules(package: str, first: Sequence[str] = ()) -> None:
    """Import every module of a package, those named `first` before the others, so that what is in them registers itself."""
    path = importlib.import_module(package).__path__
    for name in dict.fromkeys([*first, *(module.name for module in pkgutil.iter_modules(path))]):
        importlib.import_module(f"{package}.{name}")
